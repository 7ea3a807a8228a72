"""A call: its session's commands carried out, its limits kept, its clients told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.realtime import Realtime
from nearfield_cloud.orchestrator.answer import Orchestrator
from nearfield_cloud.realtime.allowance import Allowance
from nearfield_cloud.realtime.asking import Asking
from nearfield_cloud.realtime.connection import Connection
from nearfield_cloud.realtime.hearing import Hearing, HearingParts
from nearfield_cloud.realtime.session import commands, reducer, reports
from nearfield_cloud.realtime.session.state import SessionState
from nearfield_cloud.realtime.timekeeping import Due, Seen, Timekeeping
from nearfield_cloud.realtime.voices import Voices
from nearfield_sync.clock import Clock
from nearfield_sync.errors import MessageError
from nearfield_sync.messages.realtime import client, nearfield
from nearfield_sync.messages.realtime.client import ClientEvent
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.reading import event_id_of, read_client_event, write_event
from nearfield_sync.messages.realtime.session import Nearfield, ServerVad
from nearfield_sync.telemetry import Counters

log = structlog.get_logger()
_BURST_SECONDS: Final = 2.0
_RESPONSES_AT_ONCE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParts:
    """What all calls share."""

    settings: Realtime
    orchestrator: Orchestrator
    hearing: HearingParts | None
    """None where calls are text only."""
    clock: Clock
    counters: Counters


class Call:
    """One call; used on the event loop only."""

    def __init__(
        self,
        parts: CallParts,
        *,
        call_id: str,
        caller: Caller,
        state: SessionState,
        settle: Callable[[Call, Nearfield], None],
        on_end: Callable[[Call], None],
    ) -> None:
        """Begin without a connection.

        Args:
            parts: What all calls share.
            call_id: Names the worker.
            caller: Whose call it is.
            state: Of a new session, or what is left of an earlier one.
            settle: Told what the client asks for beyond OpenAI's Realtime, an earlier session among it.
            on_end: Told once the call is over.
        """
        now = parts.clock.monotonic_ms()
        limits = parts.settings.limits
        self.id = call_id
        self.caller = caller
        self.state = state
        self.resume_secret = ""
        self.ended = False
        self.lost_at_ms: float | None = None
        """Since when it has no connection of its own."""
        self.coming: Connection | None = None
        """Its own connection while that is being made."""
        self._parts = parts
        self._settle = settle
        self._on_end = on_end
        self._own: Connection | None = None
        self._beside: list[Connection] = []
        self._inbox: deque[ClientEvent | reports.Report] = deque()
        self._reducing = False
        self._asking = Asking(parts.orchestrator, caller, self.report)
        self._hearing = Hearing(parts.hearing, call_id=call_id, report=self.report) if parts.hearing else None
        self.voices = (
            Voices(
                parts.hearing,
                parts.settings,
                call_id=call_id,
                format_now=lambda: self.state.session.audio.output.format,
                report=self.report,
            )
            if parts.hearing
            else None
        )
        self._events = Allowance(
            limits.events_per_second, at_once=limits.events_per_second * _BURST_SECONDS, now_ms=now
        )
        self._responses = Allowance(limits.responses_per_minute / 60, at_once=_RESPONSES_AT_ONCE, now_ms=now)
        self._told = 0
        self._time = Timekeeping(limits, now_ms=now)
        self._beats = 0

    @property
    def busy(self) -> bool:
        """Whether a question is being answered or an answer is heard."""
        return self._asking.busy or self.state.answer is not None or self.state.playing is not None

    @property
    def connected(self) -> bool:
        """Whether its client is there."""
        return self._own is not None

    @property
    def connections(self) -> int:
        """How many, the own one among them."""
        return len(self._beside) + (self._own is not None)

    def attach(self, connection: Connection, *, own: bool) -> None:
        """Take a connection and greet it."""
        now = self._parts.clock.monotonic_ms()
        if own:
            self._own, self.coming, self.lost_at_ms = connection, None, None
            self.state, greeting = reducer.opened(self.state)
            self._carry_out(greeting)
        else:
            self._beside.append(connection)
            greeting = reducer.opened(self.state)[1]
            for command in greeting:
                if isinstance(command, commands.Tell):
                    connection.send(self._written(command.event))
        self._time.connected(now)

    def detach(self, connection: Connection) -> None:
        """A connection is gone; without its own the session waits to be taken up, or the call is over."""
        if connection in self._beside:
            self._beside.remove(connection)
        elif connection is self._own:
            self._own = None
            if self.resume_secret:
                self.part()
            else:
                self.end("the client is gone", reconnect=False)

    def part(self) -> None:
        """The client is lost: nothing goes on, the conversation waits."""
        self.lost_at_ms = self._parts.clock.monotonic_ms()
        self._stop_work()
        self.state = self.state.parted()
        self._parts.counters.add("nearfield_call_losses_total")

    def receive(self, text: str | bytes) -> None:
        """Take what a client sent."""
        now = self._parts.clock.monotonic_ms()
        limits = self._parts.settings.limits
        if not self._events.take(now):
            self._parts.counters.add("nearfield_call_refusals_total", code="too_many_events")
            self._fail("too_many_events", f"more than {limits.events_per_second:g} events a second", None)
            return
        try:
            event = read_client_event(text, largest_bytes=limits.largest_event_bytes)
        except MessageError as error:
            self._parts.counters.add("nearfield_call_refusals_total", code=error.code)
            given = event_id_of(text) if len(text) <= limits.largest_event_bytes else None
            self._fail(error.code, str(error), given)
            return
        if isinstance(event, client.ClientHeartbeat):
            self._time.heard(now, active=False)
            if self.state.session.takes("heartbeat"):
                # Answered at once: a client that waits for an answer finds a dead link by a quicker beat.
                self._tell(nearfield.Heartbeat(sent_ms=now, sequence=event.sequence))
            return
        self._time.heard(now, active=True)
        if isinstance(event, client.ResponseCreate) and not self._responses.take(now):
            self._fail("too_many_responses", "more responses a minute than a call may ask", event.event_id)
            return
        if isinstance(event, client.SessionUpdate) and event.session.nearfield is not None:
            self._settle(self, event.session.nearfield)
        self.report(event)

    def _fail(self, code: str, message: str, event_id: str | None) -> None:
        self.report(reports.Failed(code=code, message=message, event_id=event_id))

    def frame(self, frame: Any) -> None:
        """Take a frame of the client's track."""
        if self._hearing is not None and not self.ended:
            self._hearing.frame(frame, self._parts.clock.monotonic_ms())

    def report(self, event: ClientEvent | reports.Report) -> None:
        """Take an event; those that come while one is worked on wait for it."""
        self._inbox.append(event)
        if self._reducing:
            return
        self._reducing = True
        try:
            while self._inbox and not self.ended:
                self.state, wanted = reducer.reduce(self.state, self._inbox.popleft())
                self._carry_out(wanted)
        finally:
            self._reducing = False

    def tick(self, now_ms: float) -> None:
        """Keep time: heartbeats, silence, limits."""
        if self.lost_at_ms is not None:
            if now_ms - self.lost_at_ms > self._parts.settings.limits.resume_seconds * 1000:
                self.end("nobody came back", reconnect=False)
            return
        if self._own is None:
            return  # whoever makes the connection keeps its time
        if self._hearing is not None:
            self._hearing.tick(now_ms)
        due = self._time.due(now_ms, self._seen())
        if due is Due.BEAT:
            self._beats += 1
            self._tell(nearfield.Heartbeat(sent_ms=now_ms, sequence=self._beats))
        elif due is Due.LOST:
            self._parts.counters.add("nearfield_call_heartbeats_missed_total")
            self._own.close("no heartbeat came")
            self.detach(self._own)
        elif due is Due.SILENT:
            at_ms = self._hearing.position_ms if self._hearing else 0
            timeout_ms = self._seen().idle_timeout_ms or 0
            self.report(reports.StayedSilent(from_ms=max(0, at_ms - timeout_ms), at_ms=at_ms))
        elif due in (Due.SPENT, Due.IDLE):
            self.end(due.value, reconnect=True)

    def _seen(self) -> Seen:
        session, entries = self.state.session, self.state.entries
        detection = session.audio.input.turn_detection
        return Seen(
            beats=session.takes("heartbeat"),
            busy=self.busy,
            speaking=self._hearing is not None and self._hearing.speaking,
            answered=bool(entries) and bool(entries[-1].response_id),
            idle_timeout_ms=detection.idle_timeout_ms if isinstance(detection, ServerVad) else None,
        )

    def end(self, reason: str, *, reconnect: bool) -> None:
        """End the call, and say so."""
        if self.ended:
            return
        if self.state.session.nearfield is not None and self._own is not None:
            after = self._parts.settings.reconnect_after_seconds if reconnect else None
            self._tell(nearfield.Goodbye(reason=reason, reconnect_after_seconds=after))
        self.ended = True
        self._stop_work()
        for connection in (self._own, self.coming, *self._beside):
            if connection is not None:
                connection.close(reason)
        self._own = self.coming = None
        self._beside.clear()
        tenant = self.caller.tenant
        log.info("call_ended", call_id=self.id, tenant=tenant, reason=reason)
        self._on_end(self)

    def abandon(self) -> None:
        """Give the session up to another call: close without a word."""
        self.state = self.state.parted()
        own, self._own = self._own, None
        if own is not None:
            own.close("the session goes on elsewhere")
        self.end("the session goes on elsewhere", reconnect=False)

    def _stop_work(self) -> None:
        self._asking.close()
        self._asking.forget()
        if self.voices is not None:
            self.voices.close()
            self.voices = None
        if self._hearing is not None:
            self._hearing.close()
            self._hearing = None

    def _written(self, event: ServerEvent) -> str:
        self._told += 1
        return write_event(event.model_copy(update={"event_id": f"event_{self._told}"}))

    def _tell(self, event: ServerEvent) -> None:
        text = self._written(event)
        for connection in (self._own, *self._beside):
            if connection is not None:
                connection.send(text)

    def _carry_out(self, wanted: tuple[commands.Command, ...]) -> None:
        for command in wanted:
            if self.ended:
                return
            if isinstance(command, commands.Tell):
                self._tell(command.event)
            elif isinstance(command, _ANSWERING):
                self._ask(command)
            elif isinstance(command, commands.Speak | commands.FinishSpeaking | commands.StopSpeaking):
                if self.voices is not None:
                    self.voices.carry_out(command)
            elif self._hearing is not None:
                self._hear(self._hearing, command)

    def _ask(self, command: commands.Command) -> None:
        if isinstance(command, commands.Hear):
            self._asking.hear(command.text, command.conversation)
        elif isinstance(command, commands.StartAnswer):
            self._asking.start(command)
        elif isinstance(command, commands.CancelAnswer):
            self._asking.cancel(command.response_id)
        elif isinstance(command, commands.Confirm):
            self._asking.confirm(command)

    def _hear(self, hearing: Hearing, command: commands.Command) -> None:
        if isinstance(command, commands.Listen):
            hearing.set(command.session)
        elif isinstance(command, commands.TakeSound):
            hearing.take(command.audio, command.event_id)
        elif isinstance(command, commands.CommitSound):
            hearing.commit(command.item_id, command.event_id)
        elif isinstance(command, commands.ClearSound):
            hearing.clear()
        elif isinstance(command, commands.Transcribe):
            hearing.transcribe(command.item_id, command.sound)


_ANSWERING: Final = (commands.Hear, commands.StartAnswer, commands.CancelAnswer, commands.Confirm)
