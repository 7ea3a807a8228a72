"""One turn: planned, carried out, told sentence by sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from nearfield_cloud.errors import (
    BudgetError,
    CloudError,
    LanguageModelError,
    NotAllowedError,
    ToolError,
    ToolTimeoutError,
)
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import AnswerEvent, Outcome, Planned, SentenceReady
from nearfield_cloud.orchestrator.confirming import Confirmations
from nearfield_cloud.orchestrator.grounding import support
from nearfield_cloud.orchestrator.model_work import ModelWork
from nearfield_cloud.orchestrator.planning import Decision
from nearfield_cloud.orchestrator.preparing import Preparation
from nearfield_cloud.orchestrator.prompts import UNKNOWN
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.orchestrator.resources import Resources
from nearfield_cloud.orchestrator.speculation import Speculation
from nearfield_cloud.orchestrator.speech import Speech
from nearfield_cloud.orchestrator.steps import Steps
from nearfield_cloud.orchestrator.tool_matching import question_for
from nearfield_cloud.orchestrator.tool_work import NotAgreedError, ToolWork, as_passages
from nearfield_cloud.tools.telling import told
from nearfield_models.errors import ModelsError

_EVENTS: Final = 64
"""That may wait for whoever listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a turn ended."""

    outcome: Outcome
    reason: str
    kept_seconds: int = 0


class Turn:
    """Answers one question: `run` does it and puts into `events` what there is to tell."""

    def __init__(
        self,
        question: Question,
        resources: Resources,
        speculation: Speculation | None,
        confirmations: Confirmations,
    ) -> None:
        section = resources.section
        asked = replace(question, text=question.text.strip()[: section.longest_question_characters])
        self.question = asked
        self.events: asyncio.Queue[AnswerEvent] = asyncio.Queue(_EVENTS)
        self.steps = Steps(asked, resources.time, resources.tracer)
        self.speech = Speech(self.events.put, asked.budget.answer_characters)
        self.decision: Decision | None = None
        self._composer = resources.composer
        self._section = section
        self._words = section.words
        self._least_supported = section.least_supported
        self._model = None if resources.model is None else ModelWork(resources.model, asked, self.steps)
        self._preparation = Preparation(asked, resources, self._model, speculation, self.steps)
        self._tool_work = ToolWork(
            resources.toolbox, asked, self.steps, confirmations, self.events.put, section
        )

    @property
    def model_tokens(self) -> int:
        """Spent so far."""
        return 0 if self._model is None else self._model.tokens

    async def run(self) -> Ending:
        """Answer; what goes wrong is an ending too."""
        try:
            self.decision = await self._preparation.plan()
            await self.events.put(Planned(plan=self.decision.plan, reason=self.decision.reason))
            return await self._carried_out(self.decision)
        except (CloudError, ModelsError) as error:
            return await self._ended_by(error)
        finally:
            await self._preparation.aclose()

    async def too_slow(self) -> Ending:
        """The deadline has passed: say so, unless something was said already."""
        if self._tool_work.changing:
            await self.speech.say(self._words.unclear_whether_done)
        elif not self.speech.said:
            await self.speech.say(self._words.too_slow)
        return Ending(outcome="failed", reason="deadline_passed")

    async def _ended_by(self, error: CloudError | ModelsError) -> Ending:
        if isinstance(error, BudgetError) and self.speech.said:
            return Ending(outcome="answered", reason=str(error))
        words = self._words.failed
        if isinstance(error, NotAgreedError):
            words = self._words.declined if error.answered else self._words.not_confirmed
            if error.answered:
                await self.speech.say(words)
                return Ending(outcome="answered", reason=str(error))
        elif isinstance(error, ToolTimeoutError) and self._tool_work.changing:
            words = self._words.unclear_whether_done
        elif isinstance(error, ToolError | NotAllowedError):
            words = self._words.tool_failed
        await self.speech.say(words)
        return Ending(outcome="failed", reason=error.code)

    async def _carried_out(self, decision: Decision) -> Ending:
        if decision.plan == "tools":
            return await self._by_tools(decision)
        if decision.plan == "knowledge":
            return await self._by_knowledge(decision)
        if decision.plan == "talk":
            return await self._by_talk()
        outcome: Outcome
        if decision.plan == "ask_back":
            words, outcome = self._asking(decision), "asked_back"
        elif decision.plan == "hand_over":
            words, outcome = self._words.hand_over, "handed_over"
        else:
            words, outcome = self._words.refused, "refused"
        await self.speech.say(words)
        return Ending(outcome=outcome, reason=decision.reason)

    def _asking(self, decision: Decision) -> str:
        if decision.argument:
            return question_for(decision.calls[0].tool, decision.argument, self._words.which)
        return decision.question or self._words.nothing_asked

    async def _by_tools(self, decision: Decision) -> Ending:
        called = await self._tool_work.run(decision.calls)
        passages = as_passages(called)
        worded = all(each.call.tool.rules.says for each in called)
        # What is sensitive is shown to no model, whose endpoint may be anybody's.
        worded = worded or any(each.result.sensitive for each in called)
        if self._model is not None and not worded and await self._from_model(self._model, passages):
            return Ending(outcome="answered", reason="a language model told the results")
        for each, passage in zip(called, passages, strict=True):
            changed = each.call.tool.rules.changes_state
            otherwise = self._words.done if changed else self._words.nothing_there
            for text in told(each.call, each.result) or (otherwise,):
                cited = support(text, [passage], self.question.text, least=0.0)
                await self.speech.give(SentenceReady(text=text, citations=() if cited is None else (cited,)))
        return Ending(outcome="answered", reason=decision.reason)

    async def _by_knowledge(self, decision: Decision) -> Ending:
        passages = await self._preparation.passages()
        if not passages:
            await self.speech.say(self._words.nothing_known)
            return Ending(outcome="ungrounded", reason=decision.reason)
        if self._model is not None and await self._from_model(self._model, passages):
            return self._from_documents("a language model told what passages say")
        with self.steps.step("compose") as doing:
            composed = await self._composer.compose(self.question, passages)
            doing.detail = f"{composed.confidence:.2f}, {composed.reason}"
        if not composed.grounded or not composed.sentences:
            await self.speech.say(self._words.not_sure)
            return Ending(outcome="ungrounded", reason=composed.reason)
        for sentence in composed.sentences:
            await self.speech.give(sentence)
        return self._from_documents(composed.reason)

    def _from_documents(self, reason: str) -> Ending:
        # What hangs on the conversation means something else without it.
        seconds = 0 if self.question.conversation else self._section.kept_seconds
        return Ending(outcome="answered", reason=reason, kept_seconds=seconds)

    async def _by_talk(self) -> Ending:
        assert self._model is not None  # noqa: S101  # else the plan is another
        async with aclosing(self._model.talk()) as sentences:
            async for text in sentences:
                await self.speech.give(SentenceReady(text=text))
        return Ending(outcome="answered", reason="a language model, by itself")

    async def _from_model(self, model: ModelWork, passages: Sequence[Found]) -> bool:
        """Speak a model's sentences, those that a passage supports; False where none was spoken."""
        spoken = dropped = 0
        try:
            async with aclosing(model.sentences(passages)) as sentences:
                async for text in sentences:
                    cited = None
                    if UNKNOWN not in text:
                        cited = support(text, passages, self.question.text, least=self._least_supported)
                    if cited is None:
                        dropped += 1
                        continue
                    await self.speech.give(SentenceReady(text=text, citations=(cited,)))
                    spoken += 1
        except (LanguageModelError, BudgetError):
            pass  # its step says why; what was spoken stands, and without any the extract is spoken
        if dropped:
            with self.steps.step("ground") as doing:
                doing.detail = f"{dropped} of {spoken + dropped} sentences stand in no passage: not spoken"
                doing.fault = "ungrounded"
        return spoken > 0
