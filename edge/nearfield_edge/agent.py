"""The agent: the turn engine's shell.

It feeds sound and reports to the reducer, hands its commands to the workers and keeps the record of every
turn. All decisions are the reducer's; everything here runs on one event loop and never blocks it.

A source that is not paced has its own time (``audio.clock``): whoever computes holds that time still, so a
recording read as fast as possible gives the same events as the same sound heard live.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.source import AudioFrame, AudioSource
from nearfield_edge.ears import Ears
from nearfield_edge.errors import EdgeError
from nearfield_edge.life.memory import give_back_memory
from nearfield_edge.notes import TurnNotes
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.reducer import reduce
from nearfield_edge.turn.state import Mode, State, TurnSettings
from nearfield_edge.workers import TurnKeeper, Work, WorkerParts, Workers
from nearfield_models.errors import CancelledWorkError, ModelsError
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, SAMPLES_PER_MS
from nearfield_sync.clock import Clock
from nearfield_sync.errors import SyncError
from nearfield_sync.telemetry import Counters, Log

_SILENCE = bytes(HOP_BYTES)
_CLOSING_SECONDS = 5.0
_LEISURE_HOPS = 8
"""Frames of a quiet room that are looked at together: waking the processor costs more than looking."""
_LONGEST_REST_HOPS = 18_000  # three minutes: more than all limits of a turn together

Watcher = Callable[[do.Command | ev.Event], None]
"""Is told of every event and command, in order: a page, a trace, a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """Everything an agent is made of."""

    ears: Ears
    work: WorkerParts
    keeper: TurnKeeper
    clock: Clock
    counters: Counters
    settings: TurnSettings
    session: str
    device_id: str
    versions: Mapping[str, str]


