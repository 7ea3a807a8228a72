"""Runtimes that would report their use to a vendor are kept from it, and are loaded only where they are."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIMES = {
    "ai_edge_litert": "lite_rt.py",
    "onnxruntime": "onnx_runtime.py",
    "openvino": "open_vino.py",
}


def run_python(program: str, home: Path) -> str:
    """Run a program in a fresh interpreter with an empty home folder and without this one's switches."""
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    return told.stdout


def files_under(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_onnx_runtime_collects_nothing_to_report(tmp_path: Path) -> None:
    run_python(
        "from nearfield_models.runtime.onnx_runtime import import_onnxruntime;"
        "print(import_onnxruntime().InferenceSession)",
        tmp_path,
    )
    assert files_under(tmp_path) == []


def test_openvino_comes_without_its_telemetry(tmp_path: Path) -> None:
    told = run_python(
        "from nearfield_models.runtime.open_vino import import_openvino; import sys;"
        "import_openvino().Core();"
        "print(any(sys.modules[m] for m in sys.modules if m.startswith('openvino_telemetry')),"
        " type(sys.modules['openvino.tools.ovc'].telemetry).__module__)",
        tmp_path,
    )
    assert told.split() == ["False", "openvino.tools.ovc.telemetry_stub"]
    assert files_under(tmp_path) == []


def test_importing_the_package_loads_no_runtime_and_no_numbers(tmp_path: Path) -> None:
    told = run_python(
        "import nearfield_models, sys; nearfield_models.__all__;"
        "print([m for m in ('onnxruntime', 'openvino', 'numpy', 'pydantic', 'httpx') if m in sys.modules])",
        tmp_path,
    )
    assert told.strip() == "[]"


def test_composing_engines_loads_no_runtime_before_one_is_chosen(tmp_path: Path) -> None:
    told = run_python(
        "from nearfield_models import load_asr; import sys;"
        "names = ('onnxruntime', 'openvino', 'ai_edge_litert', 'sherpa_onnx', 'httpx');"
        "print([name for name in names if name in sys.modules])",
        tmp_path,
    )
    assert told.strip() == "[]"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_only_its_seam_imports_a_runtime(runtime: str) -> None:
    importers = {
        path.name
        for package in ("edge", "cloud", "models", "sync", "provisioning", "firmware-images", "tools")
        for path in (ROOT / package).rglob("*.py")
        if runtime in imported_by(path)
    }
    assert importers == {RUNTIMES[runtime]}


def imported_by(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
