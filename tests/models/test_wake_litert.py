"""microWakeWord's networks on LiteRT, held against the library that the models were made for."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError, RuntimeMissingError
from nearfield_models.pcm import HOP_BYTES
from nearfield_models.runtime.lite_rt import StreamingNetwork
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.wake.engine import WakeEngine
from nearfield_models.wake.litert_microwakeword import LiteRtMicroWakeWord
from nearfield_models.wake.microwakeword import MicroWakeWord
from tests.models.small_networks import write_logistic

pytestmark = pytest.mark.models
TAIL = bytes(50 * HOP_BYTES)


@pytest.fixture
def pack(tmp_path: Path) -> InstalledPack:
    """A copy of the fetched pack that a test may change."""
    try:
        fetched = ModelStore.default().installed("microwakeword-alexa")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    for name in fetched.names:
        (tmp_path / name).write_bytes(fetched.file(name).read_bytes())
    return replace(fetched, folder=tmp_path)


@pytest.fixture
def telling_all(pack: InstalledPack) -> InstalledPack:
    """The pack with a threshold of nothing, so that each score that is not 0 is told."""
    card = pack.file("alexa.json")
    card.write_text(card.read_text().replace('"probability_cutoff": 0.9', '"probability_cutoff": 0.0'))
    return pack


def scores(engine: WakeEngine, pcm: bytes) -> list[float]:
    """One a hop."""
    hops = (pcm[at : at + HOP_BYTES] for at in range(0, len(pcm) - HOP_BYTES + 1, HOP_BYTES))
    return [0.0 if (told := engine.accept(hop)) is None else told.score for hop in hops]


def clips(recordings: Path, phrase: str, most: int) -> list[bytes]:
    paths = sorted((recordings / "wake" / phrase).glob("*.flac"))[:most]
    return [soundfile.read(path, dtype="int16")[0].tobytes() + TAIL for path in paths]


@pytest.mark.recordings
@pytest.mark.parametrize("phrase", ["alexa", "jarvis"])
def test_every_score_is_that_of_the_reference_library(
    telling_all: InstalledPack, recordings: Path, phrase: str
) -> None:
    reference = MicroWakeWord(telling_all, RuntimeOptions(), refractory_ms=0)
    ours = LiteRtMicroWakeWord(telling_all, RuntimeOptions(), refractory_ms=0)
    told = [(scores(reference, clip), scores(ours, clip)) for clip in clips(recordings, phrase, 8)]
    assert any(max(expected) > 0.9 for expected, _ in told) is (phrase == "alexa")
    for expected, given in told:
        assert given == pytest.approx(expected, abs=1e-6)


@pytest.mark.recordings
def test_after_a_reset_nothing_of_a_half_heard_call_is_left(
    telling_all: InstalledPack, recordings: Path
) -> None:
    engine = LiteRtMicroWakeWord(telling_all, RuntimeOptions(), refractory_ms=0)
    clip = clips(recordings, "alexa", 1)[0]
    fresh = scores(engine, clip)
    scores(engine, clip[: len(clip) // 3 // HOP_BYTES * HOP_BYTES])
    engine.reset()
    assert scores(engine, clip) == fresh


@pytest.mark.recordings
def test_a_call_is_reported_once_and_another_soon_after_it_is_not(
    pack: InstalledPack, recordings: Path
) -> None:
    twice = clips(recordings, "alexa", 1)[0] * 2
    patient = LiteRtMicroWakeWord(pack, RuntimeOptions(), refractory_ms=60_000)
    assert [score > 0 for score in scores(patient, twice)].count(True) == 1
    assert [score > 0 for score in scores(LiteRtMicroWakeWord(pack, RuntimeOptions()), twice)].count(
        True
    ) == 2


@pytest.mark.parametrize(
    ("library", "missing"),
    [("ai_edge_litert", "LiteRT"), ("pymicro_features", "pymicro-features")],
)
def test_a_missing_library_names_the_extra(
    pack: InstalledPack, monkeypatch: pytest.MonkeyPatch, library: str, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RuntimeMissingError, match=rf"{missing} .*nearfield\[litert\]"):
        LiteRtMicroWakeWord(pack, RuntimeOptions())


def test_a_file_that_is_no_network_is_damage_of_the_pack(pack: InstalledPack) -> None:
    pack.file("alexa.tflite").write_bytes(b"not a network at all")
    with pytest.raises(PackDamagedError, match="fetch microwakeword-alexa"):
        LiteRtMicroWakeWord(pack, RuntimeOptions())


def test_a_network_that_was_cut_short_is_told_in_one_sentence(pack: InstalledPack) -> None:
    network = pack.file("alexa.tflite")
    network.write_bytes(network.read_bytes()[:20_000])
    with pytest.raises(EngineError, match="nearfield-models verify") as caught:
        LiteRtMicroWakeWord(pack, RuntimeOptions())
    assert "\n" not in str(caught.value)


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    network = write_logistic(tmp_path / "head.tflite", np.ones((16, 96), np.float32), 0.0)
    with pytest.raises(EngineError, match="8-bit integers"):
        StreamingNetwork(network)
