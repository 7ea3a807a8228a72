"""``nearfield outbox``: what was promised and has not happened yet."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.composition import open_effects
from nearfield_edge.errors import EffectRejectedError
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.skills.api import FunctionEffect, HttpEffect, MqttEffect

_SAID = {"staged": "its turn is open", "committed": "waits", "failed": "set aside"}


@click.command("outbox")
@click.option("--retry", multiple=True, metavar="KEY", help="Try an effect again, with fresh patience.")
@click.option("--erase", multiple=True, metavar="KEY", help="Erase an effect: it shall not happen any more.")
@config_option
@json_option
def command(retry: tuple[str, ...], erase: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Show orders, bookings and messages that wait or were set aside; try some again, or erase them.

    A running device takes up what is to be tried again within half a minute, another one when it starts.
    """
    place = place_of(config)
    with closing(open_effects(place)) as effects:
        for key in retry:
            effects.retry(key)
        for key in erase:
            effects.give_up(key)
        entries = effects.unsettled()
    if as_json:
        print_json([_to_dict(entry) for entry in entries])
    elif entries:
        Console().print(_table(entries))
    else:
        print("nothing waits, and nothing was set aside")


def _to_dict(entry: OutboxEntry) -> dict[str, Any]:
    due = datetime.fromtimestamp(entry.due_ms / 1000, UTC).isoformat() if entry.due_ms else None
    return {
        "key": entry.key,
        "turn_id": entry.turn_id,
        "skill": entry.skill,
        "state": entry.state,
        "attempts": entry.attempts,
        "due_at": due if entry.state == "committed" else None,
        "reason": entry.reason,
        "effect": json.loads(entry.content),
    }


def _table(entries: tuple[OutboxEntry, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("key", "skill", "what", "state", "tries", "why"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        tries, why = str(entry.attempts), entry.reason or "-"
        table.add_row(entry.key, entry.skill, _what(entry), _SAID[entry.state], tries, why)
    return table


def _what(entry: OutboxEntry) -> str:
    try:
        effect = entry.effect
    except EffectRejectedError:
        return "an effect of another version"
    match effect:
        case HttpEffect():
            return f"{effect.method} {effect.url}"
        case MqttEffect():
            return f"publish {effect.topic}"
        case FunctionEffect():
            return f"call {effect.function}"
