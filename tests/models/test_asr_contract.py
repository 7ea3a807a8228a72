"""One contract for every recogniser: the scripted one and all real ones, on real speech.

whisper.cpp takes part with the model that NEARFIELD_WHISPER_MODEL names; ``tools.ggml_model`` makes one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from nearfield_models import load_asr
from nearfield_models.asr.engine import AsrEngine, Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError, PackNotFoundError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from tests.fakes.asr import ScriptedAsr

JFK_AND_READER = (
    "And so my fellow Americans ask not what your country can do for you ... "
    "if the reader will excuse me I will say nothing ... tedious to him and painful to myself"
)


def real(engine: str) -> AsrEngine:
    try:
        return load_asr("moonshine-tiny-en", engine=engine)
    except PackNotFoundError as error:
        pytest.skip(str(error))


def whisper_cpp() -> AsrEngine:
    model = os.environ.get("NEARFIELD_WHISPER_MODEL")
    if not model:
        pytest.skip("no ggml model: set NEARFIELD_WHISPER_MODEL to one, or make one with tools.ggml_model")
    # On a busy machine its threads wait for each other without resting.
    return load_asr(model, engine="whisper-cpp", runtime=RuntimeOptions(threads=1))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(lambda: real("moonshine"), id="moonshine", marks=pytest.mark.models),
        pytest.param(lambda: real("sherpa"), id="sherpa", marks=pytest.mark.models),
        pytest.param(whisper_cpp, id="whisper-cpp", marks=pytest.mark.models),
        pytest.param(lambda: ScriptedAsr([JFK_AND_READER]), id="scripted"),
    ],
)
def asr(request: pytest.FixtureRequest) -> AsrEngine:
    make: Callable[[], AsrEngine] = request.param
    return make()


def read(file: Path) -> Samples:
    sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    one: Samples = soxr.resample(sound.mean(axis=1), rate_hz, SAMPLE_RATE_HZ).astype(np.float32)
    return one


@pytest.fixture(scope="module")
def speech(recordings: Path) -> Samples:
    """JFK, a pause, and a LibriSpeech reader: 23 seconds."""
    folder = recordings / "speech"
    pause = np.zeros(SAMPLE_RATE_HZ // 2, np.float32)
    return np.concatenate([read(folder / "jfk.flac"), pause, read(folder / "2412-153948-0000.flac")])


@pytest.fixture(scope="module")
def long_speech(recordings: Path, speech: Samples) -> Samples:
    """A second reader between the two: 39.7 seconds, of which tests take what they need."""
    middle = read(recordings / "speech" / "libri-1088-134315-0000.wav")
    jfk = speech[: 11 * SAMPLE_RATE_HZ + SAMPLE_RATE_HZ // 2]
    return np.concatenate([jfk, middle, speech[jfk.size :]])


@pytest.mark.parametrize("samples", [0, 1, 600, 895, 1599])
def test_nothing_and_next_to_nothing_is_an_empty_text(asr: AsrEngine, samples: int) -> None:
    assert asr.transcribe(np.full(samples, 0.1, np.float32)) == Hypothesis(text="", stopped_by="silence")


def test_silence_is_an_empty_text(asr: AsrEngine) -> None:
    assert asr.transcribe(np.zeros(3 * SAMPLE_RATE_HZ, np.float32)).text == ""


def test_what_is_no_sound_is_an_error(asr: AsrEngine) -> None:
    with pytest.raises(EngineError):
        asr.transcribe(np.zeros((2, 16_000), np.float32))


@pytest.mark.recordings
def test_a_cancelled_call_gives_no_text(asr: AsrEngine, speech: Samples) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledWorkError):
        asr.transcribe(speech, cancellation=cancellation)


@pytest.mark.recordings
def test_the_same_sound_gives_the_same_hypothesis(asr: AsrEngine, speech: Samples) -> None:
    part = speech[: 5 * SAMPLE_RATE_HZ]
    assert asr.transcribe(part) == asr.transcribe(part)


@pytest.mark.recordings
def test_twelve_seconds_are_heard_to_the_end(asr: AsrEngine, speech: Samples) -> None:
    reader = speech[int(11.5 * SAMPLE_RATE_HZ) :]
    text = asr.transcribe(np.concatenate([reader, np.zeros(SAMPLE_RATE_HZ, np.float32)])).text
    assert "the reader will excuse me" in text
    assert "painful to myself" in text


@pytest.mark.recordings
def test_half_a_minute_and_more_is_heard_from_beginning_to_end(asr: AsrEngine, long_speech: Samples) -> None:
    for samples in (long_speech, np.delete(long_speech, np.s_[12 * SAMPLE_RATE_HZ : 20 * SAMPLE_RATE_HZ])):
        assert samples.size > 31 * SAMPLE_RATE_HZ
        text = asr.transcribe(samples).text
        assert "fellow Americans" in text
        assert "painful to myself" in text


@pytest.mark.recordings
@pytest.mark.parametrize("heard_seconds", [2.0, 6.5, 10.0, 11.4])
def test_an_earlier_hypothesis_never_changes_the_text(
    asr: AsrEngine, speech: Samples, heard_seconds: float
) -> None:
    utterance = speech[: int(11.5 * SAMPLE_RATE_HZ)]
    earlier = asr.transcribe(utterance[: int(heard_seconds * SAMPLE_RATE_HZ)])
    assert asr.transcribe(utterance, earlier=earlier).text == asr.transcribe(utterance).text


@pytest.mark.recordings
def test_an_earlier_hypothesis_of_something_else_never_changes_the_text(
    asr: AsrEngine, speech: Samples
) -> None:
    utterance = speech[: int(11.5 * SAMPLE_RATE_HZ)]
    whole = asr.transcribe(utterance)
    foreign = Hypothesis(text="hello", tokens=(10**6, 2, 1), log_probabilities=(-0.1, -0.1, -0.1))
    other = asr.transcribe(speech[utterance.size :])
    for earlier in (Hypothesis(text="hello"), foreign, other):
        assert asr.transcribe(utterance, earlier=earlier) == whole


def test_warming_up_needs_no_sound(asr: AsrEngine) -> None:
    asr.warm_up()
