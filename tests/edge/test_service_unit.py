"""The systemd unit, judged by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "edge" / "systemd"


@pytest.fixture(params=["", "restricted", "no-new-code", "accelerators"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The unit with one drop-in, and a program that exists here in place of the installed one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here: install systemd")
    path = tmp_path / "nearfield.service"
    text = (UNITS / "nearfield.service").read_text()
    path.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    if request.param:
        (tmp_path / "nearfield.service.d").mkdir()
        shutil.copy(UNITS / f"{request.param}.conf", tmp_path / "nearfield.service.d")
    return path


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def test_systemd_understands_every_line(unit: Path) -> None:
    complaints = analyse("verify", "--man=no", str(unit)).stderr.splitlines()
    assert [line for line in complaints if "nearfield" in line] == []


def test_systemd_finds_little_exposed(unit: Path) -> None:
    judged = analyse("security", "--offline=true", "--threshold=20", str(unit))
    assert judged.returncode == 0, judged.stdout[-400:] + judged.stderr


FORBIDDEN = """
import ctypes
from cffi import FFI
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0, "the kernel does not know PR_SET_MDWE"
from nearfield_models.engines import load_vad
from nearfield_models.runtime.session import RuntimeOptions
import numpy as np
hop = np.zeros(160, np.float32)
load_vad().accept(hop)
print("onnxruntime works")
try:
    load_vad(runtime=RuntimeOptions(engine="openvino")).accept(hop)
    print("openvino works")
except Exception:
    print("openvino fails")
try:
    FFI().callback("int(int)", lambda n: n)(1)
    print("cffi works")
except MemoryError:
    print("cffi fails")
"""


@pytest.mark.models
def test_what_the_unit_says_of_code_made_at_run_time_is_so() -> None:
    done = subprocess.run([sys.executable, "-c", FORBIDDEN], capture_output=True, text=True, check=False)
    if "PR_SET_MDWE" in done.stderr or "PackNotFoundError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.stdout.splitlines() == ["onnxruntime works", "openvino fails", "cffi fails"], done.stderr
