"""Asking what has waited, when there is a link and nobody is being served."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final

import structlog

from nearfield_edge.errors import EscalationRefusedError, LinkLostError, RecordError
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    ConfirmationAsked,
    EscalatedQuestion,
    Escalation,
)
from nearfield_sync.telemetry import Log

LOOK_SECONDS: Final = 5.0
"""Between looks at the link and the queue."""
_NOT_SENT: Final = frozenset({"busy"})


class QuestionLoop:
    """Takes questions from the queue, one after the other."""

    def __init__(
        self,
        queue: QuestionQueue,
        escalation: Escalation,
        *,
        may_ask: Callable[[], bool],
        on_settled: Callable[[], None] = lambda: None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Take the parts.

        Args:
            queue: Its questions are asked.
            escalation: Who is asked.
            may_ask: Whether the device has time: nobody is speaking, nothing is being answered.
            on_settled: Told when a question was answered or given up; `QuestionQueue.to_tell` has it.
            look_seconds: Between looks where nothing wakes the loop.
        """
        self._queue = queue
        self._escalation = escalation
        self._may_ask = may_ask
        self._on_settled = on_settled
        self._look_seconds = look_seconds
        self._woken = asyncio.Event()
        self._log: Log = structlog.get_logger()

    def wake(self) -> None:
        """There may be something to ask. Call it on the event loop's thread."""
        self._woken.set()

    async def run(self) -> None:
        """Ask until cancelled; what is being asked then is given up at the next start."""
        while True:
            self._woken.clear()
            try:
                while self._escalation.ready and self._may_ask() and await self.ask_next():
                    pass
            except RecordError as error:
                self._log.error("question_queue_unusable", code=error.code, exc_info=error)
            # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._woken.wait()

    async def ask_next(self) -> bool:
        """Ask one question, and say whether it was settled.

        Raises:
            RecordError: The queue cannot be read or written.
        """
        waiting = await asyncio.to_thread(self._queue.next)
        if waiting is None or not await asyncio.to_thread(self._queue.begin, waiting.question.key):
            return False
        question = waiting.question
        try:
            sentences = await self._answer(question)
        except LinkLostError as error:
            return await self._not_answered(question, error, sent=error.sent)
        except EscalationRefusedError as error:
            return await self._not_answered(question, error, sent=error.code not in _NOT_SENT)
        if isinstance(sentences, str):
            await asyncio.to_thread(self._queue.give_up, question.key, sentences)
        else:
            await asyncio.to_thread(self._queue.answer, question.key, sentences)
        self._on_settled()
        return True

    async def _answer(self, question: EscalatedQuestion) -> tuple[AnswerSentence, ...] | str:
        """The whole answer, or why there is none."""
        sentences: list[AnswerSentence] = []
        async with aclosing(self._escalation.ask(question)) as events:
            async for event in events:
                if isinstance(event, AnswerSentence):
                    sentences.append(event)
                elif isinstance(event, ConfirmationAsked):
                    # Nobody is there who could agree.
                    self._escalation.confirm(event.call_id, agreed=False)
                elif isinstance(event, Answered) and event.outcome not in ("answered", "handed_over"):
                    return f"the cloud ended it: {event.outcome}, {event.reason}"
        return tuple(sentences) if sentences else "the cloud said nothing"

    async def _not_answered(
        self, question: EscalatedQuestion, error: LinkLostError | EscalationRefusedError, *, sent: bool
    ) -> bool:
        if not sent:
            await asyncio.to_thread(self._queue.put_back, question.key)
            return False
        await asyncio.to_thread(self._queue.give_up, question.key, f"{error.code}: {error}")
        self._on_settled()
        return True
