from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.errors import EngineError, PackNotFoundError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.store import ModelStore
from nearfield_models.vad.engine import VadEngine
from nearfield_models.vad.silero import SileroVad
from tests.fakes.vad import LoudnessVad, ScriptedVad


def silero(runtime: RuntimeOptions | None = None) -> SileroVad:
    try:
        pack = ModelStore.default().installed("silero-vad")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return SileroVad(pack, runtime or RuntimeOptions())


def hops(sound: Samples) -> list[Samples]:
    return [sound[at : at + HOP_SAMPLES] for at in range(0, sound.size - HOP_SAMPLES + 1, HOP_SAMPLES)]


def noise(seconds: float, level: float = 0.01) -> Samples:
    generator = np.random.default_rng(3)
    return (level * generator.standard_normal(int(seconds * SAMPLE_RATE_HZ))).astype(np.float32)


EVERY_VAD: list[Callable[[], VadEngine]] = [
    pytest.param(silero, id="silero", marks=pytest.mark.models),  # type: ignore[list-item]
    lambda: ScriptedVad([0.2, 0.9, 0.1] * 30),
    LoudnessVad,
]


@pytest.mark.parametrize("make", EVERY_VAD)
class TestEveryVad:
    def test_answers_are_probabilities(self, make: Callable[[], VadEngine]) -> None:
        vad = make()
        assert all(0.0 <= vad.accept(hop) <= 1.0 for hop in hops(noise(0.5)))

    def test_after_a_reset_the_same_sound_gives_the_same_answers(self, make: Callable[[], VadEngine]) -> None:
        vad = make()
        first = [vad.accept(hop) for hop in hops(noise(0.5, 0.3))]
        vad.reset()
        assert [vad.accept(hop) for hop in hops(noise(0.5, 0.3))] == first

    def test_a_hop_of_another_length_is_refused(self, make: Callable[[], VadEngine]) -> None:
        with pytest.raises(EngineError):
            make().accept(np.zeros(HOP_SAMPLES + 1, np.float32))

    def test_a_decision_takes_at_least_a_hop(self, make: Callable[[], VadEngine]) -> None:
        assert make().capabilities.window_samples >= HOP_SAMPLES


@pytest.mark.models
def test_silero_hears_nobody_in_silence_and_in_noise() -> None:
    vad = silero()
    assert max(vad.accept(hop) for hop in hops(np.zeros(SAMPLE_RATE_HZ, np.float32))) < 0.2
    vad.reset()
    assert max(vad.accept(hop) for hop in hops(noise(2.0))[20:]) < 0.5


@pytest.mark.models
@pytest.mark.recordings
def test_silero_finds_the_speech_in_real_orders(recordings: Path) -> None:
    vad = silero()
    for path in sorted((recordings / "orders" / "speech").glob("*.flac"))[:10]:
        sound, _ = soundfile.read(path, dtype="float32")
        vad.reset()
        segmenter = SpeechSegmenter(SegmentationSettings())
        states = [
            segmenter.accept(index * HOP_SAMPLES, vad.accept(hop)) for index, hop in enumerate(hops(sound))
        ]
        assert any(state.speaking for state in states), path.name
        assert not states[20].speaking, path.name
        assert not states[-1].speaking, path.name


@pytest.mark.models
@pytest.mark.recordings
def test_hops_give_what_the_network_gives_for_whole_windows_with_their_context(recordings: Path) -> None:
    path = min((recordings / "orders" / "speech").glob("*.flac"))
    sound, _ = soundfile.read(path, dtype="float32")
    session = open_session(ModelStore.default().installed("silero-vad").file("silero_vad.onnx"))
    state, led, expected = np.zeros((2, 1, 128), np.float32), np.pad(sound, (64, 0)), [0.0]
    for at in range(0, sound.size - 512 + 1, 512):
        feeds = {"input": led[None, at : at + 576], "state": state, "sr": np.array(16_000)}
        result = session.run(None, feeds)
        state = result["stateN"]
        expected.append(float(result["output"].item()))
    vad = silero()
    for index, hop in enumerate(hops(sound), 1):
        assert vad.accept(hop) == pytest.approx(expected[index * HOP_SAMPLES // 512], abs=1e-4)


@pytest.mark.models
@pytest.mark.recordings
def test_both_runtimes_agree_on_silero(recordings: Path) -> None:
    pytest.importorskip("openvino")
    path = min((recordings / "orders" / "speech").glob("*.flac"))
    sound, _ = soundfile.read(path, dtype="float32")
    one, other = silero(), silero(RuntimeOptions(engine="openvino", device="CPU"))
    differences = [abs(one.accept(hop) - other.accept(hop)) for hop in hops(sound)]
    assert max(differences) < 0.02
