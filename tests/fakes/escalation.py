"""A cloud that says what the test has written down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from nearfield_edge.errors import EdgeError, EscalationRefusedError, LinkLostError
from nearfield_edge.escalation.seam import Answered, AnswerSentence, CloudEvent, EscalatedQuestion, Escalation

Step = CloudEvent | EdgeError | asyncio.Event
"""Something to say, an error to raise, or something to wait for first."""


def answer(*sentences: str, kept_seconds: int = 0) -> tuple[CloudEvent, ...]:
    """An answer of these sentences."""
    ended = Answered(outcome="answered", reason="as scripted", may_be_kept_seconds=kept_seconds)
    return (*(AnswerSentence(text=text) for text in sentences), ended)


class FakeEscalation:
    """Answers by question text; what is not in the script is answered as if the link had been lost."""

    def __init__(self, script: dict[str, Sequence[Step]] | None = None, *, ready: bool = True) -> None:
        self.script = dict(script or {})
        self.asked: list[EscalatedQuestion] = []
        self.heard: list[tuple[str, str]] = []
        self.times_wanted = 0
        self.confirmed: list[tuple[str, bool]] = []
        self.cancelled: list[str] = []
        """Keys of questions whose answer was closed before it was over."""
        self._lost_because = "" if ready else "no link, as scripted"

    @property
    def ready(self) -> bool:
        return not self._lost_because

    @property
    def why_not(self) -> str:
        return self._lost_because

    def lose(self, reason: str = "the link was lost, as scripted") -> None:
        """From now on nobody can be asked."""
        self._lost_because = reason

    def restore(self) -> None:
        """The link is warm again."""
        self._lost_because = ""

    def wanted(self) -> None:
        self.times_wanted += 1

    def hear(self, turn_id: str, partial: str) -> None:
        if self.ready:
            self.heard.append((turn_id, partial))

    async def ask(self, question: EscalatedQuestion) -> AsyncGenerator[CloudEvent]:
        if not self.ready:
            raise LinkLostError(self._lost_because, sent=False)
        if any(asked.key == question.key for asked in self.asked):
            raise EscalationRefusedError(f"question {question.key} was sent before", code="already_asked")
        self.asked.append(question)
        over = False
        try:
            for step in self.script.get(question.text, (LinkLostError("nothing was scripted"),)):
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, EdgeError):
                    over = True
                    raise step
                elif not self.ready:
                    over = True
                    raise LinkLostError(self._lost_because)
                else:
                    over = isinstance(step, Answered)
                    yield step
        finally:
            if not over:
                self.cancelled.append(question.key)

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        if self.ready:
            self.confirmed.append((call_id, agreed))


def as_escalation(fake: FakeEscalation) -> Escalation:
    """Only here so that mypy checks the fake against the seam."""
    return fake
