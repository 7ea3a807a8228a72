"""What a language model does in a turn, within the turn's tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from nearfield_cloud.errors import BudgetError, LanguageModelError
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.language_model.chat import (
    CallRequested,
    LanguageModel,
    ModelFinished,
    ModelRequest,
    Restarted,
    TextArrived,
)
from nearfield_cloud.orchestrator.planning import Suggestion
from nearfield_cloud.orchestrator.prompts import (
    answering_request,
    calling_request,
    function_name,
    planning_request,
    talking_request,
)
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.orchestrator.sentences import SentenceCutter
from nearfield_cloud.orchestrator.speculation import words_of
from nearfield_cloud.orchestrator.steps import Doing, Steps
from nearfield_cloud.tools.cleaning import clean_text
from nearfield_cloud.tools.tool import Tool, ToolCall

_PLAN_TOKENS: Final = 120
_CALL_TOKENS: Final = 300
_ANSWER_TOKENS: Final = 300
_FEWEST_TOKENS: Final = 16
_LONGEST_QUESTION: Final = 200


class _Plan(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    plan: Literal["tools", "knowledge", "ask_back", "hand_over", "refuse"]
    tools: tuple[str, ...] = ()
    question: str = ""


class ModelWork:
    """One turn's use of the language model."""

    def __init__(self, model: LanguageModel, question: Question, steps: Steps) -> None:
        self._model = model
        self._question = question
        self._steps = steps
        self.tokens = 0
        """Spent so far."""

    async def suggestion(self, tools: Sequence[Tool]) -> Suggestion:
        """What the model makes of the question; of a model that fails, nothing, and the step says why."""
        try:
            with self._steps.step("model:plan") as doing:
                return await self._suggested(tools, doing)
        except (LanguageModelError, BudgetError):
            return Suggestion(plan=None)

    def sentences(self, passages: Sequence[Found]) -> AsyncGenerator[str, None]:
        """Sentences of an answer from passages, nothing of them checked.

        Raises:
            LanguageModelError: There are none, or no more.
            BudgetError: No tokens are left.
        """
        return self._said(answering_request(self._question, passages, _ANSWER_TOKENS))

    def talk(self) -> AsyncGenerator[str, None]:
        """Sentences from nothing; raises as `sentences` does."""
        return self._said(talking_request(self._question, _ANSWER_TOKENS))

    async def _suggested(self, tools: Sequence[Tool], doing: Doing) -> Suggestion:
        text, _ = await self._whole(planning_request(self._question, tools, _PLAN_TOKENS), doing)
        try:
            found = _Plan.model_validate_json(text)
        except ValidationError as error:
            raise LanguageModelError("the plan is not of the shape that was asked for") from error
        doing.detail = found.plan
        if found.plan != "tools":
            asked = clean_text(found.question, _LONGEST_QUESTION)
            return Suggestion(plan=found.plan, question=asked)
        chosen = [tool for tool in tools if tool.name in found.tools]
        calls = await self._calls(chosen, doing) if chosen else ()
        return Suggestion(plan="tools" if calls else None, calls=calls)

    async def _calls(self, tools: Sequence[Tool], doing: Doing) -> tuple[ToolCall, ...]:
        """The calls that the model asks for; one more try where the arguments do not fit."""
        fault = ""
        for _ in range(2):
            _, requested = await self._whole(
                calling_request(self._question, tools, _CALL_TOKENS, fault), doing
            )
            calls, fault = _checked(requested, tools)
            if not fault:
                return calls[: self._question.budget.tool_calls]
        raise LanguageModelError("the arguments of a tool call do not fit its schema")

    async def _whole(self, request: ModelRequest, doing: Doing) -> tuple[str, list[CallRequested]]:
        text, calls = "", []
        async with aclosing(self._model.stream(self._afforded(request))) as events:
            async for event in events:
                if isinstance(event, TextArrived):
                    text += event.text
                elif isinstance(event, CallRequested):
                    calls.append(event)
                elif isinstance(event, Restarted):
                    text, calls = event.kept, []
                    doing.detail = event.fault
                else:
                    self.tokens += event.tokens
        return text, calls

    async def _said(self, request: ModelRequest) -> AsyncGenerator[str, None]:
        cutter = SentenceCutter()
        given: set[tuple[str, ...]] = set()
        with self._steps.step("model:answer") as doing:
            async with aclosing(self._model.stream(self._afforded(request))) as events:
                async for event in events:
                    ready: tuple[str, ...] = ()
                    if isinstance(event, TextArrived):
                        ready = cutter.feed(event.text)
                    elif isinstance(event, Restarted):
                        cutter.forget()
                        doing.detail = event.fault
                    elif isinstance(event, ModelFinished):
                        self.tokens += event.tokens
                        # What was cut in its middle is not said.
                        ready = () if event.cut else cutter.end()
                    for sentence in ready:
                        if words_of(sentence) not in given:
                            given.add(words_of(sentence))
                            yield sentence

    def _afforded(self, request: ModelRequest) -> ModelRequest:
        left = self._question.budget.model_tokens - self.tokens - request.prompt_tokens
        if left < _FEWEST_TOKENS:
            raise BudgetError("the turn's tokens are spent")
        return ModelRequest(
            messages=request.messages,
            most_tokens=min(request.most_tokens, left),
            offers=request.offers,
            shape=request.shape,
        )


def _checked(requested: Sequence[CallRequested], tools: Sequence[Tool]) -> tuple[tuple[ToolCall, ...], str]:
    """The calls, or what is wrong with one of them."""
    by_name = {function_name(tool): tool for tool in tools}
    calls = []
    for each in requested:
        tool = by_name.get(each.tool)
        if tool is None:
            return (), "there is no function of that name"
        arguments = json.loads(json.dumps(each.arguments))
        fault = tool.parameters.fault(arguments)
        if fault:
            return (), f"argument {fault}"
        calls.append(ToolCall(tool=tool, arguments=arguments))
    return tuple(calls), "" if calls else "no function was called"
