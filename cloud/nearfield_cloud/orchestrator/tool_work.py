"""The calls of a turn: approved where they must be, made one after another, told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from nearfield_cloud.configuration.orchestrator import OrchestratorSection
from nearfield_cloud.errors import BudgetError, OrchestrationError, ToolError
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import ConfirmationNeeded
from nearfield_cloud.orchestrator.confirming import Confirmations
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.orchestrator.steps import Steps
from nearfield_cloud.tools.approval import Involved, needs_a_person
from nearfield_cloud.tools.telling import filled
from nearfield_cloud.tools.tool import ToolCall, ToolResult
from nearfield_cloud.tools.toolbox import Toolbox

Ask = Callable[[ConfirmationNeeded], Awaitable[None]]


class NotAgreedError(OrchestrationError):
    """A person did not agree, or did not answer: ``code`` says which."""

    def __init__(self, *, answered: bool) -> None:
        super().__init__("the person did not agree" if answered else "nobody answered whether to do it")
        self.answered = answered
        self.code = "declined" if answered else "not_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call that was made, and its result."""

    call: ToolCall
    result: ToolResult


class ToolWork:
    """One turn's use of tools."""

    def __init__(
        self,
        toolbox: Toolbox,
        question: Question,
        steps: Steps,
        confirmations: Confirmations,
        ask: Ask,
        section: OrchestratorSection,
    ) -> None:
        self._toolbox = toolbox
        self._question = question
        self._steps = steps
        self._confirmations = confirmations
        self._ask = ask
        self._section = section
        self._asked = 0
        self.changing = False
        """Whether a call that changes something was begun and has not been answered."""

    async def run(self, calls: Sequence[ToolCall]) -> list[Called]:
        """Make the calls in their order; the first that fails ends them.

        Raises:
            NotAgreedError: A person did not agree; nothing of that call was done, nor of those behind it.
            ToolError: A call failed.
            NotAllowedError: The caller may not have it called.
            BudgetError: There are more calls than the turn may make.
        """
        if len(calls) > self._question.budget.tool_calls:
            raise BudgetError(
                f"{len(calls)} tool calls, and the turn may make {self._question.budget.tool_calls}"
            )
        sensitive = any(call.tool.rules.sensitive for call in calls)
        called = []
        for call in calls:
            why = needs_a_person(call.tool, Involved(sensitive=sensitive))
            if why:
                await self._agreed(call, why)
            with self._steps.step(f"tool:{call.tool.name}"):
                self.changing = call.tool.rules.changes_state
                result = await self._toolbox.call(call, self._question.caller)
            self.changing = False
            called.append(Called(call=call, result=result))
        return called

    async def _agreed(self, call: ToolCall, why: str) -> None:
        fault = call.tool.parameters.fault(dict(call.arguments))
        if fault:
            raise ToolError(
                f"tool {call.tool.name}: argument {fault}"
            )  # nobody is asked about what cannot be
        self._asked += 1
        call_id = f"{self._question.turn_id}.{self._asked}"
        with self._steps.step("confirm") as doing:
            doing.detail = why
            waiting = self._confirmations.ask(call_id)
            needed = ConfirmationNeeded(
                call_id=call_id,
                tool=call.tool.name,
                arguments=dict(call.arguments),
                question=_confirmation(call, self._section.words.confirm),
            )
            await self._ask(needed)
            agreed = await self._confirmations.answered(call_id, waiting, self._section.confirm_seconds)
            if not agreed:
                raise NotAgreedError(answered=agreed is not None)


def as_passages(called: Sequence[Called]) -> list[Found]:
    """Results as passages, for a model to speak of and to be checked against."""
    return [
        Found(
            chunk_id=f"tool:{each.result.tool}",
            document=each.result.tool,
            source=f"tool:{each.result.tool}",
            section=(),
            text=each.result.text or json.dumps(each.result.structured, ensure_ascii=False),
            score=1.0,
            similarity=1.0,
        )
        for each in called
    ]


def _confirmation(call: ToolCall, otherwise: str) -> str:
    """What to ask: the operator's words, else the tool's name with its arguments and the usual question."""
    asked = filled(call.tool.rules.confirms, dict(call.arguments)) if call.tool.rules.confirms else None
    if asked is not None:
        return asked
    named = ", ".join(f"{name} {value}" for name, value in call.arguments.items() if _is_short(value))
    what = call.tool.call.replace("_", " ")
    return f"{what}{': ' + named if named else ''}. {otherwise}"


def _is_short(value: object) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= 80
