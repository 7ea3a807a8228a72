"""A scripted orchestrator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import OrchestrationError
from nearfield_cloud.orchestrator.answer import (
    AnswerEvent,
    Citation,
    ConfirmationNeeded,
    Finished,
    Listening,
    Orchestrator,
    Planned,
    SentenceReady,
)
from nearfield_cloud.orchestrator.question import Exchange, Question

CITATION = Citation(chunk_id="care#2", document="Care", source="care.md", quote="Rinse it daily.")
ANSWER: tuple[AnswerEvent, ...] = (
    Planned(plan="knowledge", reason="a passage answers"),
    SentenceReady(text="Rinse it daily.", citations=(CITATION,)),
    SentenceReady(text="Descale it once a month."),
    Finished(outcome="answered", reason="grounded", model_tokens=7, may_be_kept_seconds=60),
)


class ScriptedListening:
    """Answers as its orchestrator's script says, and tells it all."""

    def __init__(self, orchestrator: ScriptedOrchestrator) -> None:
        self._orchestrator = orchestrator
        self._decisions: dict[str, asyncio.Future[bool]] = {}

    def hear(self, partial: str) -> None:
        self._orchestrator.partials.append(partial)

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        script = self._orchestrator
        script.questions.append(question)
        finished = False
        try:
            for number, event in enumerate(script.script_for(question.text)):
                if number == script.holds_before:
                    script.holding.set()
                    await script.released.wait()
                if number == script.breaks_before:
                    raise OrchestrationError("the scripted orchestrator was told to break its promise")
                yield event
                if isinstance(event, ConfirmationNeeded):
                    decision = asyncio.get_running_loop().create_future()
                    self._decisions[event.call_id] = decision
                    script.decisions[event.call_id] = await decision
            finished = True
        finally:
            if not finished:
                script.cancelled.append(question.turn_id)
                script.closed_early.set()

    async def aclose(self) -> None:
        """Nothing was begun."""

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        if call_id not in self._decisions or self._decisions[call_id].done():
            raise OrchestrationError(f"nothing of id {call_id!r} waits")
        self._decisions[call_id].set_result(agreed)


class ScriptedOrchestrator:
    """Gives the answer of the first key that the question holds, else the default; can wait and can break."""

    def __init__(
        self,
        answers: Mapping[str, Sequence[AnswerEvent]] | None = None,
        *,
        default: Sequence[AnswerEvent] = ANSWER,
        holds_before: int | None = None,
        breaks_before: int | None = None,
    ) -> None:
        self._answers = answers or {}
        self._default = tuple(default)
        self.holds_before = holds_before
        self.breaks_before = breaks_before
        self.holding = asyncio.Event()
        """Set once an answer waits."""
        self.released = asyncio.Event()
        self.questions: list[Question] = []
        self.partials: list[str] = []
        self.cancelled: list[str] = []
        """Turns that were closed early."""
        self.closed_early = asyncio.Event()
        self.decisions: dict[str, bool] = {}

    def script_for(self, text: str) -> Sequence[AnswerEvent]:
        found = (events for key, events in self._answers.items() if key.lower() in text.lower())
        return next(found, self._default)

    def listen(self, caller: Caller | None = None, conversation: Sequence[Exchange] = ()) -> Listening:
        return ScriptedListening(self)


def as_orchestrator(fake: ScriptedOrchestrator) -> Orchestrator:
    """Only here so that mypy checks the fake against the seam."""
    return fake
