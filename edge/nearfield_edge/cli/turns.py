"""``nearfield turns``: what was said, understood and answered."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.cli.presentation import show_turn, turn_table
from nearfield_edge.cli.turn_picture import turn_picture
from nearfield_edge.composition import (
    Surroundings,
    open_cloud_files,
    open_conversation,
    open_effects,
    open_recordings,
    open_turns,
)
from nearfield_edge.errors import RecordError
from nearfield_sync.messages.turn_record import TurnRecord


@click.command("turns")
@click.option("--last", default=10, show_default=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--turn", "turn_id", help="Show one turn whole.")
@click.option(
    "--picture",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --turn: draw it into this SVG file.",
)
@click.option("--erase-turn", help="Erase one turn.")
@click.option("--erase-person", help="Erase all turns of a person.")
@click.option("--erase-before", type=click.DateTime(), help="Erase all turns begun before this time (UTC).")
@click.option(
    "--erase-after", type=click.DateTime(), help="Erase all turns begun at this time (UTC) or later."
)
@config_option
@json_option
def command(
    last: int,
    turn_id: str | None,
    picture: Path | None,
    erase_turn: str | None,
    erase_person: str | None,
    erase_before: datetime | None,
    erase_after: datetime | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show the last turns, one turn whole, or erase some for good.

    Several conditions hold together. With a turn go its sound, its effects (but what is still to be delivered
    stays until it is: see `nearfield outbox`), and what was being talked about last.
    """
    if picture is not None and turn_id is None:
        raise click.UsageError("--picture draws one turn: name it with --turn")
    place = place_of(config)
    if erase_turn or erase_person or erase_before or erase_after:
        count = _erase(place, erase_turn, erase_person, erase_before, erase_after)
        print_json({"erased": count}) if as_json else print(f"{count} turns erased")
        return
    store = open_turns(place)
    try:
        if turn_id is not None:
            record = store.get(turn_id)
            if record is None:
                raise RecordError(f"no turn {turn_id} is kept: `nearfield turns` lists those that are")
            print_json(record.to_dict()) if as_json else show_turn(Console(), record)
            if picture is not None:
                _draw(record, picture)
        else:
            records = store.last(last)
            if as_json:
                print_json([record.to_dict() for record in records])
            else:
                Console().print(turn_table(records))
    finally:
        store.close()


def _draw(record: TurnRecord, file: Path) -> None:
    try:
        file.write_text(turn_picture(record), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"the picture {file} cannot be written: {error.strerror}") from error
    print(f"picture written to {file}", file=sys.stderr)


def _erase(
    place: Surroundings,
    turn_id: str | None,
    person: str | None,
    before: datetime | None,
    after: datetime | None,
) -> int:
    with ExitStack() as files:
        effects = files.enter_context(closing(open_effects(place)))
        kept = [files.enter_context(closing(file)) for file in open_cloud_files(place) or ()]
        turns = files.enter_context(closing(open_turns(place, open_recordings(place), effects, *kept)))
        open_conversation(place).erase()
        erased = turns.erase(turn_id=turn_id, person=person, before=_utc(before), after=_utc(after))
    return len(erased)


def _utc(written: datetime | None) -> datetime | None:
    return written.replace(tzinfo=UTC) if written else None
