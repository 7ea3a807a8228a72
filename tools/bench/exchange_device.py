"""A device of its own for each exchange: it hears what is said, and tells what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import apsw
import numpy as np

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.memory_source import MemorySource
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.composition import (
    Device,
    gather_knowledge,
    open_conversation,
    surroundings,
    turn_settings,
)
from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.engine_loading import Engines
from nearfield_edge.shipped_skills.coffee.drinks import drink_of
from nearfield_edge.skills.conversation import current
from nearfield_edge.turn.events import TextGiven
from nearfield_edge.turn.state import Mode
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples, to_bytes
from nearfield_models.tts.engine import TtsEngine
from nearfield_sync.clock import SystemClock
from nearfield_sync.messages.turn_record import TurnRecord
from tools.bench.exchange_script import BEGIN, ZONE, Exchange, Leaves
from tools.demo.customer import spoken

ROOMS: Final = {
    "boardroom": "the boardroom",
    "blue": "the blue room",
    "atrium": "the atrium",
    "library": "the library",
}
_PAUSE_MS: Final = 600
_AHEAD: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What came of an exchange."""

    records: tuple[TurnRecord | None, ...]
    """Of each turn; None where the device opened none."""
    left: Leaves


class Speaker:
    """Says lines by a voice, each computed once and kept in a folder."""

    def __init__(self, voice: Callable[[], TtsEngine], digest: str, folder: Path) -> None:
        """Take the voice, which is only loaded when a line is not in the folder yet.

        Args:
            voice: Gives it.
            digest: Names the voice and the way it speaks.
            folder: Where sound is kept.
        """
        self._make = voice
        self._digest = digest
        self._folder = folder
        self._voice: TtsEngine | None = None

    def say(self, text: str) -> Samples:
        """``float32[n]`` at 16 kHz."""
        name = hashlib.sha256(f"{self._digest}\n{text}".encode()).hexdigest()[:24]
        file = self._folder / f"{name}.npy"
        if not file.is_file():
            self._voice = self._voice or self._make()
            self._folder.mkdir(parents=True, exist_ok=True)
            np.save(file, spoken(self._voice, text))
        sound: Samples = np.load(file)
        return sound


class ScriptClock:
    """The time of a script: what was heard so far, and the silences between the turns."""

    def __init__(self, heard: InputClock) -> None:
        self._heard = heard
        self._passed = timedelta()
        self._system = SystemClock()

    def let_pass(self, seconds: float) -> None:
        """Nobody says anything for so long."""
        self._passed += timedelta(seconds=seconds)

    def utc_now(self) -> datetime:
        """The moment in the script."""
        heard = timedelta(seconds=self._heard.now() / SAMPLE_RATE_HZ)
        return BEGIN.astimezone(UTC) + self._passed + heard

    def monotonic_ms(self) -> float:
        """Of this machine: what is measured really takes its time."""
        return self._system.monotonic_ms()


async def hold(exchange: Exchange, engines: Engines, speaker: Speaker | None, folder: Path) -> Held:
    """Let a new device with its data in ``folder`` take part; without a speaker the lines are typed."""
    time = InputClock()
    clock = ScriptClock(time)
    configuration = _configuration(folder)
    place = surroundings(configuration, clock)
    _take_rooms(exchange, folder)
    if engines.vad is not None:
        engines.vad.reset()
    records: list[TurnRecord] = []
    settings = replace(
        turn_settings(configuration, loudspeaker=False),
        mode=Mode.OPEN_MIC,
        follow_up_ms=0,
        partial_every_ms=0,
    )
    heard: list[TurnRecord | None] = []
    async with Device(
        place,
        gather_knowledge(place),
        engines=engines,
        sink=PacedSink(time),
        time=time,
        settings=settings,
        on_record=records.append,
        resume=False,
    ) as device:
        for turn in exchange.turns:
            clock.let_pass(turn.waits_seconds)
            before = len(records)
            if speaker is None:
                device.agent.tell(TextGiven(at=device.agent.state.at, text=turn.says))
            else:
                await _hear(device, speaker.say(turn.says))
            await device.agent.rest()
            await asyncio.to_thread(device.outbox.deliver_due, place.now())
            opened = [record for record in records[before:] if record.outcome != "no_speech"]
            heard.append(opened[-1] if opened else None)
        conversation = open_conversation(place).load()
        alive = current(conversation, place.now(), configuration.skills.expire_seconds)
        drinks = alive.memory.get("coffee", {}).get("drinks")
    return Held(records=tuple(heard), left=_left(folder / "skills", drinks))


async def _hear(device: Device, sound: Samples) -> None:
    pause = np.zeros(_PAUSE_MS * SAMPLES_PER_MS, dtype=np.float32)
    begin = device.agent.state.at
    async for frame in MemorySource(to_bytes(np.concatenate([pause, sound]))).frames():
        await device.agent.hear(replace(frame, first_sample=begin + frame.first_sample))


def _configuration(data: Path) -> Configuration:
    rooms = [{"id": room, "name": name, "calendar": f"{room}.ics"} for room, name in ROOMS.items()]
    return parse_configuration(
        {
            "device": {"data": str(data), "time_zone": ZONE.key},
            "skills": {"enabled": ["coffee", "rooms", "visit"], "settings": {"rooms": {"rooms": rooms}}},
        },
        where="the conversations benchmark",
    )


def _calendar(skills: Path, room: str) -> FileCalendar:
    return FileCalendar(skills / "rooms" / "calendars" / f"{room}.ics", ZONE)


def _take_rooms(exchange: Exchange, folder: Path) -> None:
    for room, spans in exchange.taken.items():
        for number, span in enumerate(spans):
            day, hours, organiser = span.split(" ", 2)
            first, last = (datetime.strptime(hour, "%H:%M").time() for hour in hours.split("-"))  # noqa: DTZ007
            date = next(
                BEGIN.date() + timedelta(days=ahead)
                for ahead in range(7)
                if f"{BEGIN.date() + timedelta(days=ahead):%a}" == day
            )
            interval = Interval.between(
                datetime.combine(date, first, tzinfo=ZONE), datetime.combine(date, last, tzinfo=ZONE)
            )
            booking = Booking(uid=f"before-{room}-{number}", interval=interval, organiser=organiser)
            _calendar(folder / "skills", room).book(booking)


def _left(skills: Path, drinks: object) -> Leaves:
    order = [str(drink_of(drink)) for drink in drinks] if isinstance(drinks, list) else []
    sent = [
        [str(drink_of(drink)) for drink in json.loads(content)["drinks"]]
        for content in _column(skills / "coffee" / "orders.db", "SELECT content FROM placed ORDER BY number")
    ]
    calls = _column(skills / "visit" / "calls.db", "SELECT person FROM call ORDER BY number")
    rooms = {room: spans for room in ROOMS if (spans := _spans(_calendar(skills, room)))}
    return Leaves(order=order, sent=sent, calls=list(calls), rooms=rooms)


def _column(database: Path, query: str) -> Sequence[str]:
    if not database.is_file():
        return []
    with closing(apsw.Connection(str(database))) as opened:
        return [str(value) for (value,) in opened.execute(query)]


def _spans(calendar: FileCalendar) -> list[str]:
    begin = BEGIN.astimezone(UTC) - timedelta(days=1)
    found = calendar.bookings(Interval(start=begin, end=begin + _AHEAD))
    spans = [
        (one.interval.start.astimezone(ZONE), one.interval.end.astimezone(ZONE))
        for one in found
        if not one.uid.startswith("before-")
    ]
    return [f"{start:%a %H:%M}-{end:%H:%M}" for start, end in spans]
