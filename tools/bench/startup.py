"""From the start of a process to the answer on its standard output.

``nearfield ask`` is run as a person would, in a process of its own with a data folder of its own, ``--runs``
times each way; the figures are medians of wall time. ``text`` is a typed request; ``recording`` is a real
order read as fast as possible, answered with the reply's sound computed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

TARGETS = (
    Target(name="typed request", figure="text_seconds", at="most", value=1.5, unit="s"),
    Target(name="recorded request", figure="recording_seconds", at="most", value=2.5, unit="s"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data() / "orders", help="folder of real orders")
    parser.add_argument("--runs", type=int, default=7, help="how often each way (default: 7)")


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    figures: dict[str, object] = {"runs": arguments.runs}
    skipped = []
    figures["text_seconds"] = _median(["--text", "what is the wifi password"], arguments.runs)
    recordings = sorted((arguments.data / "speech").glob("*.flac"))
    if recordings:
        figures["recording_seconds"] = _median([str(recordings[0])], arguments.runs)
    else:
        skipped.append(f"recording: there are no recordings in {arguments.data}")
    return Report(
        name="startup",
        title="from process start to answer",
        figures=figures,
        targets=TARGETS,
        skipped=skipped,
        packages=("numpy", "onnxruntime", "gruut", "hassil"),
    )


def _median(request: list[str], runs: int) -> float:
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        configuration = Path(folder) / "nearfield.toml"
        configuration.write_text(f'[device]\ndata = "{folder}/data"\n', encoding="utf-8")
        command = [
            *(sys.executable, "-m", "nearfield_edge.cli", "ask", *request),
            *("--json", "--config", str(configuration)),
        ]
        return round(statistics.median(_seconds(command) for _ in range(runs)), 3)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began
