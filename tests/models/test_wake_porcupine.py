"""Porcupine against the interface of the installed package; nobody here has a key that its vendor accepts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import numpy as np
import pytest

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.wake.porcupine import PorcupineWake, phrase_of

pvporcupine: Any = pytest.importorskip("pvporcupine")
KEYWORDS = (Path("hey-computer_en_linux_v4_0_0.ppn"), Path("jarvis_linux.ppn"))


class Detector:
    """Stands for the vendor's: hears the keyword that the first sample of a frame names, counted from 1."""

    sample_rate = 16_000
    frame_length = 512

    def __init__(self) -> None:
        self.frames: list[list[int]] = []

    def process(self, pcm: Sequence[int]) -> int:
        assert len(pcm) == self.frame_length
        assert all(isinstance(sample, int) for sample in pcm)
        self.frames.append(list(pcm))
        return max(pcm) - 1 if 0 < max(pcm) < 3 else -1


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Detector:
    """In the place of what `pvporcupine.create` gives; the call itself must still fit its signature."""
    made = Detector()
    create = create_autospec(pvporcupine.create, return_value=made)
    monkeypatch.setattr(pvporcupine, "create", create)
    return made


def porcupine() -> PorcupineWake:
    return PorcupineWake(KEYWORDS, access_key="the customer's")


def sound(*marks: tuple[int, int], hops: int) -> list[bytes]:
    """Silence in which sample ``at`` has the value ``mark``."""
    samples = np.zeros(hops * HOP_BYTES // 2, "<i2")
    for at, mark in marks:
        samples[at] = mark
    pcm = samples.tobytes()
    return [pcm[start : start + HOP_BYTES] for start in range(0, len(pcm), HOP_BYTES)]


def test_the_library_has_what_is_asked_of_it() -> None:
    assert issubclass(pvporcupine.PorcupineActivationError, pvporcupine.PorcupineError)
    for name in ("process", "frame_length", "sample_rate"):
        assert hasattr(pvporcupine.Porcupine, name)


def test_hops_become_the_librarys_frames_and_no_sample_is_lost(detector: Detector) -> None:
    engine = porcupine()
    ramp = np.arange(3, 3 + 16 * 160, dtype="<i2").tobytes()
    for start in range(0, len(ramp), HOP_BYTES):
        engine.accept(ramp[start : start + HOP_BYTES])
    assert [sample for frame in detector.frames for sample in frame] == list(range(3, 3 + 5 * 512))


def test_a_keyword_is_reported_once_by_its_name_at_the_hop_that_ends_its_frame(detector: Detector) -> None:
    engine = porcupine()
    assert engine.capabilities.phrases == ("Hey Computer", "Jarvis")
    told = [engine.accept(hop) for hop in sound((600, 2), (1_200, 1), hops=32)]
    assert [(at, found.phrase) for at, found in enumerate(told) if found is not None] == [(6, "Jarvis")]


def test_after_a_reset_it_hears_silence_and_then_as_at_first(detector: Detector) -> None:
    engine = porcupine()
    for hop in sound((100, 9), hops=2):
        engine.accept(hop)
    detector.frames.clear()
    engine.reset()
    assert sum(len(frame) for frame in detector.frames) >= 16_000
    assert not any(any(frame) for frame in detector.frames)
    detector.frames.clear()
    for hop in sound((0, 7), hops=4):
        engine.accept(hop)
    assert detector.frames[0][0] == 7


def test_a_hop_of_another_length_is_refused(detector: Detector) -> None:
    with pytest.raises(EngineError):
        porcupine().accept(bytes(HOP_BYTES - 2))


def test_a_failure_of_the_library_is_an_error_of_ours(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = porcupine()

    def fail(pcm: Sequence[int]) -> int:
        raise pvporcupine.PorcupineRuntimeError("out of order")

    monkeypatch.setattr(detector, "process", fail)
    with pytest.raises(EngineError, match="out of order"):
        list(map(engine.accept, sound(hops=4)))


def test_a_key_that_is_refused_is_never_repeated() -> None:
    # The real library: it reads this key, finds that it is none, and contacts nobody.
    keyword = Path(pvporcupine.KEYWORD_PATHS["computer"])
    with pytest.raises(EngineError, match="AccessKey") as caught:
        PorcupineWake([keyword], access_key="not-a-key")
    error: BaseException | None = caught.value
    assert "not-a-key" not in str(error)
    assert "\n" not in str(error)
    assert error is not None
    assert error.__suppress_context__


def test_a_missing_keyword_file_is_told() -> None:
    with pytest.raises(EngineError, match="jarvis_linux"):
        PorcupineWake(KEYWORDS[1:], access_key="not-a-key")


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pvporcupine", None)
    with pytest.raises(RuntimeMissingError, match=r"nearfield\[porcupine\]"):
        porcupine()


@pytest.mark.parametrize(
    ("file", "phrase"),
    [("computer_linux.ppn", "Computer"), ("hey-house_en_raspberry-pi_v4_0_0.ppn", "Hey House")],
)
def test_a_phrase_is_what_its_file_is_called(file: str, phrase: str) -> None:
    assert phrase_of(Path(file)) == phrase
