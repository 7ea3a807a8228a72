"""Customers who come to a device one after the other: what each said, and what came of it when.

It all happens in real time. The device is the product's own, with its wake words, beside a paced source and a
paced sink. Each customer taps the talk button, says one order, hears the beginning of the reply and goes; the
next one comes when the conversation has been forgotten, by a clock that is moved on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.cli.single_turn import connected
from nearfield_edge.composition import (
    Device,
    Surroundings,
    gather_knowledge,
    paraphrases_of,
    surroundings,
    turn_settings,
)
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.engine_loading import Engines
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_sync.clock import SystemClock
from nearfield_sync.messages.turn_record import TurnRecord
from tools.bench.learned import share_what_is_learned
from tools.bench.paced_room import Listener, PacedRoom

LISTENS_SECONDS: Final = 2.0
"""How much of a reply a customer hears: longer than the turn can be reopened."""
LONGEST_WAIT_SECONDS: Final = 15.0
"""From the end of speech until nobody waits for a reply any more."""
_FORGOTTEN: Final = timedelta(hours=1)
_LOOK_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenOrder:
    """An order, ready to be played."""

    name: str
    samples: Samples
    speech_begin: int
    """Sample."""
    speech_end: int
    """Sample after the last speech in the clean recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What came of an order; times in milliseconds since the end of speech."""

    name: str
    first_audible_ms: float | None
    record: TurnRecord | None
    """None where the device made no turn, or more than one, of it."""
    device_end_ms: float | None
    """Where the device itself puts the end of speech, from which its record counts."""
    reopened: int
    taken_back: int
    """Replies that could be heard already when the customer went on."""
    from_store: bool
    speech_seconds: float
    processor_seconds: float
    """Of the whole process while the customer spoke."""


class MovedClock:
    """The machine's time, moved on between customers."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._moved = timedelta()

    def move_on(self) -> None:
        """Let a time pass after which nothing of a conversation is remembered."""
        self._moved += _FORGOTTEN

    def utc_now(self) -> datetime:
        """The moment."""
        return self._system.utc_now() + self._moved

    def monotonic_ms(self) -> float:
        """Of the machine."""
        return self._system.monotonic_ms()


