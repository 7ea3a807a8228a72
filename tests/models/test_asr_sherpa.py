from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nearfield_models.asr.sherpa import SherpaAsr, require_token_lines
from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError, RuntimeMissingError
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import InstalledPack, ModelStore


@pytest.fixture
def pack(tmp_path: Path) -> InstalledPack:
    """A copy of the fetched pack that a test may spoil."""
    try:
        fetched = ModelStore.default().installed("moonshine-tiny-en")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    for name in fetched.names:
        (tmp_path / name).write_bytes(fetched.file(name).read_bytes())
    return replace(fetched, folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("YQ== 0\nYg== 1\n", "2 lines instead of 3"),
        ("YQ== 0\nYg== 2\nYw== 1\n", "line 2: expected base64 and the id 1"),
        ("YQ== 0\nab!c 1\nYw== 2\n", "line 2: expected base64"),
        ("YQ== 0\nYg 1\nYw== 2\n", "line 2: expected base64"),
        ("YQ== 0\nYg==\nYw== 2\n", "line 2: expected base64"),
        ("é 0\nYg== 1\nYw== 2\n", "cannot be read as text"),
    ],
    ids=["too few", "out of order", "no base64", "torn base64", "no id", "no ASCII"],
)
def test_a_malformed_token_file_is_named_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(PackDamagedError, match=said):
        require_token_lines(file, 3)


def test_a_token_without_bytes_is_fine(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("YQ== 0\n 1\n")
    require_token_lines(tmp_path / "tokens.txt", 2)


@pytest.mark.models
def test_a_damaged_token_file_is_an_error_and_does_not_end_the_process(pack: InstalledPack) -> None:
    pack.file("tokens.txt").write_text("abc\n")
    with pytest.raises(PackDamagedError, match="1 lines instead of 32768"):
        SherpaAsr(pack, RuntimeOptions())


@pytest.mark.models
def test_a_truncated_model_is_an_error(pack: InstalledPack) -> None:
    with pack.file("encoder_model.ort").open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(EngineError, match="nearfield-models verify"):
        SherpaAsr(pack, RuntimeOptions())


@pytest.mark.models
def test_hardware_that_it_cannot_use_is_refused(pack: InstalledPack) -> None:
    with pytest.raises(RuntimeMissingError, match="CPUExecutionProvider"):
        SherpaAsr(pack, RuntimeOptions(engine="openvino"))


@pytest.mark.models
def test_a_missing_library_names_the_extra(pack: InstalledPack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(RuntimeMissingError, match=r"nearfield\[sherpa\]"):
        SherpaAsr(pack, RuntimeOptions())
