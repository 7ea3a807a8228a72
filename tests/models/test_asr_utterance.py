from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.asr.utterance import checked, cut_at_quiet_places, is_silent
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples


def speech_with_pause(seconds: float, pause_at: float) -> Samples:
    sound = np.random.default_rng(1).uniform(-0.5, 0.5, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)
    begin = int(pause_at * SAMPLE_RATE_HZ)
    sound[begin : begin + SAMPLE_RATE_HZ // 2] *= 0.01
    return sound


@given(total=st.integers(0, 200_000), longest=st.integers(1, 60_000))
def test_the_parts_in_order_are_the_whole_and_none_is_too_long(total: int, longest: int) -> None:
    sound = np.arange(total, dtype=np.float32)
    parts = cut_at_quiet_places(sound, longest)
    assert np.array_equal(np.concatenate(parts), sound)
    assert all(part.size <= longest for part in parts)
    assert len(parts) <= 1 + total / (0.5 * longest)


@given(pause_at=st.floats(6.5, 9.4))
def test_a_cut_falls_into_the_pause(pause_at: float) -> None:
    first, second = cut_at_quiet_places(speech_with_pause(12.0, pause_at), 10 * SAMPLE_RATE_HZ)
    assert pause_at < first.size / SAMPLE_RATE_HZ < pause_at + 0.5
    assert first.size + second.size == 12 * SAMPLE_RATE_HZ


def test_what_fits_is_not_cut() -> None:
    sound = speech_with_pause(10.0, 7.0)
    assert [part.size for part in cut_at_quiet_places(sound, sound.size)] == [sound.size]


def test_nothing_and_less_than_any_microphone_gives_is_silence() -> None:
    assert is_silent(np.zeros(0, np.float32))
    assert is_silent(np.full(1000, 1e-4, np.float32))
    assert not is_silent(np.full(1000, 1e-3, np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 100), np.float32),
        np.zeros(100, np.int16),
        np.array([0.0, np.nan], np.float32),
        np.array([0.0, np.inf], np.float32),
    ],
    ids=["two channels", "integers", "not a number", "infinite"],
)
def test_what_is_no_sound_is_refused(wrong: Samples) -> None:
    with pytest.raises(EngineError):
        checked(wrong)


def test_double_precision_is_narrowed() -> None:
    assert checked(np.zeros(4, np.float64)).dtype == np.float32
