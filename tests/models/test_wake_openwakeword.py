"""openWakeWord-format models, with heads that are made here over the free speech embedding."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from nearfield_models.errors import EngineError, PackNotFoundError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.wake.openwakeword import OpenWakeWord, phrase_of
from nearfield_models.wake.speech_embeddings import EMBEDDING_SIZE, SpeechEmbeddings
from tests.models.small_networks import write_logistic

LEAD = bytes(40 * HOP_BYTES)
TAIL = bytes(60 * HOP_BYTES)
SEEN = 16
"""Embeddings that a head looks at."""
NEVER = np.zeros((SEEN, EMBEDDING_SIZE), np.float32), -9.0
Numbers = NDArray[np.float32]


@pytest.fixture(scope="module")
def shared() -> InstalledPack:
    try:
        return ModelStore.default().installed("speech-embedding")
    except PackNotFoundError as error:
        pytest.skip(str(error))


def head(folder: Path, weights: Numbers, bias: float, name: str = "alexa_v0.1.tflite") -> InstalledPack:
    """A pack with nothing but a head, as a site that trained one has it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_logistic(folder / name, weights, bias)
    return InstalledPack(id="our-alexa", version="1", digest="0", folder=folder, names=(name,))


def hops(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + HOP_BYTES] for at in range(0, len(pcm) - HOP_BYTES + 1, HOP_BYTES)]


def clip(path: Path) -> bytes:
    return LEAD + bytes(soundfile.read(path, dtype="int16")[0].tobytes()) + TAIL


def windows(embeddings: SpeechEmbeddings, pcm: bytes) -> Numbers:
    """What a head is given while a clip plays: ``float32[steps, 16 * 96]``."""
    embeddings.reset()
    latest = [embeddings.of_silence()] * SEEN
    seen = []
    for hop in hops(pcm):
        if (made := embeddings.accept(hop)) is not None:
            latest = [*latest[1:], made]
            seen.append(np.concatenate(latest))
    return np.array(seen)


def trained(embeddings: SpeechEmbeddings, calls: list[bytes], others: list[bytes]) -> tuple[Numbers, float]:
    """A head by ridge regression: what is seen where a call ends, against everything in the others."""
    positive = np.concatenate([windows(embeddings, pcm)[-8:-4] for pcm in calls])
    negative = np.concatenate([windows(embeddings, pcm) for pcm in others])
    given = np.concatenate([positive, negative]).astype(np.float64)
    wanted = np.concatenate([np.ones(len(positive)), -np.ones(len(negative))])
    middle, level = given.mean(axis=0), wanted.mean()
    centred = given - middle
    kernel = centred @ centred.T
    ridge = 0.01 * np.trace(kernel) / len(kernel) * np.eye(len(kernel))
    weights = centred.T @ np.linalg.solve(kernel + ridge, wanted - level)
    return weights.astype(np.float32).reshape(SEEN, EMBEDDING_SIZE), float(level - weights @ middle - 0.2)


@pytest.mark.models
@pytest.mark.recordings
def test_a_head_that_a_site_has_trained_hears_others_say_the_phrase(
    shared: InstalledPack, recordings: Path, tmp_path: Path
) -> None:
    calls = [clip(path) for path in sorted((recordings / "wake" / "alexa").glob("*.flac"))[:24]]
    others = [clip(path) for path in sorted((recordings / "wake" / "computer").glob("*.flac"))[:24]]
    embeddings = SpeechEmbeddings(
        shared.file("melspectrogram.onnx"), shared.file("embedding_model.onnx"), RuntimeOptions()
    )
    weights, bias = trained(embeddings, calls[:16], others[:16])
    engine = OpenWakeWord(head(tmp_path, weights, bias), RuntimeOptions(), also=[shared])

    def detections(pcm: bytes) -> int:
        engine.reset()
        return sum(engine.accept(hop) is not None for hop in hops(pcm))

    heard = [detections(pcm) for pcm in calls[16:]]
    assert sum(count >= 1 for count in heard) >= 7
    assert sum(detections(pcm) for pcm in others[16:]) <= 1


