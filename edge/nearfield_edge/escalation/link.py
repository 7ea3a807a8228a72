"""Asking over the warm line: the seam `Escalation` as the device uses it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, get_args

from nearfield_edge.errors import EdgeError, EscalationRefusedError, LinkError, LinkLostError
from nearfield_edge.escalation.call import Asked, Call
from nearfield_edge.escalation.connecting import Asking, Wanted
from nearfield_edge.escalation.line import LineOpener
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.seam import (
    Answered,
    CloudEvent,
    ConfirmationAsked,
    EscalatedQuestion,
    Outcome,
)
from nearfield_edge.escalation.tokens import Tokens
from nearfield_edge.escalation.warm_line import WarmLine
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

_MOST_REMEMBERED: Final = 1_024
"""Keys of questions that were sent."""
_COUNTED: Final = frozenset({*get_args(Outcome), "link_lost", "deadline_passed"})


class CloudLink:
    """The seam `Escalation` over a line that is kept warm. On one event loop; ``run`` keeps it."""

    def __init__(
        self,
        opener: LineOpener,
        tokens: Tokens,
        *,
        clock: Clock,
        counters: Counters,
        options: LinkOptions | None = None,
        language: str = "en",
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Take the parts, as for `WarmLine`; counts ``nearfield_link_questions_total`` besides."""
        self._options = options or LinkOptions()
        self.line = WarmLine(
            opener,
            tokens,
            clock=clock,
            counters=counters,
            options=self._options,
            language=language,
            chance=chance,
        )
        self._clock = clock
        self._counters = counters
        self._under_way = 0
        self._sent: OrderedDict[str, None] = OrderedDict()

    @property
    def ready(self) -> bool:
        """Whether the line is warm."""
        return self.line.state.ready and self.line.call is not None

    @property
    def why_not(self) -> str:
        """Why it is not."""
        state = self.line.state
        return "" if self.ready else state.leaving or state.reason or "the link is being set up"

    async def run(self) -> None:
        """Keep the line until cancelled."""
        await self.line.run()

    def wanted(self) -> None:
        """Somebody would ask now: try again at once."""
        if not self.ready:
            self.line.take(Wanted())

    def hear(self, turn_id: str, partial: str) -> None:
        """Tell what was said so far; nothing without a link."""
        if self.ready and self.line.call is not None:
            with self.line.losing():
                self.line.call.hear(partial)

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """A person's answer; nothing without a link."""
        if self.line.call is not None:
            with self.line.losing():
                self.line.call.confirm(call_id, agreed=agreed)

    async def ask(self, question: EscalatedQuestion) -> AsyncGenerator[CloudEvent]:
        """Ask; to be used under ``aclosing``.

        Raises:
            LinkLostError: There is no link, or it was lost before the answer was over.
            EscalationRefusedError: The cloud declined or took too long, or this very question was sent
                before.
        """
        call, asked = self._begin(question)
        outcome: str = "cancelled"
        try:
            async with aclosing(self._answer(question, asked)) as events:
                async for event in events:
                    if isinstance(event, Answered):
                        outcome = event.outcome
                    yield event
        except EdgeError as error:
            outcome = error.code if error.code in _COUNTED else "refused"
            raise
        finally:
            self._counters.add("nearfield_link_questions_total", outcome=outcome)
            if call is self.line.call:
                with self.line.losing():
                    call.cancel(asked)
            self._under_way -= 1
            self.line.take(Asking(under_way=self._under_way > 0))

    def _begin(self, question: EscalatedQuestion) -> tuple[Call, Asked]:
        call = self.line.call
        if call is None or not self.ready:
            raise LinkLostError(self.why_not, sent=False)
        if question.key in self._sent:
            raise EscalationRefusedError(f"question {question.key} was sent before", code="already_asked")
        try:
            asked = call.begin(question)
        except LinkError as error:
            self.line.fail("line", error)
            raise LinkLostError(str(error)) from error
        self._sent[question.key] = None
        while len(self._sent) > _MOST_REMEMBERED:
            self._sent.popitem(last=False)
        self._under_way += 1
        self.line.take(Asking(under_way=True))
        return call, asked

    async def _answer(self, question: EscalatedQuestion, asked: Asked) -> AsyncGenerator[CloudEvent]:
        seconds = question.deadline_seconds or self._options.deadline_seconds
        until_ms = self._clock.monotonic_ms() + seconds * 1000
        while True:
            try:
                # Not around the yield: the deadline must not strike whoever reads.
                async with asyncio.timeout(max(until_ms - self._clock.monotonic_ms(), 0) / 1000):
                    event = await asked.next()
            except TimeoutError as error:
                raise EscalationRefusedError(
                    f"the cloud did not answer within {seconds:g} s", code="deadline_passed"
                ) from error
            if isinstance(event, ConfirmationAsked):
                until_ms += self._options.confirmation_seconds * 1000
            yield event
            if isinstance(event, Answered):
                return
