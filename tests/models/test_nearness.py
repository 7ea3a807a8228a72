"""Which voice is the person's."""

from __future__ import annotations

import numpy as np

from nearfield_models.nearness import Nearness, NearnessSettings
from nearfield_models.pcm import HOP_SAMPLES, Samples

LIMITS = NearnessSettings()


def hop(level_db: float) -> Samples:
    """10 ms of a tone."""
    phase = 2 * np.pi * np.arange(HOP_SAMPLES) / 16
    tone: Samples = (np.sqrt(2) * 10 ** (level_db / 20) * np.sin(phase)).astype(np.float32)
    return tone


def near_ms(nearness: Nearness, level_db: float, ms: int) -> int:
    """For how much of so much speech the voice counts as near."""
    return 10 * sum(nearness.accept(hop(level_db), speech=True) for _ in range(ms // 10))


def silence(nearness: Nearness, ms: int) -> None:
    for _ in range(ms // 10):
        assert not nearness.accept(hop(-80), speech=False)


def test_whoever_speaks_first_is_near() -> None:
    assert near_ms(Nearness(), -50, 3_000) == 3_000


def test_a_voice_that_stays_softer_by_much_counts_for_less_than_a_second_more() -> None:
    nearness = Nearness()
    near_ms(nearness, -20, 1_000)
    after_ms = near_ms(nearness, -40, 5_000)
    assert LIMITS.far_after_ms <= after_ms <= LIMITS.far_after_ms + LIMITS.over_ms


def test_a_voice_that_is_softer_by_less_is_the_persons() -> None:
    nearness = Nearness()
    near_ms(nearness, -20, 1_000)
    assert near_ms(nearness, -27, 5_000) == 5_000


def test_a_soft_ending_is_the_persons() -> None:
    nearness = Nearness()
    near_ms(nearness, -20, 1_000)
    assert near_ms(nearness, -45, 500) == 500


def test_after_a_silence_a_voice_must_come_close_to_the_persons() -> None:
    nearness = Nearness()
    near_ms(nearness, -20, 1_000)
    silence(nearness, LIMITS.forget_ms)
    assert near_ms(nearness, -40, 2_000) == 0
    assert near_ms(nearness, -21, 1_000) >= 1_000 - LIMITS.over_ms


def test_people_may_be_softer_than_their_wake_word() -> None:
    nearness = Nearness()
    near_ms(nearness, -20, 500)
    nearness.soften()
    assert near_ms(nearness, -33, 3_000) == 3_000


def test_after_ten_seconds_without_a_near_voice_any_voice_is_near() -> None:
    for speech in (True, False):
        nearness = Nearness()
        near_ms(nearness, -20, 1_000)
        for _ in range((LIMITS.reset_ms + LIMITS.far_after_ms + LIMITS.over_ms) // 10):
            nearness.accept(hop(-40), speech=speech)
        assert near_ms(nearness, -40, 1_000) == 1_000


def test_digital_silence_is_no_error() -> None:
    nearness = Nearness()
    assert nearness.accept(np.zeros(HOP_SAMPLES, np.float32), speech=True)
