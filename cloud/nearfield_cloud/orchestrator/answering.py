"""The orchestrator: attends to turns, keeps their deadlines, tells what they did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

import structlog

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import OrchestrationError
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import AnswerEvent, Finished, Listening
from nearfield_cloud.orchestrator.confirming import Confirmations
from nearfield_cloud.orchestrator.question import Exchange, Question
from nearfield_cloud.orchestrator.records import CloudTurn
from nearfield_cloud.orchestrator.resources import Resources
from nearfield_cloud.orchestrator.speculation import Speculation
from nearfield_cloud.orchestrator.turn import Ending, Turn
from nearfield_cloud.timing import ended
from nearfield_sync.errors import SyncError
from nearfield_sync.telemetry import Log


class Answering:
    """An `Orchestrator`; one for a process."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def listen(self, caller: Caller | None = None, conversation: Sequence[Exchange] = ()) -> Listening:
        """Attend to one turn; arguments as in the seam."""
        return Attention(self._resources, caller, tuple(conversation))

    def health(self) -> dict[str, str]:
        """Each tool's phase, of those that were called."""
        return self._resources.toolbox.health()


class Attention:
    """One turn's attention."""

    def __init__(
        self, resources: Resources, caller: Caller | None, conversation: tuple[Exchange, ...]
    ) -> None:
        self._resources = resources
        self._caller = caller
        self._conversation = conversation
        self._confirmations = Confirmations(resources.time)
        self._speculation = Speculation(self._search, resources.time, resources.section.speculation)
        self._log: Log = structlog.get_logger()

    def hear(self, partial: str) -> None:
        """Begin to search for an unfinished question, if it is known who asks."""
        if self._caller is not None:
            self._speculation.hear(partial[: self._resources.section.longest_question_characters])

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """Answer a `ConfirmationNeeded`.

        Raises:
            OrchestrationError: Nothing of that id waits.
        """
        self._confirmations.confirm(call_id, agreed=agreed)

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer; the contract is the seam's."""
        arrived_at = self._resources.time.utc_now()
        usable = (question.caller, question.conversation) == (self._caller, self._conversation)
        turn = Turn(question, self._resources, self._speculation if usable else None, self._confirmations)
        working = asyncio.create_task(self._in_time(turn), name="turn")
        ending: Ending | None = None
        try:
            async for event in _until(turn.events, working):
                yield event
            ending = working.result()
            yield _finished(turn, ending)
        finally:
            await ended(working)
            await self._speculation.aclose()
            await self._close(turn, ending, arrived_at)

    async def aclose(self) -> None:
        """Attend no longer, where no question came."""
        await self._speculation.aclose()

    async def _in_time(self, turn: Turn) -> Ending:
        """Run a turn until its deadline, which stands still while a person is asked."""
        running = asyncio.create_task(turn.run())
        alarm = asyncio.create_task(self._deadline(turn.question.budget.deadline_seconds))
        try:
            await asyncio.wait({running, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            await ended(running)
            return await turn.too_slow()
        except Exception as error:
            # A fault of ours shall not take the call down: it is logged, and the turn says that it failed.
            self._log.error("turn_broke", turn_id=turn.question.turn_id, exc_info=error)
            await turn.speech.say(self._resources.section.words.failed)
            return Ending(outcome="failed", reason=OrchestrationError.code)
        finally:
            await ended(running, alarm)

    async def _deadline(self, seconds: float) -> None:
        time, confirmations = self._resources.time, self._confirmations
        began_ms, waited_ms = time.monotonic_ms(), confirmations.waited_ms
        while True:
            await confirmations.nobody_waits.wait()
            passed_ms = time.monotonic_ms() - began_ms - (confirmations.waited_ms - waited_ms)
            left_seconds = seconds - passed_ms / 1000
            if left_seconds <= 0:
                return
            await time.wait(left_seconds)

    async def _search(self, partial: str) -> Sequence[Found]:
        assert self._caller is not None  # noqa: S101  # else nothing is heard
        return await self._resources.knowledge.search(
            partial,
            self._caller,
            conversation=self._conversation,
            limit=self._resources.section.passages,
        )

    async def _close(self, turn: Turn, ending: Ending | None, arrived_at: datetime) -> None:
        outcome = "cancelled" if ending is None else ending.outcome
        plan = "" if turn.decision is None else turn.decision.plan
        turn.steps.end(outcome)
        counters = self._resources.counters
        counters.add("nearfield_cloud_turns_total", plan=plan or "none", outcome=outcome)
        counters.add("nearfield_model_tokens_total", turn.model_tokens)
        self._log.info(
            "turn_answered",
            turn_id=turn.question.turn_id,
            tenant=turn.question.caller.tenant,
            plan=plan,
            outcome=outcome,
            duration_ms=round(turn.steps.since_ms()),
        )
        if self._resources.records is None:
            return
        record = CloudTurn(
            turn_id=turn.question.turn_id,
            tenant=turn.question.caller.tenant,
            subject=turn.question.caller.subject,
            at=arrived_at,
            plan=plan,
            outcome=outcome,
            reason="the asker ended it" if ending is None else ending.reason,
            duration_ms=turn.steps.since_ms(),
            model_tokens=turn.model_tokens,
            steps=turn.steps.done(),
            question=turn.question.text,
            answer=" ".join(turn.speech.said),
        )
        try:
            await asyncio.shield(asyncio.to_thread(self._resources.records.add, record))
        except SyncError as error:
            counters.add("nearfield_records_lost_total")
            self._log.error("turn_not_recorded", turn_id=turn.question.turn_id, exc_info=error)


async def _until(
    events: asyncio.Queue[AnswerEvent], working: asyncio.Task[Ending]
) -> AsyncGenerator[AnswerEvent, None]:
    """Events while the work goes on, and those that are left when it has ended."""
    while True:
        while not events.empty():
            yield events.get_nowait()
        if working.done():
            return
        getting = asyncio.create_task(events.get())
        try:
            await asyncio.wait({getting, working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not getting.done():
                getting.cancel()
        if getting.done() and not getting.cancelled():
            yield getting.result()


def _finished(turn: Turn, ending: Ending) -> Finished:
    return Finished(
        outcome=ending.outcome,
        reason=ending.reason,
        steps=turn.steps.done(),
        model_tokens=turn.model_tokens,
        may_be_kept_seconds=ending.kept_seconds,
    )
