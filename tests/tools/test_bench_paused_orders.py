"""Orders with a pause: made of the recording, at its place, without a seam."""

from __future__ import annotations

import numpy as np
import pytest

from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from tools.bench.pause_places import PausePlace, chosen_word, quietest_ms, read_places
from tools.bench.paused_orders import PAUSES_MS, paused_order, room_tone

PLACE = PausePlace(at_ms=1_000, before="with")


def recording() -> Samples:
    """Half a second of room, two of loud noise, one of room."""
    noise = np.random.default_rng(1)
    room = noise.normal(0.0, 0.001, int(3.5 * SAMPLE_RATE_HZ))
    room[8_000:40_000] += noise.normal(0.0, 0.2, 32_000)
    return room.astype(np.float32)


@pytest.mark.parametrize("name", ["a", "b", "c", "d", "e", "f"])
def test_a_pause_is_put_in_and_nothing_is_taken_away(name: str) -> None:
    samples = recording()
    paused = paused_order(name, samples, PLACE, 40_000)
    assert paused.pause_ms in PAUSES_MS
    pause = paused.pause_ms * SAMPLES_PER_MS
    assert paused.samples.size == samples.size + pause
    assert paused.speech_end == 40_000 + pause
    at = PLACE.at_ms * SAMPLES_PER_MS
    assert np.array_equal(paused.samples[:at], samples[:at])
    assert np.array_equal(paused.samples[at + pause :], samples[at:])
    silence = paused.samples[at + 200 : at + pause - 200]
    assert 0 < np.abs(silence).max() < 0.01


def test_the_same_recording_always_has_the_same_pause() -> None:
    one, other = (paused_order("a", recording(), PLACE, 40_000) for _ in range(2))
    assert np.array_equal(one.samples, other.samples)


def test_room_tone_is_the_recordings_own_and_never_digital_silence() -> None:
    samples = np.concatenate([np.zeros(16_000, np.float32), recording()])
    tone = room_tone(samples, 20_000)
    assert tone.size == 20_000
    assert 0.0005 < tone.std() < 0.002


def test_a_pause_goes_before_the_last_joint_or_a_later_value() -> None:
    slots = {"size": "large", "coffeeDrink": "iced mocha"}
    assert chosen_word(["A", "large", "mocha", "with", "milk", "and", "sugar."], slots) == 5
    assert chosen_word(["Can", "I", "get", "a", "large", "Iced", "mocha?"], slots) == 5
    assert chosen_word(["Iced", "mocha"], slots) is None


def test_the_quietest_moment_near_a_word_is_found() -> None:
    samples = np.full(SAMPLE_RATE_HZ, 0.1, np.float32)
    samples[8_320:8_640] = 0.0
    assert quietest_ms(samples, 500) == pytest.approx(530, abs=2)


def test_most_orders_have_a_place() -> None:
    places = read_places()
    assert len(places) > 290
    assert all(0 < place.at_ms < 20_000 and place.before for place in places.values())
