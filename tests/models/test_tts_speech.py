# ruff: noqa: RUF001 (phonemes are spelt in the International Phonetic Alphabet)
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, PackNotFoundError
from nearfield_models.pcm import Samples
from nearfield_models.store import ModelStore
from nearfield_models.tts.phonemes import phrase_sentences
from nearfield_models.tts.phrase import Phrase, Pronounced
from nearfield_models.tts.pieces import Mark, Piece, Silence, Sound, Utterance
from nearfield_models.tts.piper import PiperVoice
from nearfield_models.tts.speech import louder, speak
from tests.fakes.tts import ToneVoice

RATE_HZ = 16_000
WORD = RATE_HZ // 10


def words(text: str, *, rate: float = 1.0, gain: float = 1.0) -> Utterance:
    return Utterance(phrase=Phrase(runs=(text,), rate=rate), gain=gain)


def spoken(*pieces: Piece, **options: object) -> Samples:
    chunks = list(speak(ToneVoice(rate_hz=RATE_HZ), pieces, **options))  # type: ignore[arg-type]
    return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)


def test_pieces_follow_each_other_without_a_sample_between() -> None:
    sound = spoken(words("one two"), Silence(duration_ms=1_250), words("three"))
    assert sound.size == 3 * WORD + 20_000
    assert np.count_nonzero(sound[2 * WORD : 2 * WORD + 20_000]) == 0


def test_a_phrase_is_said_at_its_rate_and_loudness() -> None:
    assert spoken(words("one", rate=2.0)).size == WORD // 2
    assert np.abs(spoken(words("one", gain=0.5))).max() == pytest.approx(0.15, abs=0.01)
    assert np.count_nonzero(spoken(words("one", gain=0.0))) == 0


def test_marks_are_told_with_the_samples_before_them() -> None:
    reached: list[tuple[str, int]] = []
    pieces = (Mark(name="a"), words("one two"), Mark(name="b"), Silence(duration_ms=100), Mark(name="c"))
    spoken(*pieces, on_mark=lambda name, sample: reached.append((name, sample)))
    assert reached == [("a", 0), ("b", 2 * WORD), ("c", 3 * WORD)]


def test_a_recording_is_played_and_where_there_is_none_its_words_are_said() -> None:
    recording = np.full(800, 0.25, np.float32)
    asked: list[tuple[str, int]] = []

    def sounds(source: str, rate_hz: int) -> Samples | None:
        asked.append((source, rate_hz))
        return recording if source == "chime" else None

    instead = (words("one"), Mark(name="inside"), words("two"))
    reached: list[tuple[str, int]] = []
    sound = spoken(
        Sound(source="chime", gain=0.5, instead=instead),
        Sound(source="/etc/passwd", instead=instead),
        sounds=sounds,
        on_mark=lambda name, sample: reached.append((name, sample)),
    )
    assert np.array_equal(sound[:800], recording / 2)
    assert sound.size == 800 + 2 * WORD
    assert asked == [("chime", RATE_HZ), ("/etc/passwd", RATE_HZ)]
    assert reached == [("inside", 800 + WORD)]


def test_without_anybody_who_knows_recordings_none_is_played() -> None:
    assert spoken(Sound(source="README.md", instead=(words("one"),))).size == WORD


@pytest.mark.parametrize("piece", [Silence(duration_ms=5_000), words("one two three")])
def test_cancelling_stops_before_the_next_chunk(piece: Piece) -> None:
    cancellation = Cancellation()
    chunks = speak(ToneVoice(rate_hz=RATE_HZ), [piece], cancellation=cancellation)
    next(chunks)
    cancellation.cancel()
    with pytest.raises(CancelledWorkError):
        next(chunks)


def test_louder_sound_is_rounded_off_within_bounds_and_quieter_is_only_scaled() -> None:
    sound = np.linspace(-1, 1, 2_001, dtype=np.float32)
    loud = louder(sound, 3.0)
    assert loud.dtype == np.float32
    assert np.abs(loud).max() <= 1.0
    assert np.all(np.diff(loud) >= 0)
    assert np.allclose(loud[1_000:1_200], sound[1_000:1_200] * 3)
    assert np.array_equal(louder(sound, 0.5), sound * np.float32(0.5))
    assert louder(sound, 1.0) is sound


class _Letters:
    """Pronounces a text as its own letters, sentence by sentence."""

    def sentences(self, text: str) -> Iterator[tuple[str, ...]]:
        for sentence in text.replace("!", "!|").split("|"):
            if sentence.strip():
                yield tuple(sentence.strip())


@pytest.mark.parametrize(
    ("runs", "sentences"),
    [
        (("ab! cd", Pronounced(text="x", phonemes="XX"), " ef"), ["ab!", "cd XX ef"]),
        ((Pronounced(text="x", phonemes="XX"), ", ef"), ["XX, ef"]),
        ((Pronounced(text="x", phonemes="XX"), "! ef"), ["XX!", "ef"]),
        ((Pronounced(text="x", phonemes="\u00e9"),), ["e\u0301"]),
        (("",), []),
    ],
)
def test_a_sentence_goes_on_from_one_run_into_the_next(
    runs: tuple[str | Pronounced, ...], sentences: list[str]
) -> None:
    told = phrase_sentences(Phrase(runs=runs), _Letters(), "en-us")
    assert ["".join(sentence) for sentence in told] == sentences


@pytest.fixture(scope="module")
def joe() -> PiperVoice:
    from nearfield_models.runtime.session import RuntimeOptions

    try:
        pack = ModelStore.default().installed("piper-en-us-joe-medium")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return PiperVoice(pack, RuntimeOptions())


@pytest.mark.models
def test_a_voice_says_a_phrase_at_its_rate(joe: PiperVoice) -> None:
    text = "Your large iced latte with oat milk will be ready soon, and so will the two flat whites."
    slow, plain, quick = (
        sum(chunk.size for chunk in joe.synthesise(Phrase(runs=(text,), rate=rate))) for rate in (0.7, 1, 1.4)
    )
    assert slow / plain == pytest.approx(1 / 0.7, rel=0.12)
    assert plain / quick == pytest.approx(1.4, rel=0.12)


@pytest.mark.models
def test_a_voice_says_words_as_they_are_pronounced(joe: PiperVoice) -> None:
    before = joe.dropped_phonemes
    told = Phrase(runs=("Ask ", Pronounced(text="Nguyen", phonemes="wˈɪn"), ", please."))
    sound = np.concatenate(list(joe.synthesise(told)))
    assert np.abs(sound).max() > 0.05
    assert joe.dropped_phonemes == before
    assert list(joe.synthesise(Phrase(runs=("",)))) == []
