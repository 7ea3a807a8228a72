"""Calling the command ``nearfield`` inside the test's process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from nearfield_edge.cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command printed, and how it ended."""

    status: int
    out: str
    err: str


class Shell:
    """Runs ``nearfield`` with a data folder of its own."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder = folder
        self.configuration = folder / "nearfield.toml"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.configure("")

    def configure(self, more: str) -> None:
        """Write the configuration file: the data folder, then ``more``."""
        self.configuration.write_text(f'[device]\ndata = "{self.folder / "data"}"\n{more}', encoding="utf-8")

    def nearfield(self, *words: str | Path) -> Outcome:
        """Run one command to its end."""
        self._capsys.readouterr()
        self._monkeypatch.setenv("NEARFIELD_CONFIG", str(self.configuration))
        self._monkeypatch.setattr("sys.argv", ["nearfield", *map(str, words)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
        printed = self._capsys.readouterr()
        return Outcome(status=status, out=printed.out, err=printed.err)
