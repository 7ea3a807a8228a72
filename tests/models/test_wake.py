from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models import load_asr, load_vad, load_wake
from nearfield_models.engines import load_phrase_wake
from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from nearfield_models.wake.microwakeword import MicroWakeWord
from tests.fakes.wake import ScriptedWake

LEAD = bytes(10 * HOP_BYTES)
TAIL = bytes(50 * HOP_BYTES)


def pack(name: str) -> InstalledPack:
    try:
        return ModelStore.default().installed(name)
    except PackNotFoundError as error:
        pytest.skip(str(error))


def alexa() -> MicroWakeWord:
    return MicroWakeWord(pack("microwakeword-alexa"), RuntimeOptions())


def alexa_on_litert() -> WakeEngine:
    return load_wake(pack("microwakeword-alexa").id, engine="microwakeword-litert")


def alexa_by_openwakeword() -> WakeEngine:
    return load_wake(pack("openwakeword-alexa").id, engine="openwakeword")


def alexa_as_a_phrase() -> WakeEngine:
    for name in ("moonshine-tiny-en", "silero-vad"):
        pack(name)
    return load_phrase_wake(["Alexa"], asr=load_asr(), vad=load_vad())


def heard(engine: WakeEngine, pcm: bytes) -> list[WakeDetection]:
    whole = [pcm[at : at + HOP_BYTES] for at in range(0, len(pcm) - HOP_BYTES + 1, HOP_BYTES)]
    return [detection for hop in whole if (detection := engine.accept(hop)) is not None]


def clips(recordings: Path, phrase: str, most: int) -> list[bytes]:
    paths = sorted((recordings / "wake" / phrase).glob("*.flac"))[:most]
    return [LEAD + soundfile.read(path, dtype="int16")[0].tobytes() + TAIL for path in paths]


EVERY_WAKE_WORD: list[Callable[[], WakeEngine]] = [
    pytest.param(alexa, id="microwakeword", marks=pytest.mark.models),  # type: ignore[list-item]
    pytest.param(alexa_on_litert, id="microwakeword-litert", marks=pytest.mark.models),  # type: ignore[list-item]
    pytest.param(alexa_by_openwakeword, id="openwakeword", marks=pytest.mark.models),  # type: ignore[list-item]
    pytest.param(alexa_as_a_phrase, id="phrase", marks=pytest.mark.models),  # type: ignore[list-item]
    ScriptedWake,
]


@pytest.mark.parametrize("make", EVERY_WAKE_WORD)
class TestEveryWakeWord:
    def test_silence_and_noise_wake_nobody(self, make: Callable[[], WakeEngine]) -> None:
        noise = np.random.default_rng(5).normal(0, 2_000, 3 * 16_000).astype("<i2").tobytes()
        assert heard(make(), bytes(len(noise)) + noise) == []

    def test_a_hop_of_another_length_is_refused(self, make: Callable[[], WakeEngine]) -> None:
        with pytest.raises(EngineError):
            make().accept(bytes(HOP_BYTES - 2))

    def test_it_says_what_it_waits_for(self, make: Callable[[], WakeEngine]) -> None:
        assert make().capabilities.phrases == ("Alexa",)


def test_the_scripted_wake_word_holds_its_tongue_after_a_detection() -> None:
    engine = ScriptedWake([3, 50, 200], refractory_ms=1_000)
    assert len(heard(engine, bytes(300 * HOP_BYTES))) == 2


@pytest.mark.models
@pytest.mark.recordings
def test_it_hears_at_least_95_percent_of_real_callers_once_each(recordings: Path) -> None:
    engine = alexa()
    counts = []
    for clip in clips(recordings, "alexa", 60):
        engine.reset()
        counts.append(len(heard(engine, clip)))
    assert max(counts) == 1
    assert sum(counts) >= 0.95 * len(counts)


@pytest.mark.models
@pytest.mark.recordings
@pytest.mark.parametrize("phrase", ["computer", "jarvis"])
def test_other_wake_words_are_not_taken_for_its_own(recordings: Path, phrase: str) -> None:
    engine = alexa()
    assert [detection for clip in clips(recordings, phrase, 60) for detection in heard(engine, clip)] == []


@pytest.mark.models
@pytest.mark.recordings
def test_a_second_call_within_the_refractory_time_is_not_reported(recordings: Path) -> None:
    clip = clips(recordings, "alexa", 1)[0]
    patient = MicroWakeWord(pack("microwakeword-alexa"), RuntimeOptions(), refractory_ms=60_000)
    assert len(heard(patient, clip * 3)) == 1
    assert len(heard(alexa(), clip * 3)) == 3


@pytest.mark.models
@pytest.mark.recordings
def test_after_a_reset_nothing_of_a_half_heard_call_is_left(recordings: Path) -> None:
    clip = clips(recordings, "alexa", 1)[0]
    engine = alexa()
    scores = [detection.score for detection in heard(engine, clip)]
    heard(engine, clip[: len(clip) // 2 // HOP_BYTES * HOP_BYTES])
    engine.reset()
    assert [detection.score for detection in heard(engine, clip)] == scores


@pytest.mark.models
@pytest.mark.recordings
def test_several_phrases_share_the_features_and_each_is_named(recordings: Path) -> None:
    pack("microwakeword-okay-nabu")
    engine = load_wake("microwakeword-okay-nabu", also=["microwakeword-alexa"])
    assert engine.capabilities.phrases == ("Okay Nabu", "Alexa")
    assert [detection.phrase for detection in heard(engine, clips(recordings, "alexa", 1)[0])] == ["Alexa"]


@pytest.mark.parametrize("content", [b"not JSON", b"{}"])
def test_a_model_card_that_is_none_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alexa.json").write_bytes(content)
    damaged = InstalledPack(id="alexa", version="1", digest="0", folder=tmp_path, names=("alexa.json",))
    with pytest.raises(PackDamagedError, match="fetch alexa") as caught:
        MicroWakeWord(damaged, RuntimeOptions())
    assert "\n" not in str(caught.value)


@pytest.mark.models
@pytest.mark.parametrize("content", [b"", b"not a network at all"])
def test_a_file_that_is_no_network_is_a_sentence_and_not_the_end_of_the_process(
    tmp_path: Path, content: bytes
) -> None:
    sound = pack("microwakeword-alexa")
    (tmp_path / "alexa.json").write_bytes(sound.file("alexa.json").read_bytes())
    (tmp_path / "alexa.tflite").write_bytes(content)
    damaged = InstalledPack(
        id="alexa", version="1", digest="0", folder=tmp_path, names=("alexa.json", "alexa.tflite")
    )
    with pytest.raises(PackDamagedError, match="fetch alexa"):
        MicroWakeWord(damaged, RuntimeOptions())