class Till:
    """Where customers stand: a device in a room, watched."""

    def __init__(self, clock: RealTimeClock) -> None:
        self.clock = clock
        self.room = PacedRoom(clock)
        self.listener = Listener(clock)
        self.calendar = MovedClock()
        self.records: list[TurnRecord] = []
        self.happened: list[do.Command | ev.Event] = []
        """But for hops; of the present customer."""
        self.taken_back = 0
        self._void_replies = 0
        self._speak_at: tuple[int, int] | None = None
        """When a reply was last to be said, and how much had happened by then."""
        self._place: Surroundings | None = None
        self._device: Device | None = None

    @property
    def device(self) -> Device:
        """The one that works here."""
        if self._device is None:
            raise RuntimeError("no device works here yet")
        return self._device

    @property
    def from_store(self) -> float:
        """Replies so far that were said from the disk."""
        if self._place is None:
            return 0.0
        return self._place.counters.value("nearfield_prompts_said_total", origin="store")

    @asynccontextmanager
    async def at_work(self, engines: Engines, data: Path, raw: Mapping[str, Any]) -> AsyncIterator[None]:
        """Let a device with its data in a folder hear the room, once it has filled and learned everything."""
        share_what_is_learned(data, "customers")
        configuration = parse_configuration(
            {**raw, "device": {"id": "bench", "data": str(data)}}, where="the bench"
        )
        self._place = place = surroundings(configuration, self.calendar)
        knowledge = gather_knowledge(place)
        async with Device(
            place,
            knowledge,
            engines=engines,
            sink=PacedSink(self.clock, self.listener),
            time=self.clock,
            settings=replace(turn_settings(configuration, loudspeaker=False), follow_up_ms=0),
            paraphrases=paraphrases_of(place, knowledge.grammar, knowledge.skills.skills.values()),
            watcher=self._watch,
            on_record=self.records.append,
            session="conversation",  # the same turns choose the same wording of a reply
            resume=False,
        ) as device:
            self._device = device
            await device.warm_up()
            await device.fill_prompts()
            await device.learn()
            async with connected(device):
                hearing = asyncio.create_task(device.agent.run(self.room), name="hear")
                await asyncio.sleep(0)
                try:
                    yield
                finally:
                    await self.room.close()
                    await hearing

    async def idle_cores(self, sound: Samples) -> float:
        """Processor seconds a second while a sound is played that means nobody."""
        end = self.room.say(sound) + sound.size
        processor, began = time.process_time(), time.perf_counter()
        await self.clock.wait_until(end)
        return (time.process_time() - processor) / (time.perf_counter() - began)

    async def serve(self, order: SpokenOrder) -> Served:
        """Play an order, and listen to what the device says to it."""
        self._forget()
        from_store = self.from_store
        agent = self.device.agent
        agent.tell(ev.TalkPressed(at=agent.state.at, held=False))
        at = self.room.say(order.samples)
        await self.clock.wait_until(at + order.speech_begin)
        processor = time.process_time()
        end = at + order.speech_end
        await self.clock.wait_until(end)
        processor = time.process_time() - processor
        await self._until_heard(end)
        self.room.hush()
        agent.tell(ev.StopAsked(at=agent.state.at))
        await self._until(lambda: agent.state.turn is None and len(self.records) == self._count(do.OpenTurn))
        audible = self._audible()
        device_end = self._device_end()
        return Served(
            name=order.name,
            first_audible_ms=None if audible is None else (audible - end) / SAMPLES_PER_MS,
            record=self.records[0] if len(self.records) == 1 else None,
            device_end_ms=None
            if device_end is None
            else (device_end - self.room.position(end)) / SAMPLES_PER_MS,
            reopened=self._count(do.ReopenTurn),
            taken_back=self.taken_back,
            from_store=self.from_store > from_store,
            speech_seconds=(order.speech_end - order.speech_begin) / SAMPLE_RATE_HZ,
            processor_seconds=processor,
        )

    async def interrupt_with(self, order: SpokenOrder, text: str) -> tuple[float | None, bool]:
        """Type a request while an order is being recognised.

        Returns:
            Milliseconds from when the reply's words were to be said to the first audible sample, and whether
            recognition still ran at that moment.
        """
        self._forget()
        agent = self.device.agent
        agent.tell(ev.TalkPressed(at=agent.state.at, held=False))
        self.room.say(order.samples)
        await self._until(lambda: self._is_recognising(len(self.happened)))
        agent.tell(ev.TextGiven(at=agent.state.at, text=text))
        await self._until(lambda: self._speak_at is not None)
        spoken, place = self._speak_at or (0, 0)
        await self._until(lambda: self._audible() is not None)
        self.room.hush()
        agent.tell(ev.StopAsked(at=agent.state.at))
        await self._until(lambda: agent.state.turn is None and len(self.records) == self._count(do.OpenTurn))
        audible = self._audible()
        took = None if audible is None else (audible - spoken) / SAMPLES_PER_MS
        return took, self._is_recognising(place)

    def _forget(self) -> None:
        self.calendar.move_on()
        self.records.clear()
        self.happened.clear()
        self.listener.replies.clear()
        self.taken_back = self._void_replies = 0
        self._speak_at = None

    def _watch(self, happened: do.Command | ev.Event) -> None:
        if isinstance(happened, ev.HopHeard):
            return
        if isinstance(happened, do.ReopenTurn):
            self.taken_back += self.listener.sounds
            self._void_replies = len(self.listener.replies)
        if isinstance(happened, do.Speak):
            self._speak_at = (self.clock.now(), len(self.happened))
        self.happened.append(happened)

    def _audible(self) -> int | None:
        """When the reply that was not taken back was first heard."""
        standing = self.listener.replies[self._void_replies :]
        return standing[-1].first_audible if standing else None

    def _count(self, kind: type[do.Command]) -> int:
        return sum(isinstance(each, kind) for each in self.happened)

    def _is_recognising(self, until: int) -> bool:
        """Whether a decoding had begun and not ended by so many of the happenings."""
        before = self.happened[:until]
        begun = sum(isinstance(each, do.RecognisePartial | do.Speculate) for each in before)
        return begun > sum(isinstance(each, ev.PartialRecognised | ev.Guessed) for each in before)

    def _device_end(self) -> int | None:
        ends = [each.speech_end for each in self.happened if isinstance(each, do.Recognise)]
        return ends[-1] if ends else None

    async def _until_heard(self, end: int) -> None:
        """Wait until enough of a reply was heard, or it is plain that there is none."""
        latest = end + int(LONGEST_WAIT_SECONDS * SAMPLE_RATE_HZ)
        enough = int(LISTENS_SECONDS * SAMPLE_RATE_HZ)

        def is_over() -> bool:
            audible = self._audible()
            return self.clock.now() > (latest if audible is None else audible + enough)

        await self._until(is_over)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Look every 10 ms whether something is so, but not for ever: what is not there then is missing."""
        latest = time.monotonic() + 2 * LONGEST_WAIT_SECONDS
        while not condition() and time.monotonic() < latest:  # noqa: ASYNC110 (of many things at once)
            await asyncio.sleep(_LOOK_SECONDS)
