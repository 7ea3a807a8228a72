"""From a question to its plan: what has to be known is found out, as little as is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.model_work import ModelWork
from nearfield_cloud.orchestrator.planning import Decision, Grounds, Matched, Need, Policy, plan
from nearfield_cloud.orchestrator.question import Question
from nearfield_cloud.orchestrator.resources import Resources
from nearfield_cloud.orchestrator.speculation import Speculation, words_of
from nearfield_cloud.orchestrator.steps import Steps
from nearfield_cloud.orchestrator.tool_matching import by_meaning, by_words
from nearfield_cloud.timing import ended
from nearfield_cloud.tools.tool import Tool

_PATIENCE_SECONDS: Final = 0.5
"""For a tool server that was not there when the process started."""


class Preparation:
    """One turn's planning, and the passages that it had searched."""

    def __init__(
        self,
        question: Question,
        resources: Resources,
        model: ModelWork | None,
        speculation: Speculation | None,
        steps: Steps,
    ) -> None:
        self._question = question
        self._resources = resources
        self._model = model
        self._speculation = speculation
        self._steps = steps
        self._retrieving: asyncio.Task[Sequence[Found]] | None = None
        self._tools: Sequence[Tool] = ()

    async def plan(self) -> Decision:
        """Decide how to answer.

        Raises:
            CloudError: Documents were needed and could not be searched.
            ModelsError: A model of the process failed.
        """
        section = self._resources.section
        policy = Policy(
            least_similarity=section.least_similarity,
            talk=section.talk,
            hand_over=section.hand_over,
            hand_over_unknown=section.hand_over_unknown,
        )
        self._retrieve()
        with self._steps.step("plan") as doing:
            grounds = await self._grounds()
            decision = plan(grounds, policy)
            while isinstance(decision, Need):
                if decision.what == "suggestion" and self._model is not None:
                    grounds = replace(grounds, suggestion=await self._model.suggestion(self._tools))
                else:
                    grounds = replace(grounds, passages=await self.passages())
                decision = plan(grounds, policy)
            doing.detail = f"{decision.plan}: {decision.reason}"
        return decision

    async def passages(self) -> Sequence[Found]:
        """What was found for the question.

        Raises:
            KnowledgeError: The store cannot be read.
        """
        return () if self._retrieving is None else await asyncio.shield(self._retrieving)

    async def aclose(self) -> None:
        """End a search that is still under way."""
        if self._retrieving is not None:
            await ended(self._retrieving)

    async def _grounds(self) -> Grounds:
        text = self._question.text
        words = len(words_of(text))
        wish = await self._resources.computed(lambda: self._resources.wishes.of(text)) if words else ""
        grounds = Grounds(words=words, wish=wish, model=self._model is not None)
        if not words or wish:
            return grounds
        self._tools = await self._resources.toolbox.allowed(
            self._question.caller, patience_seconds=_PATIENCE_SECONDS
        )
        if not self._tools:
            return grounds
        with self._steps.step("match") as doing:
            matched = await self._matched()
            doing.detail = "" if matched is None else matched.how
        return replace(grounds, matched=matched, tools=True)

    async def _matched(self) -> Matched | None:
        """The tool that the question asks for in so many words, or else by what it means."""
        resources, tools = self._resources, self._tools
        which = resources.section.words.which
        matched = await resources.computed(lambda: by_words(self._question, tools, resources.matcher, which))
        names = {tool.name for tool in tools}
        if matched is not None or resources.embed is None or not resources.matcher.has_examples(names):
            return matched
        text = self._question.text
        vectors = await resources.embed(
            await resources.computed(lambda: resources.matcher.wordings(text, names))
        )
        return await resources.computed(lambda: by_meaning(self._question, tools, resources.matcher, vectors))

    def _retrieve(self) -> None:
        """Begin to search, or take what a partial had begun; whether it is needed shows later."""
        begun = None if self._speculation is None else self._speculation.take(self._question.text)
        if begun is not None:
            self._retrieving = asyncio.create_task(self._found(begun.found, begun.started_at_ms))
        elif self._question.text:
            caller, conversation = self._question.caller, self._question.conversation
            search = self._resources.knowledge.search(
                self._question.text, caller, conversation=conversation, limit=self._resources.section.passages
            )
            self._retrieving = asyncio.create_task(self._found(asyncio.ensure_future(search), None))

    async def _found(
        self, searching: asyncio.Future[Sequence[Found]], started_at_ms: float | None
    ) -> Sequence[Found]:
        with self._steps.step("retrieve", started_at_ms) as doing:
            try:
                found = await searching
            finally:
                await ended(searching)
            doing.detail = f"{len(found)} passages"
            if started_at_ms is not None:
                doing.detail += ", begun on a partial"
            return found
