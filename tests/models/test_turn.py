"""End-of-turn detection: the contract, the spectra it is given, and what it makes of real speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.errors import EngineError, PackNotFoundError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from nearfield_models.turn.engine import TurnEngine
from nearfield_models.turn.log_mel import BANDS, HOP, LogMel
from nearfield_models.turn.smart_turn import SmartTurn
from tests.fakes.turn_detector import ScriptedTurnDetector


def smart_turn() -> SmartTurn:
    try:
        pack = ModelStore.default().installed("smart-turn-v3")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return SmartTurn(pack, RuntimeOptions())


def noise(seconds: float) -> Samples:
    return np.random.default_rng(3).normal(0.0, 0.01, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def tone(hertz: float) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ).astype(np.float32)


EVERY_DETECTOR: list[Callable[[], TurnEngine]] = [
    pytest.param(smart_turn, id="smart-turn", marks=pytest.mark.models),  # type: ignore[list-item]
    ScriptedTurnDetector,
]


@pytest.mark.parametrize("make", EVERY_DETECTOR)
class TestEveryDetector:
    @pytest.mark.parametrize("seconds", [0.0, 0.3, 3.0, 12.0])
    def test_judgements_are_probabilities_whatever_the_length(
        self, make: Callable[[], TurnEngine], seconds: float
    ) -> None:
        assert 0.0 <= make().completeness(noise(seconds)) <= 1.0

    def test_the_same_sound_is_judged_alike(self, make: Callable[[], TurnEngine]) -> None:
        detector = make()
        assert detector.completeness(noise(2.0)) == detector.completeness(noise(2.0))

    def test_other_arrays_are_refused(self, make: Callable[[], TurnEngine]) -> None:
        with pytest.raises(EngineError):
            make().completeness(np.zeros((1, 16_000), np.float32))

    def test_it_says_how_much_it_hears(self, make: Callable[[], TurnEngine]) -> None:
        assert make().capabilities.longest_samples >= SAMPLE_RATE_HZ


@pytest.mark.models
@pytest.mark.recordings
def test_an_order_sounds_more_finished_at_its_end_than_in_the_middle(recordings: Path) -> None:
    detector = smart_turn()
    files = sorted((recordings / "orders" / "speech").glob("*.flac"))[::40]
    surer = 0
    for file in files:
        samples, _ = soundfile.read(file, dtype="float32")
        loud = np.flatnonzero(np.abs(samples) > 0.1 * np.abs(samples).max())
        first, last = int(loud[0]), int(loud[-1])
        middle = samples[: (first + last) // 2]
        surer += detector.completeness(samples[: last + 3_200]) > detector.completeness(middle)
    assert surer >= len(files) - 1


@pytest.mark.parametrize("hertz", [100.0, 440.0, 1_000.0, 3_000.0, 7_000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hertz: float) -> None:
    spectra = LogMel().spectra(tone(hertz))
    assert spectra.shape == (BANDS, SAMPLE_RATE_HZ // HOP)
    loudest = int(spectra[:, 50].argmax())
    mels = np.array([hertz, SAMPLE_RATE_HZ / 2])
    share = np.where(mels < 1_000, mels * 3 / 200, 15 + np.log(mels / 1_000) * 27 / np.log(6.4))
    assert loudest == pytest.approx(share[0] / share[1] * (BANDS + 1) - 1, abs=1.0)


def test_nothing_lies_more_than_eight_decades_below_the_loudest() -> None:
    spectra = LogMel().spectra(np.concatenate([tone(440.0), np.zeros(SAMPLE_RATE_HZ, np.float32)]))
    assert spectra.max() - spectra.min() == pytest.approx(2.0, abs=1e-5)
