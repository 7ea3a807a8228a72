# ruff: noqa: RUF001 (phonemes are spelt in the International Phonetic Alphabet)
from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import (
    CancelledWorkError,
    PackDamagedError,
    PackNotFoundError,
    RuntimeMissingError,
)
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.piper import PiperVoice, VoiceScales, without_lead
from nearfield_models.tts.piper_sound import chunks
from tests.fakes.tts import ToneVoice
from tools.bench.speech_sound import clicks

SENTENCE = "Your large iced latte with oat milk will be ready soon."
NO_NOISE = VoiceScales(noise=0.0, length=1.0, noise_width=0.0)


@pytest.fixture(scope="module")
def joe() -> PiperVoice:
    return load()


def load(scales: VoiceScales | None = None, runtime: RuntimeOptions | None = None) -> PiperVoice:
    try:
        pack = ModelStore.default().installed("piper-en-us-joe-medium")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return PiperVoice(pack, runtime or RuntimeOptions(), scales=scales)


EVERY_VOICE: list[Callable[[], TtsEngine]] = [
    pytest.param(load, id="piper", marks=pytest.mark.models),  # type: ignore[list-item]
    ToneVoice,
]


@pytest.mark.parametrize("make", EVERY_VOICE)
class TestEveryVoice:
    def test_speech_comes_in_several_chunks_of_sane_sound(self, make: Callable[[], TtsEngine]) -> None:
        spoken = list(make().synthesise(SENTENCE))
        assert len(spoken) > 2
        assert all(chunk.dtype == np.float32 and chunk.ndim == 1 for chunk in spoken)
        assert 0.05 < np.abs(np.concatenate(spoken)).max() <= 1.0

    @pytest.mark.parametrize("text", ["", "   ", "...", "—?!"])
    def test_text_without_a_word_is_silence(self, make: Callable[[], TtsEngine], text: str) -> None:
        assert list(make().synthesise(text)) == []

    def test_a_cancelled_text_is_not_begun(self, make: Callable[[], TtsEngine]) -> None:
        cancellation = Cancellation()
        cancellation.cancel()
        with pytest.raises(CancelledWorkError):
            next(make().synthesise(SENTENCE, cancellation=cancellation))

    def test_cancelling_stops_before_the_next_chunk(self, make: Callable[[], TtsEngine]) -> None:
        cancellation = Cancellation()
        spoken = make().synthesise(SENTENCE, cancellation=cancellation)
        next(spoken)
        cancellation.cancel()
        with pytest.raises(CancelledWorkError):
            next(spoken)

    def test_more_words_take_longer(self, make: Callable[[], TtsEngine]) -> None:
        voice = make()
        short = sum(chunk.size for chunk in voice.synthesise("A latte."))
        assert sum(chunk.size for chunk in voice.synthesise(SENTENCE)) > 1.5 * short


@given(frames=st.integers(0, 5_000))
def test_the_chunks_cover_every_frame_once_and_begin_small(frames: int) -> None:
    pieces = list(chunks(frames))
    assert [frame for begin, end in pieces for frame in range(begin, end)] == list(range(frames))
    if frames:
        assert pieces[0][1] <= 24


def test_the_lead_is_cut_but_nothing_of_the_first_sound() -> None:
    sound = np.concatenate([np.zeros(1_000, np.float32), np.full(4_000, 0.3, np.float32)])
    cut = without_lead(sound, 20_000)
    assert cut.size == 4_000 + 40
    assert np.count_nonzero(cut) == 4_000


def test_what_is_left_of_the_lead_rises_from_silence_and_the_first_sound_is_as_it_was() -> None:
    sound = np.concatenate([np.full(1_000, 0.009, np.float32), np.full(4_000, 0.3, np.float32)])
    cut = without_lead(sound, 20_000)
    assert cut[0] == 0.0
    assert np.all(np.diff(cut[:40]) > 0)
    assert np.array_equal(cut[40:], sound[1_000:])


def test_a_text_without_any_lead_rises_within_a_millisecond() -> None:
    cut = without_lead(np.full(4_000, 0.3, np.float32), 20_000)
    assert cut[0] == 0.0
    assert np.all(np.diff(cut[:20]) > 0)
    assert np.all(cut[20:] == np.float32(0.3))


@given(lead=st.integers(0, 6_000))
def test_at_most_the_longest_lead_is_cut(lead: int) -> None:
    sound = np.concatenate([np.zeros(lead, np.float32), np.ones(100, np.float32)])
    assert sound.size - without_lead(sound, 20_000).size == max(0, min(lead, 1_600) - 40)


@pytest.mark.models
def test_a_sentence_in_chunks_equals_the_whole(joe: PiperVoice) -> None:
    phonemes = tuple("jʊɹ lˈɑːɹdʒ ˈaɪst lˈɑːteɪ wɪð ˈoʊt mˈɪlk wɪl biː ɹˈɛdi æɾ ðə kˈaʊntɚ.")
    frames = joe.frames(phonemes)
    streamed = np.concatenate(list(joe.sound.chunks(frames, Cancellation())))
    whole = joe.sound.whole(frames)
    assert frames.shape[2] > 200
    assert np.abs(streamed - whole).max() < 1e-5


