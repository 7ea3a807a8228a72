"""``nearfield turns``: what was said, understood and answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.cli.presentation import show_turn, turn_table
from nearfield_edge.composition import open_recordings, open_turns
from nearfield_edge.errors import RecordError


@click.command("turns")
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--turn", "turn_id", help="Show one turn whole.")
@click.option("--erase-turn", help="Erase one turn, with its sound.")
@click.option("--erase-person", help="Erase all turns of a person.")
@click.option("--erase-before", type=click.DateTime(), help="Erase all turns begun before this time (UTC).")
@config_option
@json_option
def command(
    last: int,
    turn_id: str | None,
    erase_turn: str | None,
    erase_person: str | None,
    erase_before: datetime | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the last turns, one turn whole, or erase some for good."""
    place = place_of(config)
    store = open_turns(place, open_recordings(place))
    try:
        if erase_turn or erase_person or erase_before:
            before = erase_before.replace(tzinfo=UTC) if erase_before else None
            count = len(store.erase(turn_id=erase_turn, person=erase_person, before=before))
            print_json({"erased": count}) if as_json else print(f"{count} turns erased")
        elif turn_id is not None:
            record = store.get(turn_id)
            if record is None:
                raise RecordError(f"no turn {turn_id} is kept: `nearfield turns` lists those that are")
            print_json(record.to_dict()) if as_json else show_turn(Console(), record)
        else:
            records = store.last(last)
            if as_json:
                print_json([record.to_dict() for record in records])
            else:
                Console().print(turn_table(records))
    finally:
        store.close()
