from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.tts.prompt_store import PromptStore
from nearfield_models.tts.prompt_voice import PromptVoice
from nearfield_sync.telemetry import Counters
from tests.fakes.tts import ToneVoice

SORRY = "Sorry, I did not understand that."
ROOMY = 10_000_000
WORD_BYTES = 3_200
"""What the voice of tones takes for a word."""


class Place:
    """A folder of prompts, and how it is opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counters = Counters()
        self.tones = ToneVoice()

    def store(self, fingerprint: str = "tones 1", most_bytes: int = ROOMY) -> PromptStore:
        return PromptStore(self.folder, fingerprint, most_bytes=most_bytes, counters=self.counters)

    def voice(self, *prompts: str, most_bytes: int = ROOMY) -> PromptVoice:
        store = self.store(most_bytes=most_bytes)
        return PromptVoice(self.tones, store, prompts or (SORRY,), counters=self.counters)

    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def dropped(self, reason: str) -> float:
        return self.counters.value("nearfield_prompts_dropped_total", reason=reason)

    def lost(self, reason: str) -> float:
        return self.counters.value("nearfield_prompts_lost_total", reason=reason)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "prompts")


def said(voice: PromptVoice, text: str = SORRY) -> np.ndarray:
    return np.concatenate(list(voice.synthesise(text)))


def fill(voice: PromptVoice, text: str) -> None:
    for _ in voice.fill(text, cancellation=Cancellation()):
        pass


def test_a_prompt_is_computed_once_and_then_comes_from_the_disk(place: Place) -> None:
    once = said(place.voice())
    again = said(place.voice())
    assert place.tones.said == [SORRY]
    np.testing.assert_allclose(again, once, atol=1 / 32768)
    origins = [place.counters.value("nearfield_prompts_said_total", origin=o) for o in ("voice", "store")]
    assert origins == [1, 1]


def test_a_kept_prompt_comes_in_pieces_and_can_be_cancelled_between_them(place: Place) -> None:
    said(place.voice())
    cancellation = Cancellation()
    pieces = place.voice().synthesise(SORRY, cancellation=cancellation)
    assert next(pieces).size <= 4_000
    cancellation.cancel()
    with pytest.raises(CancelledWorkError):
        next(pieces)


def test_what_is_no_prompt_passes_through_and_is_kept_nowhere(place: Place) -> None:
    voice = place.voice()
    said(voice, "Ada Lovelace has the blue room.")
    assert voice.missing() == (SORRY,)
    assert place.files() == []


def test_a_prompt_that_was_not_said_to_its_end_is_not_kept(place: Place) -> None:
    voice = place.voice()
    cancellation = Cancellation()
    pieces = voice.synthesise(SORRY, cancellation=cancellation)
    next(pieces)
    cancellation.cancel()
    with pytest.raises(CancelledWorkError):
        next(pieces)
    left: Iterator[object] = voice.fill(SORRY, cancellation=Cancellation())
    next(left)
    del left
    assert place.files() == []


def test_a_prompt_that_the_voice_failed_on_is_not_kept(place: Place) -> None:
    place.tones = ToneVoice(fails_on="understand")
    with pytest.raises(EngineError):
        said(place.voice())
    assert place.files() == []


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", lambda b: b[:-2] + b"xy"]
)
def test_a_damaged_prompt_is_dropped_counted_and_said_anew(place: Place, damage: object) -> None:
    once = said(place.voice())
    (file,) = place.files()
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    assert np.array_equal(said(place.voice()), once)
    assert place.dropped("damaged") == 1
    assert place.tones.said == [SORRY, SORRY]
    np.testing.assert_allclose(said(place.voice()), once, atol=1 / 32768)
    assert place.tones.said == [SORRY, SORRY]


def test_a_file_of_any_size_is_not_read_into_memory(place: Place) -> None:
    said(place.voice())
    (file,) = place.files()
    os.truncate(file, 1 << 30)
    said(place.voice())
    assert place.lost("unreadable") == 1


def test_the_longest_unused_goes_when_there_is_no_room(place: Place) -> None:
    voice = place.voice("one", "two", "three", "four", most_bytes=3 * (WORD_BYTES + 32))
    for age, text in enumerate(("one", "two", "three")):
        said(voice, text)
        (newest,) = set(place.files()) - {path for path in place.files() if path.stat().st_mtime < 1_000}
        os.utime(newest, (age, age))
    said(voice, "one")
    said(voice, "four")
    assert voice.missing() == ("two",)
    assert place.dropped("room") == 1


def test_filling_puts_nothing_in_the_place_of_another_prompt(place: Place) -> None:
    voice = place.voice("one", "two", most_bytes=WORD_BYTES + 32)
    fill(voice, "one")
    fill(voice, "two")
    assert voice.missing() == ("two",)
    assert place.dropped("room") == 0


def test_another_voice_finds_nothing_and_removes_what_the_former_said(place: Place) -> None:
    said(place.voice())
    assert place.store(fingerprint="tones 2").find(SORRY) is None
    foreign = place.folder / "of somebody else"
    foreign.mkdir()
    place.store(fingerprint="tones 2").retain([SORRY])
    assert place.files() == []
    assert foreign.is_dir()


def test_what_is_no_prompt_any_more_is_removed(place: Place) -> None:
    voice = place.voice("one", "two")
    fill(voice, "one")
    fill(voice, "two")
    place.voice("two").tidy()
    assert place.voice("one", "two").missing() == ("one",)


def test_a_folder_that_cannot_be_written_costs_the_keeping_and_nothing_else(place: Place) -> None:
    place.folder.write_text("a file where the folder should be")
    voice = place.voice()
    assert said(voice).size
    assert said(voice).size
    assert place.tones.said == [SORRY, SORRY]
    assert place.lost("unwritable") == 2


def test_a_folder_that_cannot_be_looked_at_holds_nothing(place: Place) -> None:
    place.folder.mkdir()
    place.folder /= "x" * 300
    voice = place.voice()
    voice.tidy()
    assert voice.missing() == (SORRY,)
    assert said(voice).size
    assert place.lost("unreadable") == 1


def test_a_full_disk_costs_the_keeping_and_leaves_no_part(place: Place) -> None:
    long = "word " * 400
    voice = place.voice(long)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        assert said(voice, long).size * 2 > 1_000_000
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert place.lost("unwritable") == 1
    assert place.files() == []


def test_no_file_or_name_tells_the_words(place: Place) -> None:
    said(place.voice())
    (file,) = place.files()
    assert b"understand" not in file.read_bytes()
    assert "understand" not in str(file)
