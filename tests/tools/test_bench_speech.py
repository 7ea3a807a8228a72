from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsCapabilities
from nearfield_models.tts.phrase import Phrase
from tools.bench.speech import WORDS, _texts
from tools.bench.speech_sound import clicks, speak
from tools.bench.spoken_replies import spoken_replies


class TimedVoice:
    """Gives chunks at set times of its own clock, in seconds."""

    def __init__(self, *chunks: tuple[float, Samples]) -> None:
        self._chunks = chunks
        self.time = 0.0

    @property
    def capabilities(self) -> TtsCapabilities:
        return TtsCapabilities(language="en-us", sample_rate_hz=16_000, voice="timed")

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        del text, cancellation
        for at, chunk in self._chunks:
            self.time = at
            yield chunk

    def warm_up(self) -> None:
        """Nothing to warm."""


def level(value: float, ms: int) -> Samples:
    return np.full(ms * 16, value, np.float32)


def test_silence_at_the_begin_counts_until_it_is_over() -> None:
    voice = TimedVoice((0.1, np.concatenate([level(0.009, 20), level(0.3, 80)])))
    assert speak(voice, "", now=lambda: voice.time).first_audible_ms == pytest.approx(120)


def test_sound_in_a_later_chunk_is_heard_when_its_turn_comes_and_not_before_it_is_there() -> None:
    for arrives, heard_ms in ((0.12, 200), (0.5, 500)):
        voice = TimedVoice((0.1, level(0.0, 100)), (arrives, level(0.3, 100)))
        assert speak(voice, "", now=lambda: voice.time).first_audible_ms == pytest.approx(heard_ms)  # noqa: B023


def test_a_voice_that_says_nothing_audible_has_no_first_sample() -> None:
    assert speak(TimedVoice((0.1, level(0.0, 10))), "").first_audible_ms is None


def test_a_jump_between_chunks_is_told_from_one_inside() -> None:
    found = clicks([level(0.1, 10), level(0.4, 10), np.array([0.4, 0.5, 0.45], np.float32)])
    assert found.largest_at_borders == pytest.approx(0.3)
    assert found.largest_inside == pytest.approx(0.1)
    assert [found.begins_at, found.ends_at] == pytest.approx([0.1, 0.45])


def test_there_are_enough_different_texts() -> None:
    timed, others = _texts(30, 100)
    assert len(set(timed)) == 30
    assert len({*timed, *others}) == 130
    assert {len(text.split()) for text in timed} == {WORDS}


def test_the_replies_are_those_that_the_skills_say() -> None:
    said = spoken_replies()
    assert "I have cancelled the order." in said
    assert any("Maria Lopez" in text for text in said)
    assert not any("{" in text or "  " in text for text in said)