@pytest.mark.models
class TestHeads:
    def test_a_phrase_that_stays_in_sight_is_reported_once_however_long(
        self, shared: InstalledPack, tmp_path: Path
    ) -> None:
        always = head(tmp_path, NEVER[0], 9.0)
        engine = OpenWakeWord(always, RuntimeOptions(), also=[shared], refractory_ms=100)
        told = [engine.accept(hop) for hop in hops(bytes(400 * HOP_BYTES))]
        found = [detection for detection in told if detection is not None]
        assert [detection.phrase for detection in found] == ["Alexa"]
        assert found[0].score > 0.99

    def test_after_a_reset_it_hears_as_at_first(self, shared: InstalledPack, tmp_path: Path) -> None:
        rng = np.random.default_rng(3)
        weights = rng.normal(0, 0.02, (SEEN, EMBEDDING_SIZE)).astype(np.float32)
        noise = rng.normal(0, 3_000, 64 * 160).astype("<i2").tobytes()
        engine = OpenWakeWord(
            head(tmp_path, weights, 0.0), RuntimeOptions(), also=[shared], threshold=0, refractory_ms=0
        )

        def first_score(pcm: bytes) -> float:
            return next(told.score for hop in hops(pcm) if (told := engine.accept(hop)) is not None)

        fresh = first_score(noise)
        list(map(engine.accept, hops(noise)))
        engine.reset()
        assert first_score(noise) == fresh

    def test_several_heads_share_the_embedding_and_each_is_named(
        self, shared: InstalledPack, tmp_path: Path
    ) -> None:
        one = head(tmp_path / "one", *NEVER, name="hey_jarvis_v0.1.tflite")
        other = head(tmp_path / "other", NEVER[0], 9.0, name="computer.tflite")
        engine = OpenWakeWord(one, RuntimeOptions(), also=[other, shared])
        assert engine.capabilities.phrases == ("Hey Jarvis", "Computer")
        told = [engine.accept(hop) for hop in hops(bytes(16 * HOP_BYTES))]
        assert [detection.phrase for detection in told if detection] == ["Computer"]

    def test_without_the_shared_networks_it_says_which_pack_brings_them(self, tmp_path: Path) -> None:
        with pytest.raises(EngineError, match="speech-embedding"):
            OpenWakeWord(head(tmp_path, *NEVER), RuntimeOptions())

    def test_a_pack_without_a_head_is_refused(self, shared: InstalledPack) -> None:
        with pytest.raises(EngineError, match="has no head"):
            OpenWakeWord(shared, RuntimeOptions())

    def test_a_head_over_another_embedding_is_refused(self, shared: InstalledPack, tmp_path: Path) -> None:
        foreign = head(tmp_path, np.zeros((SEEN, 32), np.float32), 0.0)
        with pytest.raises(EngineError, match=r"takes \[1, 16, 32\] instead of"):
            OpenWakeWord(foreign, RuntimeOptions(), also=[shared])

    def test_a_missing_runtime_names_the_extra(
        self, shared: InstalledPack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pack = head(tmp_path, *NEVER)
        monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
        with pytest.raises(RuntimeMissingError, match=r"nearfield\[litert\]"):
            OpenWakeWord(pack, RuntimeOptions(), also=[shared])


@pytest.mark.parametrize(
    ("file", "phrase"),
    [
        ("alexa.tflite", "Alexa"),
        ("hey_jarvis_v0.1.tflite", "Hey Jarvis"),
        ("ok-computer.tflite", "Ok Computer"),
    ],
)
def test_a_phrase_is_what_its_file_is_called(file: str, phrase: str) -> None:
    assert phrase_of(Path(file)) == phrase