class Agent:
    """One device at work."""

    def __init__(self, parts: AgentParts, watcher: Watcher | None = None) -> None:
        self._parts = parts
        self._time = parts.work.time
        self._state = State(settings=parts.settings, session=parts.session)
        self._watch: Watcher = watcher or (lambda _: None)
        self._workers = Workers(parts.work, report=self.tell, is_current=self._is_current)
        self._inbox: deque[ev.Event] = deque()
        self._deciding = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._notes: dict[str, TurnNotes] = {}
        self._unheard: list[AudioFrame] = []
        self._hop_at = 0
        self._hop_ms = parts.clock.monotonic_ms()
        self._log: Log = structlog.get_logger()

    @property
    def state(self) -> State:
        """What the turn engine knows now."""
        return self._state

    async def run(self, source: AudioSource) -> None:
        """Hear the source to its end, and then silence until the device is at rest.

        Raises:
            SourceError: Sound cannot be had.
        """
        async with aclosing(source.frames()) as frames:
            async for frame in frames:
                await self.hear(frame)
        await self.rest()

    async def hear(self, frame: AudioFrame) -> None:
        """Take 10 ms of sound; while nothing goes on, several are looked at together, which costs less."""
        self._unheard.append(frame)
        if self._is_at_leisure and len(self._unheard) < _LEISURE_HOPS:
            return
        frames, self._unheard = self._unheard, []
        for each in frames:
            await self._hear(each)

    @property
    def _is_at_leisure(self) -> bool:
        """Whether nobody speaks or is answered; a source without real time is never waited for."""
        at_rest = self._state.turn is None and not self._state.speaking_now
        return at_rest and not isinstance(self._time, InputClock)

    async def _hear(self, frame: AudioFrame) -> None:
        self._hop_at = frame.first_sample + HOP_SAMPLES
        self._hop_ms = self._parts.clock.monotonic_ms()
        attentive = self._state.turn is not None or self._state.settings.mode is Mode.OPEN_MIC
        for event in self._parts.ears.hear(frame, attentive=attentive):
            self.tell(event)
        if isinstance(self._time, InputClock):
            await self._time.advance(HOP_SAMPLES)

    async def rest(self) -> None:
        """Hear silence until no turn is open, and wait until all records are kept."""
        for _ in range(_LONGEST_REST_HOPS):
            if self._state.turn is None:
                break
            if not isinstance(self._time, InputClock):
                await self._time.wait_until(self._time.now() + HOP_SAMPLES)
            await self._hear(AudioFrame(stream_id="rest", first_sample=self._hop_at, pcm=_SILENCE))
        while self._tasks:
            await asyncio.wait(self._tasks)

    def tell(self, event: ev.Event) -> None:
        """Let the turn engine decide on an event, and begin what it commands."""
        self._inbox.append(event)
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._inbox:
                self._decide(self._inbox.popleft())
        finally:
            self._deciding = False

    async def close(self) -> None:
        """Stop all work and keep the record of an open turn; what it staged is settled at the next start."""
        self._workers.stop()
        for notes in list(self._notes.values()):  # a turn may end meanwhile
            record = notes.record(
                "interrupted", device_id=self._parts.device_id, versions=self._parts.versions
            )
            await self._parts.keeper.keep(record, self._workers.forget(notes.turn_id))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSING_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _decide(self, event: ev.Event) -> None:
        self._watch(event)
        if isinstance(event, ev.WorkEvent) and self._is_current(event.turn_id, event.revision):
            self._notes[event.turn_id].report(event, self._now_ms())
        self._state, commands = reduce(self._state, event)
        for command in commands:
            self._watch(command)
            self._carry_out(command)

    def _carry_out(self, command: do.Command) -> None:
        if isinstance(command, do.OpenTurn):
            self._open(command)
        self._notes[command.turn_id].command(command, self._now_ms())
        if isinstance(command, do.CloseTurn):
            self._close_turn(command)
            return
        work = self._workers.work(command)
        if work is not None:
            self._start(command, work)

    def _start(self, command: do.Command, work: Work) -> None:
        task = asyncio.create_task(self._carried(command, work), name=type(command).__name__)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carried(self, command: do.Command, work: Work) -> None:
        """Do ``work``; what it raises becomes a report to the engine."""
        try:
            await work
        except CancelledWorkError:
            return
        except (EdgeError, ModelsError, SyncError) as error:
            self._failed(command, error.code, error)
        except Exception as error:  # a fault of ours must not end the device
            self._failed(command, "internal_error", error)

    def _failed(self, command: do.Command, code: str, error: Exception) -> None:
        stage = type(command).__name__
        self._parts.counters.add("nearfield_work_failures_total", stage=stage, code=code)
        self._log.warning("work_failed", stage=stage, code=code, turn_id=command.turn_id, exc_info=error)
        revision = getattr(command, "revision", None)
        if revision is not None:
            self.tell(ev.WorkFailed(turn_id=command.turn_id, revision=revision, stage=stage, code=code))

    def _is_current(self, turn_id: str, revision: int) -> bool:
        turn = self._state.turn
        return turn is not None and (turn.turn_id, turn.revision) == (turn_id, revision)

    def _now_ms(self) -> float:
        """Milliseconds of input sound: the last hop's end, and what was computed or waited since."""
        return self._hop_at / SAMPLES_PER_MS + self._parts.clock.monotonic_ms() - self._hop_ms

    def _open(self, command: do.OpenTurn) -> None:
        if command.opened_by == "talk":
            self._parts.ears.expect_anyone()
        self._notes[command.turn_id] = TurnNotes(
            turn_id=command.turn_id,
            opened_by=command.opened_by,
            started_at=self._parts.clock.utc_now().isoformat(timespec="milliseconds"),
            opened_ms=command.at / SAMPLES_PER_MS,
        )

    def _close_turn(self, command: do.CloseTurn) -> None:
        self._parts.counters.add("nearfield_turns_total", outcome=command.outcome)
        self._start(command, self._keep(self._notes.pop(command.turn_id), command.outcome))

    async def _keep(self, notes: TurnNotes, outcome: str) -> None:
        """Finish the record, once it is known how much of a reply that was cut short had been heard."""
        heard = await self._workers.heard(notes.turn_id)
        if heard is not None:
            notes.heard_ms, notes.heard_text = heard.ms, heard.text
        record = notes.record(outcome, device_id=self._parts.device_id, versions=self._parts.versions)
        await self._parts.keeper.keep(record, self._workers.forget(notes.turn_id))
        if self._state.turn is None:  # in nobody's way
            await asyncio.to_thread(give_back_memory)
