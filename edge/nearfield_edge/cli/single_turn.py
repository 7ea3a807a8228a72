"""One turn through the device: the way of ``ask`` and ``replay``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.paced_sink import PacedSink, WavTrack
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.composition import Device, Surroundings, gather_knowledge, paraphrases_of, turn_settings
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import RecordError
from nearfield_edge.life.device_lock import DeviceLock
from nearfield_edge.turn.events import TextGiven
from nearfield_edge.turn.state import Mode
from nearfield_sync.messages.turn_record import TurnRecord


async def answer_text(place: Surroundings, text: str, reply: Path | None, *, resume: bool) -> TurnRecord:
    """Answer a typed request; the reply is spoken only where a file for it is given.

    Args:
        place: What every part shares.
        text: The request.
        reply: Where the reply's sound is written.
        resume: Whether the last conversation goes on.

    Raises:
        EdgeError, ModelsError, SyncError: Something the device needs is missing or wrong.
    """
    record = await _one_turn(place, text, None, InputClock(), reply, resume=resume)
    if record is None:
        raise RecordError("the request made no turn")
    return record


async def answer_sound(
    place: Surroundings,
    source: AudioSource,
    time: PlaybackClock,
    reply: Path | None,
    *,
    mode: Mode = Mode.OPEN_MIC,
    resume: bool = False,
) -> TurnRecord | None:
    """Answer the first request in a source; None where nobody speaks in it.

    Args:
        place: What every part shares.
        source: The sound.
        time: The time that the reply is heard by.
        reply: Where the reply's sound is written.
        mode: Whether a request needs the wake word.
        resume: Whether the last conversation goes on.

    Raises:
        EdgeError, ModelsError, SyncError: Something the device needs is missing or wrong.
    """
    return await _one_turn(place, None, source, time, reply, mode=mode, resume=resume)


async def _one_turn(
    place: Surroundings,
    text: str | None,
    source: AudioSource | None,
    time: PlaybackClock,
    reply: Path | None,
    *,
    resume: bool,
    mode: Mode = Mode.OPEN_MIC,
) -> TurnRecord | None:
    wake = place.configuration.wake.model_copy(update={"mode": mode.value})
    configuration = place.configuration.model_copy(update={"wake": wake})
    speak = source is not None or reply is not None
    engines, knowledge = await asyncio.gather(
        asyncio.to_thread(load_engines, configuration, hear=source is not None, speak=speak),
        asyncio.to_thread(gather_knowledge, place),
    )
    sink = PacedSink(time, WavTrack(WavFile(reply), gapless=True) if reply is not None else None)
    settings = replace(
        turn_settings(configuration, loudspeaker=False),
        mode=mode,
        follow_up_ms=0,
        partial_every_ms=configuration.turn.partial_every_ms if source is not None and source.paced else 0,
    )
    records: list[TurnRecord] = []
    try:
        async with (
            Device(
                place,
                knowledge,
                engines=engines,
                sink=sink,
                time=time,
                settings=settings,
                paraphrases=paraphrases_of(place, knowledge.grammar, knowledge.skills.skills.values()),
                on_record=records.append,
                resume=resume,
            ) as device,
            connected(device),
        ):
            if source is None:
                device.agent.tell(TextGiven(at=0, text=text or ""))
                await device.agent.rest()
            else:
                await hear_one_turn(device, source, records)
            await asyncio.to_thread(_deliver, place, device)
    finally:
        await sink.close()
    return records[0] if records else None


@asynccontextmanager
async def connected(device: Device) -> AsyncIterator[None]:
    """With the link to the cloud, where there is one: whoever asks once may wait for it a moment."""
    if device.cloud is None:
        yield
        return
    running = asyncio.create_task(device.cloud.run())
    try:
        await device.cloud.link.line.until("warm", "lost")
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def hear_one_turn(device: Device, source: AudioSource, records: list[TurnRecord]) -> None:
    """Hear a source until somebody's turn in it is over, and let the device come to rest."""
    async with aclosing(source.frames()) as frames:
        async for frame in frames:
            await device.agent.hear(frame)
            if any(record.outcome != "no_speech" for record in records):
                break
    await device.agent.rest()


def _deliver(place: Surroundings, device: Device) -> None:
    """Carry out what the turn set in motion, unless a running device on this folder does it anyway."""
    lock = DeviceLock(place.configuration.device.data)
    if lock.is_free():
        device.outbox.deliver_due(place.now())
