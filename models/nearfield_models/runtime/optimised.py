"""Graphs as ONNX Runtime rewrote them for this processor, kept so that no later start rewrites them.

Rewriting takes most of a large graph's loading time. The result depends on the model file, the version of
ONNX Runtime and the processor's instructions, so all three are in the name, and so is its own digest: a file
that was cut short or has decayed is not used.
"""

from __future__ import annotations

import hashlib
import platform
import tempfile
from pathlib import Path
from typing import Final

from nearfield_models.placing import place
from nearfield_models.verification import StampedFolder, sha256_of

_LENGTH: Final = 16


class OptimisedGraphs:
    """The kept graphs of one folder."""

    def __init__(self, cache_folder: Path, runtime_version: str) -> None:
        self._folder = cache_folder / "onnxruntime"
        self._made_for = f"{runtime_version} {_processor()}"

    def find(self, model: Path) -> Path | None:
        """The kept graph of a model file, None if there is none that can be used."""
        stamps = StampedFolder(self._folder)
        for kept in self._folder.glob(f"{self._name(model)}-*.onnx"):
            if stamps.digest(kept.name).startswith(kept.stem.rpartition("-")[2]):
                stamps.keep()
                return kept
        return None

    def draft(self, model: Path) -> Path:
        """A new file's name for the runtime to write the graph to.

        Raises:
            OSError: The folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=f".{model.stem}.", delete=False) as file:
            return Path(file.name)

    def keep(self, model: Path, draft: Path) -> None:
        """Put what was written in its place, and remove what it replaces.

        Raises:
            OSError: The folder cannot be written.
        """
        for former in self._folder.glob(f"{_place_of(model)}-*.onnx"):
            former.unlink(missing_ok=True)
        place(draft, self._folder / f"{self._name(model)}-{sha256_of(draft)[:_LENGTH]}.onnx")

    def _name(self, model: Path) -> str:
        status = model.stat()
        marks = f"{status.st_size} {status.st_mtime_ns} {self._made_for}"
        return f"{_place_of(model)}-{hashlib.sha256(marks.encode()).hexdigest()[:_LENGTH]}"


def _place_of(model: Path) -> str:
    return f"{model.stem}-{hashlib.sha256(str(model.resolve()).encode()).hexdigest()[:_LENGTH]}"


def _processor() -> str:
    """What tells one kind of processor from another: its instructions where the system lists them."""
    try:
        listing = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    flags = next((line for line in listing.splitlines() if line.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {flags}"
