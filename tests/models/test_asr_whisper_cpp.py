"""whisper.cpp with a small model of random numbers; real speech is for the contract of all recognisers."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models import load_asr
from nearfield_models.asr.engine import AsrEngine, Hypothesis
from nearfield_models.asr.ggml_file import read_ggml_model
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import (
    CancelledWorkError,
    EngineError,
    PackDamagedError,
    PackNotFoundError,
    RuntimeMissingError,
)
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack
from tests.models.small_whisper import write_small_whisper

ONE_THREAD = RuntimeOptions(threads=1)
WIDER = 128


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_whisper(tmp_path_factory.mktemp("whisper") / "ggml-small.bin")


@pytest.fixture(scope="module")
def asr(model: Path) -> AsrEngine:
    pytest.importorskip("pywhispercpp")
    return load_asr(str(model), engine="whisper-cpp", runtime=ONE_THREAD)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A model file with few tokens, for what looks at the file alone."""
    return write_small_whisper(tmp_path_factory.mktemp("file") / "few.bin", vocabulary=300).read_bytes()


def noise(seconds: float) -> Samples:
    return np.random.default_rng(2).normal(0, 0.1, int(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def test_the_same_sound_gives_the_same_text(asr: AsrEngine) -> None:
    assert asr.transcribe(noise(1)) == asr.transcribe(noise(1))


@pytest.mark.parametrize("samples", [0, 1, 1_599])
def test_what_is_too_short_to_be_a_word_is_an_empty_text(asr: AsrEngine, samples: int) -> None:
    assert asr.transcribe(noise(1)[:samples]) == Hypothesis(text="", stopped_by="silence")


def test_a_call_that_is_cancelled_while_it_decodes_gives_no_text(asr: AsrEngine) -> None:
    cancellation = CancelledAtTheSecondLook()
    with pytest.raises(CancelledWorkError):
        asr.transcribe(noise(1), cancellation=cancellation)
    assert asr.transcribe(noise(1)).text  # and the next is heard


class CancelledAtTheSecondLook(Cancellation):
    """Is not cancelled when the part begins, and is when the library looks."""

    @property
    def is_cancelled(self) -> bool:
        self.cancel()
        return super().is_cancelled


def test_it_says_nothing_on_standard_error_while_it_loads(
    model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pywhispercpp")
    load_asr(str(model), engine="whisper-cpp", runtime=ONE_THREAD)
    assert capfd.readouterr().err == ""


def test_a_model_whose_tensors_do_not_fit_its_sizes_is_an_error_and_not_the_end_of_the_process(
    model: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pywhispercpp")
    content = bytearray(model.read_bytes())
    content[12:16] = WIDER.to_bytes(4, "little")
    spoilt = tmp_path / "spoilt.bin"
    spoilt.write_bytes(content)
    with pytest.raises(EngineError, match=r"cannot load .*spoilt\.bin"):
        load_asr(str(spoilt), engine="whisper-cpp", runtime=ONE_THREAD)


def test_a_missing_library_names_the_extra(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pywhispercpp.model", None)
    with pytest.raises(RuntimeMissingError, match=r"nearfield\[whisper-cpp\]"):
        load_asr(str(model), engine="whisper-cpp")


def test_a_file_that_is_not_there_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(PackNotFoundError, match="cannot be read"):
        load_asr(str(tmp_path / "tiny.en"), engine="whisper-cpp")


def test_a_pack_of_another_kind_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pywhispercpp")
    from nearfield_models.asr.whisper_cpp import WhisperCppAsr

    pack = InstalledPack(id="voice", version="1", digest="0", folder=tmp_path, names=("voice.onnx",))
    with pytest.raises(EngineError, match=r"voice holds 0 files that end in \.bin"):
        WhisperCppAsr(pack, ONE_THREAD)


class TestModelFiles:
    def test_a_whole_one_is_read_to_its_end(self, whole: bytes, tmp_path: Path) -> None:
        file = tmp_path / "whole.bin"
        file.write_bytes(whole)
        found = read_ggml_model(file)
        assert found.vocabulary == 300
        assert found.tensors == 50

    @given(share=st.floats(0, 1, exclude_max=True))
    def test_one_that_ends_too_soon_is_refused_wherever_it_ends(
        self, whole: bytes, tmp_path_factory: pytest.TempPathFactory, share: float
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "cut.bin"
        file.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(EngineError, match="no whole Whisper model"):
            read_ggml_model(file)

    @given(content=st.binary(max_size=400))
    def test_anything_else_is_refused(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        file = tmp_path_factory.getbasetemp() / "anything.bin"
        for begun in (content, b"lmgg" + content):
            file.write_bytes(begun)
            with pytest.raises(EngineError, match="no whole Whisper model"):
                read_ggml_model(file)

    def test_a_folder_is_no_model(self, tmp_path: Path) -> None:
        with pytest.raises(PackDamagedError, match="cannot be read"):
            read_ggml_model(tmp_path)
