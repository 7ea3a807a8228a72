"""The simulated room: what a microphone hears of a loudspeaker, and how loud."""

from __future__ import annotations

import numpy as np
import pytest

from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from tools.bench.room import (
    KIOSK,
    MEETING_ROOM,
    Path,
    Room,
    active_level_dbfs,
    at_level,
    echo,
    impulse_response,
)


def noise(seconds: float) -> Samples:
    return np.random.default_rng(3).normal(0.0, 0.1, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def test_the_first_sound_comes_the_straight_way_and_is_the_loudest() -> None:
    response = impulse_response(KIOSK, KIOSK.loudspeaker, seed=0)
    metres = np.linalg.norm(np.array(KIOSK.loudspeaker) - np.array(KIOSK.microphone))
    assert int(np.argmax(np.abs(response))) == pytest.approx(metres / 343 * SAMPLE_RATE_HZ, abs=1)


@pytest.mark.parametrize(("room", "seconds"), [(KIOSK, 0.57), (MEETING_ROOM, 0.91)])
def test_sound_dies_away_as_fast_as_is_told_of_the_rooms(room: Room, seconds: float) -> None:
    energy = np.square(impulse_response(room, room.talker, seed=0, seconds=0.5), dtype=np.float64)
    left_db = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum())
    from_5, to_25 = (int(np.argmax(left_db < level)) for level in (-5, -25))
    measured = 3 * (to_25 - from_5) / SAMPLE_RATE_HZ
    assert measured == pytest.approx(seconds, rel=0.05)


def test_the_delay_of_a_path_is_that_of_its_echo() -> None:
    played = np.zeros(SAMPLE_RATE_HZ, np.float32)
    played[1_000] = 1.0
    soon, late = (echo(played, KIOSK, Path(delay_ms=ms), seed=0) for ms in (0, 100))
    assert int(np.argmax(np.abs(late))) - int(np.argmax(np.abs(soon))) == 1_600


def test_a_loudspeaker_with_a_faster_clock_walks_ahead() -> None:
    played = np.zeros(20 * SAMPLE_RATE_HZ, np.float32)
    played[-SAMPLE_RATE_HZ] = 1.0
    on_time, early = (echo(played, KIOSK, Path(delay_ms=50, drift_ppm=ppm), seed=0) for ppm in (0, 50))
    walked = int(np.argmax(np.abs(on_time))) - int(np.argmax(np.abs(early)))
    assert walked == pytest.approx(19 * SAMPLE_RATE_HZ * 50e-6, abs=1)


def test_a_level_counts_speech_and_not_its_pauses() -> None:
    sound = noise(2)
    assert active_level_dbfs(sound) == pytest.approx(-20, abs=0.5)
    assert active_level_dbfs(np.concatenate([sound, np.zeros_like(sound)])) == pytest.approx(-20, abs=0.5)
    assert active_level_dbfs(at_level(sound, -33)) == pytest.approx(-33, abs=0.1)
