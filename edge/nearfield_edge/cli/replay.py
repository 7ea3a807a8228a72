"""``nearfield replay``: a kept turn's sound, or a recording, through the device again."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click
from rich.console import Console

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.audio.memory_source import MemorySource
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.cli.options import config_option, json_option, place_of, print_json
from nearfield_edge.cli.presentation import show_turn
from nearfield_edge.cli.single_turn import answer_sound
from nearfield_edge.composition import Surroundings, open_recordings, open_turns, surroundings
from nearfield_edge.errors import SourceError
from nearfield_edge.turn.state import Mode
from nearfield_sync.messages.turn_record import TurnRecord


@click.command("replay")
@click.argument("turn_or_audio")
@config_option
@json_option
def command(turn_or_audio: str, config: Path | None, as_json: bool) -> None:
    """Run TURN_OR_AUDIO (a turn's id, or a file) through the device again, and compare.

    Nothing is sent and nothing is kept: the replay works on files of its own.
    """
    place = place_of(config)
    path = Path(turn_or_audio)
    before = None
    if path.exists():
        limit = place.configuration.audio.longest_file_seconds
        source: AudioSource = FileSource(path, longest_seconds=limit)
    else:
        source, before = _kept(place, turn_or_audio)
    with tempfile.TemporaryDirectory(prefix="nearfield-replay-") as folder:
        mode = Mode.WAKE if before is not None and before.opened_by == "wake" else Mode.OPEN_MIC
        after = asyncio.run(_again(place, source, Path(folder), mode))
    if as_json:
        print_json({"before": before.to_dict() if before else None, "after": after.to_dict()})
        return
    console = Console()
    if before is not None:
        console.rule("then")
        show_turn(console, before)
        console.rule("now")
    show_turn(console, after)


def _kept(place: Surroundings, turn_id: str) -> tuple[AudioSource, TurnRecord | None]:
    recordings = open_recordings(place)
    recording = recordings.read(turn_id)
    store = open_turns(place, recordings)
    try:
        before = store.get(turn_id)
    finally:
        store.close()
    return MemorySource(b"".join(recording.pcm())), before


async def _again(place: Surroundings, source: AudioSource, folder: Path, mode: Mode) -> TurnRecord:
    device = place.configuration.device.model_copy(update={"data": folder})
    records = place.configuration.records.model_copy(update={"sound": False})
    configuration = place.configuration.model_copy(update={"device": device, "records": records})
    record = await answer_sound(surroundings(configuration), source, InputClock(), None, mode=mode)
    if record is None:
        raise SourceError("nobody makes a request in this recording")
    return record
