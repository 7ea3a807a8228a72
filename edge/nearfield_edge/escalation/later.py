"""Questions that cannot be asked now: offered to be asked later, kept, and told once they are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, Protocol

import structlog

from nearfield_edge import phrases
from nearfield_edge.doubts.offers import LATER, Offer
from nearfield_edge.errors import RecordError
from nearfield_edge.escalation.asked import sources_of
from nearfield_edge.escalation.queued_question import QueuedQuestion
from nearfield_edge.escalation.seam import EscalatedQuestion
from nearfield_edge.turn.content import Answer
from nearfield_sync.messages.turn_record import EscalationRecord
from nearfield_sync.telemetry import Log

TOLD_WITHIN: Final = timedelta(minutes=15)
"""Whoever asked longer ago is no longer there."""
_MOST_OFFERS: Final = 8
_LOOK_SECONDS: Final = 2.0


class LaterQuestions(Protocol):
    """Questions that wait for a link."""

    def put(self, question: EscalatedQuestion) -> bool:
        """Let a question wait; whether it does."""
        ...


class SettledQuestions(Protocol):
    """Questions that were answered or given up."""

    def to_tell(self) -> tuple[QueuedQuestion, ...]:
        """Those that were not told yet."""
        ...

    def told(self, key: str) -> None:
        """One was, or need not be any more."""
        ...


class AskingLater:
    """Lets questions wait, as the policy and the person say."""

    def __init__(self, queue: LaterQuestions, policy: Literal["never", "ask", "always"]) -> None:
        self._queue = queue
        self._policy = policy
        self._offered: dict[str, EscalatedQuestion] = {}
        self._log: Log = structlog.get_logger()

    async def offered(self, answer: Answer, question: EscalatedQuestion) -> Answer:
        """The device's own answer, with what the policy makes of a question that nobody could be asked."""
        if self._policy == "never":
            return answer
        if self._policy == "always":
            return replace(answer, more=(await self._put(question),))
        self._offered[question.turn_id] = question
        for old in list(self._offered)[:-_MOST_OFFERS]:
            del self._offered[old]
        offer = Offer(kind=LATER, reference=question.turn_id)
        return replace(answer, more=(phrases.SHALL_I_ASK,), asks=True, asks_shortly=True, offer=offer)

    async def decided(self, reference: str, *, accepted: bool) -> Answer:
        """A person has said yes or no to an offer."""
        question = self._offered.pop(reference, None)
        if not accepted:
            return Answer(text=phrases.ALL_RIGHT, source="phrase:all_right")
        if question is None:
            return Answer(text=phrases.NO_ANSWER, source="phrase:no_answer")
        return Answer(text=await self._put(question), source="phrase:later")

    async def _put(self, question: EscalatedQuestion) -> str:
        """Let a question wait, and say so."""
        try:
            waits = await asyncio.to_thread(self._queue.put, question)
        except RecordError as error:
            self._log.error("question_not_kept", code=error.code, exc_info=error)
            waits = False
        return phrases.WILL_ASK if waits else phrases.CANNOT_KEEP


class TellingLater:
    """Tells what was answered later, when nobody speaks and whoever asked may still be there."""

    def __init__(
        self,
        queue: SettledQuestions,
        *,
        now: Callable[[], datetime],
        is_quiet: Callable[[], bool],
        tell: Callable[[Answer], None],
    ) -> None:
        """Take the parts.

        Args:
            queue: Has what is to be told.
            now: The time, aware.
            is_quiet: Whether nobody speaks or is answered.
            tell: Lets the device say an answer that nobody waits for.
        """
        self._queue = queue
        self._now = now
        self._is_quiet = is_quiet
        self._tell = tell
        self._woken = asyncio.Event()
        self._log: Log = structlog.get_logger()

    def wake(self) -> None:
        """Something was settled. Call it on the event loop's thread."""
        self._woken.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        waits = True  # for what an earlier run has left
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if waits else None):
                    await self._woken.wait()
            self._woken.clear()
            try:
                waits = not await self.told_all()
            except RecordError as error:
                self._log.error("question_queue_unusable", code=error.code, exc_info=error)

    async def told_all(self) -> bool:
        """Tell one of those that may be told now; whether none is left.

        Raises:
            RecordError: The queue cannot be read or written.
        """
        for settled in await asyncio.to_thread(self._queue.to_tell):
            answer = told_later(settled)
            asked_at = datetime.fromtimestamp(settled.kept_ms / 1000, UTC)
            if answer is None or self._now() - asked_at > TOLD_WITHIN:
                await asyncio.to_thread(self._queue.told, settled.question.key)
            elif self._is_quiet():
                self._tell(answer)  # at once: a moment later somebody may speak, and it would be lost
                await asyncio.to_thread(self._queue.told, settled.question.key)
                return False
            else:
                return False
        return True


def told_later(settled: QueuedQuestion) -> Answer | None:
    """What is said of a question that has been answered; None of one that was given up."""
    if not settled.sentences:
        return None
    record = EscalationRecord(
        sent=settled.question.text,
        outcome="answered",
        reason="asked later",
        sources=sources_of(settled.sentences),
    )
    more = tuple(sentence.text for sentence in settled.sentences)
    masked = "[" in settled.question.text  # what the masks stood for is forgotten by now
    text = phrases.YOUR_QUESTION if masked else phrases.you_asked(settled.question.text)
    return Answer(text=text, more=more, source="cloud", escalation=record)
