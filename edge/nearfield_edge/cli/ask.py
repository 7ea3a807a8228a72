"""``nearfield ask``: one request, recorded or typed, and its answer."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.audio.clock import InputClock, RealTimeClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.cli.presentation import show_turn
from nearfield_edge.cli.single_turn import answer_sound, answer_text
from nearfield_edge.composition import Surroundings
from nearfield_edge.errors import SourceError
from nearfield_sync.messages.turn_record import TurnRecord


@click.command("ask")
@click.argument("audio", required=False, type=click.Path(path_type=Path))
@click.option("--text", help="A typed request instead of a recording.")
@click.option(
    "--reply",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the spoken reply to this WAV file.",
)
@click.option("--continue", "resume", is_flag=True, help='Go on with the last conversation: "make it large".')
@click.option("--paced", is_flag=True, help="Hear the recording in real time instead of as fast as possible.")
@config_option
@json_option
def command(
    audio: Path | None,
    text: str | None,
    reply: Path | None,
    resume: bool,
    paced: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Put one request to the device: AUDIO (WAV, FLAC, …) or --text.

    The first request in the recording is answered; it needs no wake word.
    """
    place = place_of(config)
    if text is not None and audio is None:
        record = asyncio.run(answer_text(place, text, reply, resume=resume))
    elif audio is not None and text is None:
        record = asyncio.run(_answer_recording(place, audio, reply, paced=paced, resume=resume))
    else:
        raise click.UsageError("give either a recording or --text")
    if as_json:
        print_json(record.to_dict())
        return
    show_turn(Console(), record)
    if reply is not None:
        print(f"reply written to {reply}", file=sys.stderr)


async def _answer_recording(
    place: Surroundings, audio: Path, reply: Path | None, *, paced: bool, resume: bool
) -> TurnRecord:
    time = RealTimeClock() if paced else InputClock()
    source = FileSource(
        audio,
        pace=time if paced else None,
        longest_seconds=place.configuration.audio.longest_file_seconds,
    )
    record = await answer_sound(place, source, time, reply, resume=resume)
    if record is None or record.outcome == "no_speech":
        raise SourceError(f"{audio}: nobody speaks in this recording")
    return record
