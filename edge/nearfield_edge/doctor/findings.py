"""What the doctor says: findings, and how they look to people and to scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

Status = Literal["ok", "warn", "fail"]

_MARKS: dict[str, tuple[str, str]] = {
    "ok": ("ok", "green"),
    "warn": ("warn", "yellow"),
    "fail": ("FAIL", "bold red"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    name: str
    """Stable, for scripts: ``pack moonshine-tiny-en``."""
    status: Status
    """``fail``: the device does not work as configured; ``warn``: it works, but somebody should know."""
    found: str
    mend: str = ""
    """What to do about it; empty when fine."""


def exit_status(findings: Sequence[Finding]) -> int:
    """1 if anything fails, else 0."""
    return int(any(finding.status == "fail" for finding in findings))


def to_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """For ``--json``."""
    counts = {
        status: sum(finding.status == status for finding in findings) for status in ("ok", "warn", "fail")
    }
    return {"findings": [asdict(finding) for finding in findings], **counts}


def render(findings: Sequence[Finding], console: Console) -> None:
    """Print a table, what is to be mended under what was found, and a last line that sums up."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.status]
        told = Text(finding.found)
        if finding.mend:
            told.append("\n→ " + finding.mend, style=style)
        table.add_row(Text(mark, style=style), Text(finding.name), told)
    console.print(table)
    counts = to_dict(findings)
    console.print(
        f"{counts['ok']} ok, {counts['warn']} to know about, {counts['fail']} to mend", highlight=False
    )