@pytest.mark.models
def test_the_first_chunk_is_short_and_begins_to_speak_at_once(joe: PiperVoice) -> None:
    first = next(joe.synthesise(SENTENCE))
    assert first.size < 0.3 * joe.capabilities.sample_rate_hz
    assert np.abs(first[: joe.capabilities.sample_rate_hz // 50]).max() > 0.01


@pytest.mark.models
def test_chunks_join_without_a_click(joe: PiperVoice) -> None:
    spoken: list[Samples] = list(joe.synthesise(SENTENCE))
    inside = max(float(np.abs(np.diff(chunk)).max()) for chunk in spoken)
    seams = [abs(float(after[0] - before[-1])) for before, after in itertools.pairwise(spoken)]
    assert max(seams) <= inside


@pytest.mark.models
def test_without_noise_the_same_text_gives_the_same_sound() -> None:
    voice = load(NO_NOISE)
    once, again = (np.concatenate(list(voice.synthesise(SENTENCE))) for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.models
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_after_a_new_start_the_voice_says_a_sentence_in_the_same_way(
    engine: Literal["onnxruntime", "openvino"],
) -> None:
    """In a process of its own, since ONNX Runtime draws an unnamed seed once a process."""
    pytest.importorskip(engine)
    spoken = np.concatenate(list(load(runtime=RuntimeOptions(engine=engine)).synthesise(SENTENCE)))
    code = (
        "import sys;"
        "from nearfield_models.runtime.session import RuntimeOptions;"
        "from nearfield_models.store import ModelStore;"
        "from nearfield_models.tts.piper import PiperVoice;"
        "pack = ModelStore.default().installed('piper-en-us-joe-medium');"
        "voice = PiperVoice(pack, RuntimeOptions(engine=sys.argv[1]));"
        "sys.stdout.buffer.write(b''.join(chunk.tobytes() for chunk in voice.synthesise(sys.argv[2])))"
    )
    again = subprocess.run([sys.executable, "-c", code, engine, SENTENCE], capture_output=True, timeout=60)
    assert again.returncode == 0, again.stderr.decode()
    assert again.stdout == spoken.tobytes()


@pytest.mark.models
def test_a_slower_voice_takes_longer() -> None:
    quick, slow = (
        sum(chunk.size for chunk in load(scales).synthesise(SENTENCE))
        for scales in (NO_NOISE, VoiceScales(noise=0.0, length=1.5, noise_width=0.0))
    )
    assert 1.3 < slow / quick < 1.7


@pytest.mark.models
def test_phonemes_that_the_voice_does_not_know_are_left_out_and_counted(joe: PiperVoice) -> None:
    before = joe.dropped_phonemes
    joe.frames(tuple("həlˈoʊ语言"))
    assert joe.dropped_phonemes == before + 2


@pytest.mark.parametrize("content", [b"not JSON", b"{}"])
def test_a_voice_file_that_is_none_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "voice.onnx.json").write_bytes(content)
    damaged = InstalledPack(id="joe", version="1", digest="0", folder=tmp_path, names=("voice.onnx.json",))
    with pytest.raises(PackDamagedError, match="fetch joe") as caught:
        PiperVoice(damaged, RuntimeOptions())
    assert "\n" not in str(caught.value)


def test_missing_gruut_is_a_sentence_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from nearfield_models.tts.gruut_phonemes import GruutPhonemiser

    monkeypatch.setitem(sys.modules, "gruut.lang", None)
    with pytest.raises(RuntimeMissingError, match=r"nearfield\[models\]"):
        GruutPhonemiser()


def test_a_lexicon_that_cannot_be_read_is_a_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from nearfield_models.tts.gruut_phonemes import GruutPhonemiser

    monkeypatch.setattr("gruut.utils.find_lang_dir", lambda _: tmp_path)
    with pytest.raises(RuntimeMissingError, match="install gruut again"):
        GruutPhonemiser()


@pytest.mark.models
def test_a_reply_of_several_sentences_begins_and_ends_in_silence_and_clicks_nowhere(joe: PiperVoice) -> None:
    for text in ("All right. What shall I change?", "Sorry. Please say it again. I am not sure."):
        found = clicks(list(joe.synthesise(text)))
        assert found.begins_at == 0.0
        assert found.ends_at < 1e-3
        assert found.largest_at_borders <= found.largest_inside


@pytest.mark.models
def test_another_pack_or_way_of_speaking_is_another_fingerprint(joe: PiperVoice) -> None:
    assert joe.capabilities.fingerprint == load().capabilities.fingerprint
    assert joe.capabilities.fingerprint != load(NO_NOISE).capabilities.fingerprint
