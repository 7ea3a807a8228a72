"""What a benchmark found: a table for people, JSON for programs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A promise about one figure."""

    name: str
    figure: str
    """Key in the report's figures; with dots into nested ones (``latency_ms.p50``)."""
    at: Literal["least", "most"]
    value: float
    unit: str = ""

    def reached(self, figures: Mapping[str, Any]) -> bool:
        """Whether the figure is there and keeps the promise; what was not measured is not reached."""
        found = figure_at(figures, self.figure)
        if not isinstance(found, int | float):
            return False
        return found >= self.value if self.at == "least" else found <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one benchmark."""

    name: str
    title: str
    figures: Mapping[str, Any]
    """JSON values by name, units in the names; these are the top level of the JSON file."""
    targets: Sequence[Target] = ()
    skipped: Sequence[str] = ()
    """What could not be measured, each with its reason; a target on it counts as missed."""
    broken: Sequence[str] = ()
    """What must never be, each in a line; with any of it the command ends with 1."""
    packages: Sequence[str] = field(default=("numpy", "onnxruntime"))
    """Distributions whose versions matter to the figures."""

    @property
    def missed(self) -> tuple[str, ...]:
        """Names of the targets not reached."""
        return tuple(target.name for target in self.targets if not target.reached(self.figures))

    def document(self, command: Sequence[str]) -> dict[str, Any]:
        """The JSON form: figures at the top, and beside them everything needed to judge and repeat them."""
        return {
            **self.figures,
            "benchmark": self.name,
            "targets": [asdict(target) for target in self.targets],
            "missed": list(self.missed),
            "skipped": list(self.skipped),
            "broken": list(self.broken),
            "command": list(command),
            "versions": versions(self.packages),
            "machine": machine(),
        }

    def print_to(self, console: Console) -> None:
        """Print the table for people."""
        table = Table(title=f"{self.name}: {self.title}", title_justify="left")
        table.add_column("figure", overflow="fold")
        table.add_column("value", justify="right")
        table.add_column("target", justify="right")
        table.add_column("")
        promised = {target.figure: target for target in self.targets}
        measured = dict(_flat(self.figures))
        for name in [*measured, *(figure for figure in promised if figure not in measured)]:
            target = promised.get(name)
            bound = f"{'≥' if target.at == 'least' else '≤'} {target.value:g} {target.unit}" if target else ""
            verdict = "" if not target else "reached" if target.reached(self.figures) else "MISSED"
            table.add_row(name, _shown(measured.get(name, "not measured")), bound.strip(), verdict)
        console.print(table)
        for reason in self.skipped:
            console.print(f"SKIPPED {reason}", markup=False)
        for line in self.broken:
            console.print(f"BROKEN {line}", markup=False)


def figure_at(figures: Mapping[str, Any], dotted: str) -> Any:
    """Look up ``latency_ms.p50``; None where there is no such figure."""
    found: Any = figures
    for part in dotted.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def write_json(document: Mapping[str, Any], file: Path) -> None:
    """Write one report's document, making its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Versions of Python, of this checkout and of the named distributions."""
    found = {"python": platform.python_version(), "nearfield": _revision()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next(
            (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
        )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": model,
        "cores": cores,
    }


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return metadata.version("nearfield")  # an installed copy has no repository beside it
    return told.stdout.strip()


def _flat(figures: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in figures.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name}.")
        elif not isinstance(value, list | tuple):
            rows.append((prefix + name, value))
    return rows


def _shown(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 10_000 else str(value)
