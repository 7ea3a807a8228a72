"""One call's questions: what the session wants asked goes to the orchestrator, its answer comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import structlog

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import CloudError
from nearfield_cloud.orchestrator.answer import Finished, Listening, Orchestrator
from nearfield_cloud.orchestrator.question import Exchange, Question
from nearfield_cloud.realtime.session import reports
from nearfield_cloud.realtime.session.commands import Confirm, StartAnswer
from nearfield_sync.tracing import trace_id_of

log = structlog.get_logger()


class Asking:
    """Asks for one call, one question at a time."""

    def __init__(
        self, orchestrator: Orchestrator, caller: Caller, report: Callable[[reports.Report], None]
    ) -> None:
        self._orchestrator = orchestrator
        self._caller = caller
        self._report = report
        self._next: Listening | None = None
        """Attends to the question that is still being asked."""
        self._answering: Listening | None = None
        self._task: asyncio.Task[None] | None = None
        self._response_id = ""

    @property
    def busy(self) -> bool:
        """Whether a question is being answered."""
        return self._task is not None and not self._task.done()

    def hear(self, text: str, conversation: Sequence[Exchange] = ()) -> None:
        """Let the orchestrator begin on an unfinished question of a conversation."""
        if self._next is None:
            self._next = self._orchestrator.listen(self._caller, conversation)
        self._next.hear(text)

    def forget(self) -> None:
        """What was being asked was nothing."""
        self._next = None

    def start(self, command: StartAnswer) -> None:
        """Ask."""
        listening = self._next or self._orchestrator.listen(self._caller)
        self._next, self._answering = None, listening
        self._response_id = command.response_id
        question = Question(
            turn_id=command.turn_id,
            text=command.text,
            caller=self._caller,
            language=command.language,
            conversation=command.conversation,
            instructions=command.instructions,
            trace_parent=command.trace_parent,
        )
        self._task = asyncio.create_task(
            self._run(listening, question, command.response_id), name=f"answer {command.response_id}"
        )

    def cancel(self, response_id: str) -> None:
        """Stop answering; what a cancelled answer still says is passed over."""
        if self._task is not None and response_id == self._response_id:
            self._task.cancel()
            self._answering = None

    def confirm(self, command: Confirm) -> None:
        """Tell what a person decided."""
        try:
            if self._answering is None:
                raise CloudError("nothing waits for a confirmation")
            self._answering.confirm(command.call_id, agreed=command.agreed)
        except CloudError as error:
            self._report(
                reports.Failed(code="nothing_to_confirm", message=str(error), event_id=command.event_id)
            )

    def close(self) -> None:
        """Stop whatever is under way."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, listening: Listening, question: Question, response_id: str) -> None:
        ended = False
        # The task is this question's own, so its lines in the log bear its ids and no other's.
        turn_id = question.turn_id
        structlog.contextvars.bind_contextvars(turn_id=turn_id, response_id=response_id)
        if (trace_id := trace_id_of(question.trace_parent)) is not None:
            structlog.contextvars.bind_contextvars(trace_id=trace_id)
        try:
            async with aclosing(listening.answer(question)) as answer:
                async for event in answer:
                    ended = isinstance(event, Finished)
                    self._report(reports.Answered(response_id=response_id, event=event))
        except Exception as error:  # the orchestrator promises none; whoever waits must not wait for ever
            log.error("answer_failed", exc_info=error, response_id=response_id)
        if not ended:
            fault = Finished(outcome="failed", reason="the orchestrator broke off")
            self._report(reports.Answered(response_id=response_id, event=fault))
