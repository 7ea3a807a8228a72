"""One warm call: an open line, its greeting, its heartbeats, and the questions under way on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nearfield_edge.errors import EdgeError, EscalationRefusedError, LinkError, LinkLostError
from nearfield_edge.escalation.answering import AnswerReader, question_event
from nearfield_edge.escalation.line import Line
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.seam import CloudEvent, EscalatedQuestion
from nearfield_sync.errors import MessageError
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import (
    ClientHeartbeat,
    Confirm,
    ResponseCancel,
    UnfinishedQuestion,
)
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.reading import Unknown, read_server_event, write_event
from nearfield_sync.messages.realtime.session import RealtimeSession, Resume

LONGEST_PARTIAL_CHARACTERS = 2_000


class Asked:
    """A question under way: what came of its answer, and how it ended."""

    def __init__(self, reader: AnswerReader, *, can_wait: bool) -> None:
        self.reader = reader
        self.can_wait = can_wait
        self._events: asyncio.Queue[CloudEvent | EdgeError] = asyncio.Queue()

    def put(self, event: CloudEvent | EdgeError) -> None:
        """Hand on; the reader bounds how much an answer may be."""
        self._events.put_nowait(event)

    async def next(self) -> CloudEvent:
        """The next event.

        Raises:
            LinkLostError: The link was lost.
            EscalationRefusedError: The cloud declined.
        """
        event = await self._events.get()
        if isinstance(event, EdgeError):
            raise event
        return event


class Call:
    """An open line with what is under way on it. On one event loop."""

    def __init__(
        self,
        line: Line,
        options: LinkOptions,
        *,
        monotonic_ms: Callable[[], float],
        on_heard: Callable[[], None],
        on_goodbye: Callable[[nearfield.Goodbye], None],
    ) -> None:
        """Take the line over.

        Args:
            line: Closed with this call.
            options: Limits.
            monotonic_ms: For heartbeats.
            on_heard: Told whenever something came.
            on_goodbye: Told when the cloud says goodbye.
        """
        self.line = line
        self.greeted = asyncio.Event()
        self.resume: Resume | None = None
        """What takes this session up again."""
        self.resumed = False
        self._options = options
        self._monotonic_ms = monotonic_ms
        self._on_heard = on_heard
        self._on_goodbye = on_goodbye
        self._asked: Asked | None = None
        self._events_sent = 0
        self._partial = ""

    async def read(self) -> None:
        """Hand on what comes, until the line is closed.

        Raises:
            LinkError: It is; or what came cannot be read.
        """
        while True:
            text = await self.line.receive()
            try:
                event = read_server_event(text, largest_bytes=self._options.largest_event_bytes)
            except MessageError as error:
                raise LinkError(
                    f"the cloud sent what cannot be read: {error}", code="answer_invalid"
                ) from error
            self._on_heard()
            if not isinstance(event, Unknown):
                self._take(event)

    def begin(self, question: EscalatedQuestion) -> Asked:
        """Send a question.

        Raises:
            LinkError: The line is closed.
            EscalationRefusedError: It is too long, or another is under way that cannot wait.
        """
        self._make_way(question)
        self._events_sent += 1
        event_id = f"ask-{self._events_sent}"
        text = question_event(question, event_id, most_exchanges=self._options.most_exchanges)
        reader = AnswerReader(
            question.key, event_id, longest_characters=self._options.longest_answer_characters
        )
        self.line.send(text)
        self._asked = asked = Asked(reader, can_wait=question.can_wait)
        self._partial = ""
        return asked

    def cancel(self, asked: Asked) -> None:
        """Nobody waits for this answer any more.

        Raises:
            LinkError: The line is closed.
        """
        if asked is not self._asked:
            return
        self._asked = None
        if not asked.reader.over:
            # Without a name yet, it is the one that the cloud begins with next: events keep their order.
            self.line.send(write_event(ResponseCancel(response_id=asked.reader.response_id)))

    def hear(self, partial: str) -> None:
        """Tell an unfinished question.

        Raises:
            LinkError: The line is closed.
        """
        text = partial[-LONGEST_PARTIAL_CHARACTERS:]
        if text and text != self._partial:
            self._partial = text
            self.line.send(write_event(UnfinishedQuestion(text=text)))

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """Hand a person's answer on.

        Raises:
            LinkError: The line is closed.
        """
        self.line.send(write_event(Confirm(call_id=call_id, agreed=agreed)))

    def beat(self, sequence: int) -> None:
        """Send a heartbeat.

        Raises:
            LinkError: The line is closed.
        """
        self.line.send(write_event(ClientHeartbeat(sent_ms=self._monotonic_ms(), sequence=sequence)))

    def end(self, reason: LinkLostError) -> None:
        """Tell whoever waits; the line is closed by whoever ends it."""
        asked, self._asked = self._asked, None
        if asked is not None and not asked.reader.over:
            asked.put(reason)

    def _take(self, event: ServerEvent) -> None:
        match event:
            case server.SessionCreated() | server.SessionUpdated():
                self._greet(event.session)
            case nearfield.Goodbye():
                self._on_goodbye(event)
            case _:
                if self._asked is not None:
                    self._hand_on(self._asked, event)

    def _greet(self, session: RealtimeSession) -> None:
        # Over WebSocket the first greeting is from before this end said what it wants.
        if session.nearfield is None or not session.takes("heartbeat"):
            return
        if session.id is not None and session.nearfield.resume_secret is not None:
            self.resume = Resume(session_id=session.id, secret=session.nearfield.resume_secret)
        self.resumed = bool(session.nearfield.resumed)
        self.greeted.set()

    def _hand_on(self, asked: Asked, event: ServerEvent) -> None:
        try:
            given = asked.reader.take(event)
        except EscalationRefusedError as error:
            asked.put(error)
            self.cancel(asked)
        else:
            if given is not None:
                asked.put(given)

    def _make_way(self, question: EscalatedQuestion) -> None:
        """The cloud answers one question of a session at a time."""
        asked = self._asked
        if asked is None or asked.reader.over:
            return
        if question.can_wait or not asked.can_wait:
            raise EscalationRefusedError("another question is under way", code="busy")
        asked.put(EscalationRefusedError("it gave way to somebody who waits", code="displaced"))
        self.cancel(asked)
