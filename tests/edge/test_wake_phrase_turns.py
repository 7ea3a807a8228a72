"""Whole turns opened by a phrase of the site's own, with the real models."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.cli.single_turn import answer_sound
from nearfield_edge.composition import surroundings
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.turn.state import Mode
from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from nearfield_sync.messages.turn_record import TurnRecord

pytestmark = [pytest.mark.models, pytest.mark.recordings]

QUIET = np.zeros(8_000, np.float32)


@pytest.fixture(autouse=True)
def models() -> None:
    try:
        for pack in ("moonshine-tiny-en", "silero-vad", "piper-en-us-joe-medium"):
            ModelStore.default().installed(pack)
    except PackNotFoundError as error:
        pytest.skip(str(error))


def clip(recordings: Path, folder: str, number: int = 0) -> np.ndarray:
    """A recording without the quiet around its words."""
    file = sorted((recordings / folder).glob("*.flac"))[number]
    sound = soundfile.read(file, dtype="float32")[0]
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    return np.asarray(sound[max(0, loud[0] - 800) : loud[-1] + 800])


def answered(file: Path, data: Path) -> TurnRecord | None:
    raw = {"wake": {"phrase": "computer"}, "device": {"data": str(data), "time_zone": "UTC"}}
    place = surroundings(parse_configuration(raw, where="test"))
    return asyncio.run(answer_sound(place, FileSource(file), InputClock(), None, mode=Mode.WAKE))


def written(folder: Path, *parts: np.ndarray) -> Path:
    soundfile.write(folder / "request.wav", np.concatenate(parts), 16_000)
    return folder / "request.wav"


def test_a_request_in_one_breath_with_the_phrase_is_answered_without_it(
    recordings: Path, tmp_path: Path
) -> None:
    call, order = clip(recordings, "wake/computer"), clip(recordings, "orders/speech")
    file = written(tmp_path, QUIET, call, order, QUIET, QUIET)
    record = answered(file, tmp_path / "data")
    assert record is not None
    assert (record.opened_by, record.outcome) == ("wake", "answered")
    assert "computer" not in record.transcript.lower()
    assert len(record.transcript.split()) >= 3


def test_without_the_phrase_nothing_is_answered(recordings: Path, tmp_path: Path) -> None:
    file = written(tmp_path, QUIET, clip(recordings, "orders/speech"), QUIET)
    assert answered(file, tmp_path / "data") is None
