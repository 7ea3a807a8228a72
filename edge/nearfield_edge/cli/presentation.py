"""How turn records look to people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nearfield_edge.doubts.offers import OWN
from nearfield_sync.messages.turn_record import (
    Alternative,
    EscalationRecord,
    ReplyRecord,
    Timings,
    TurnRecord,
    Understanding,
)

_STAGES = (
    ("endpoint", "end of turn", "cyan"),
    ("transcript", "transcript", "green"),
    ("understood", "understood", "yellow"),
    ("first_audio", "first sound", "magenta"),
)
BAR_WIDTH = 48


def show_turn(console: Console, record: TurnRecord) -> None:
    """Print one turn: what was heard, understood, decided and said, and how long it took."""
    console.print(Text.assemble(("heard   ", "dim"), (record.transcript or "(nothing)", "bold")))
    understood = record.understanding
    if understood.intent is not None:
        meaning = f"{_meaning(understood)}  {understood.confidence:.2f}"
        if understood.source == "clarified":
            meaning += "  as the answer says"
        console.print(Text.assemble(("means   ", "dim"), meaning))
    for other in understood.alternatives:
        if _meaning(other) != _meaning(understood) and other.skill != OWN:
            behind = f"  {other.behind:.1f} nats behind" if other.behind else ""
            meaning = f"{_meaning(other)}  {other.confidence:.2f}{behind}"
            console.print(Text.assemble(("or      ", "dim"), (meaning, "dim")))
    if record.route is not None:
        console.print(Text.assemble(("route   ", "dim"), f"{record.route.route}: {record.route.reason}"))
    if record.reply is not None:
        console.print(Text.assemble(("says    ", "dim"), *_said(record.reply)))
    if record.escalation is not None:
        console.print(Text.assemble(("asked   ", "dim"), *_asked(record.escalation)))
    for fault in record.faults:
        console.print(Text.assemble(("fault   ", "dim"), (fault, "bold red")))
    console.print(timing_bar(record.timings_ms))


def _asked(escalation: EscalationRecord) -> Iterator[str | tuple[str, str]]:
    """What left the device, what came of it, and what the answer rests on."""
    masked = sum(escalation.masked.values())
    left = f'"{escalation.sent}"' if escalation.sent else "nothing left the device"
    yield f"{left}; {masked} masked" if masked else left
    yield f": {escalation.outcome}"
    if escalation.reason:
        yield (f" ({escalation.reason})", "dim")
    for source in escalation.sources:
        yield (f"  from {source.document}", "green")


def _meaning(found: Understanding | Alternative) -> str:
    slots = ", ".join(f"{name}={value}" for name, value in found.slots.items())
    return f"{found.skill}.{found.intent}({slots})"


def timing_bar(timings: Timings) -> Text:
    """A bar from the end of speech to the first sound (or the last stage there was), a colour a stage."""
    marks = [(label, getattr(timings, name), colour) for name, label, colour in _STAGES]
    reached = [(label, at, colour) for label, at, colour in marks if at is not None]
    bar = Text("took    ", style="dim")
    if not reached:
        return bar.append("-")
    total = max(at for _, at, _ in reached) or 1.0
    before, drawn = 0.0, 0
    for _, at, colour in reached:
        until = round(BAR_WIDTH * at / total)
        bar.append("█" * max(until - drawn, 0), style=colour)
        drawn = max(until, drawn)
    bar.append("  ")
    for label, at, colour in reached:
        bar.append(f"{label} +{at - before:.0f} ms  ", style=colour)
        before = at
    return bar.append(f"= {total:.0f} ms", style="bold")


def _said(reply: ReplyRecord) -> list[tuple[str, str]]:
    """What was said, and what of it nobody heard because the reply was cut short."""
    heard = reply.text if reply.heard_text is None else reply.heard_text
    rest = reply.text[len(heard) :].strip()
    return [(heard, "bold green"), *([(f" [not heard: {rest}]", "dim")] if rest else [])]


def turn_table(records: tuple[TurnRecord, ...]) -> Table:
    """Many turns, a line each, the newest last."""
    table = Table(box=None, pad_edge=False)
    for heading in ("when", "turn", "heard", "means", "route", "says", "ms"):
        table.add_column(heading, overflow="fold")
    for record in records:
        table.add_row(
            record.started_at[:19].replace("T", " "),
            record.turn_id,
            record.transcript,
            record.understanding.intent or record.outcome,
            record.route.route if record.route else "-",
            record.reply.text if record.reply else "-",
            "-" if record.timings_ms.first_audio is None else f"{record.timings_ms.first_audio:.0f}",
        )
    return table
