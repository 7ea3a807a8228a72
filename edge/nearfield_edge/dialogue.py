"""What the device makes of words: understanding, route, answer, and the effects that follow.

Holds the conversation. A turn starts from the conversation of the last settled turn; what the turn makes of
it takes effect when the turn is settled, and is forgotten when the turn is reopened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from nearfield_edge import phrases
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_edge.routing.router import Reach, choose_route
from nearfield_edge.skills.conversation import Conversation
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_models.grammar import Grammar, GrammarMatch, match_text
from nearfield_sync.messages.turn_record import RouteDecision, Understanding


class Dialogue:
    """One conversation with the people in front of the device."""

    def __init__(
        self,
        *,
        grammar: Grammar,
        skills: SkillRuntime,
        outbox: Outbox,
        policy: RoutingPolicy,
        reach: Callable[[], Reach],
        now: Callable[[], datetime],
        memory: ConversationFile,
        resume: bool = True,
        on_commit: Callable[[], None],
    ) -> None:
        """Take the parts.

        Args:
            grammar: What can be said to the skills.
            skills: Those skills.
            outbox: Where effects are staged.
            policy: Who answers what.
            reach: What could answer besides a skill, at the moment.
            now: The site's time, aware.
            memory: Where the conversation outlives the process.
            resume: Whether it goes on from there, or begins anew.
            on_commit: Told when effects have been committed.
        """
        self._grammar = grammar
        self._skills = skills
        self._outbox = outbox
        self._policy = policy
        self._reach = reach
        self._now = now
        self._on_commit = on_commit
        self._memory = memory
        self._conversation = memory.load() if resume else Conversation()
        self._unsettled: dict[str, Conversation] = {}

    @property
    def conversation(self) -> Conversation:
        """As of the last settled turn."""
        return self._conversation

    def contexts(self) -> tuple[Mapping[str, str], ...]:
        """What is known of the conversation's threads, the latest first; never empty."""
        return self._skills.contexts(self._conversation, self._now())

    def understand(self, transcript: Transcript) -> Understanding:
        """Find what was meant; takes a few milliseconds.

        A sentence heard as such goes before the text that was written down without regard to any. What means
        nothing in the latest thread of the conversation may go on with an earlier one.
        """
        now = self._now()
        heard = transcript.readings[0] if transcript.readings else None
        if heard is not None and heard.confidence >= self._policy.skill.clarify_confidence:
            contexts = self._skills.contexts(self._conversation, now)
            context = contexts[min(heard.context, len(contexts) - 1)]
            meant = self._meant(heard.match, heard.text, context, now)
            return replace(meant, confidence=heard.confidence)
        for context in self._skills.contexts(self._conversation, now):
            matches = match_text(self._grammar, transcript.text, context=context, limit=1)
            if matches:
                return self._meant(matches[0], transcript.text, context, now)
        for context in self._skills.past_contexts(self._conversation, now):
            if match_text(self._grammar, transcript.text, context=context, limit=1):
                return Understanding(intent=None, skill=None, source="expired")
        return Understanding(intent=None, skill=None)

    def _meant(
        self, best: GrammarMatch, text: str, context: Mapping[str, str], now: datetime
    ) -> Understanding:
        alone = match_text(self._grammar, text, limit=1) if context else (best,)
        needed = not alone or (alone[0].skill, alone[0].intent) != (best.skill, best.intent)
        meant = Understanding(
            intent=best.intent,
            skill=best.skill,
            slots={name: slot.value for name, slot in best.slots.items()},
            confidence=best.confidence,
            source="context" if needed else "grammar",
        )
        return replace(meant, slots=self._skills.resolved(meant, self._conversation, now))

    def choose_route(self, understanding: Understanding) -> RouteDecision:
        """Decide who answers."""
        return choose_route(understanding, self._reach(), self._policy)

    async def answer(
        self, turn_id: str, revision: int, understanding: Understanding, decision: RouteDecision
    ) -> Answer:
        """Let the chosen route answer; effects are staged durably before this returns.

        Raises:
            SkillFailedError: The skill failed or took too long.
            PermissionRefusedError: It did what it has not declared.
            RecordError: Its effects cannot be stored; nothing is staged.
        """
        if decision.route == "clarify":
            return Answer(text=phrases.NOT_SURE, source="phrase:not_sure", asks=True)
        if decision.route != "skill":
            if understanding.source == "expired":
                return Answer(text=phrases.FORGOTTEN, source="phrase:forgotten", asks=True)
            latest, *_ = self._skills.contexts(self._conversation, self._now())
            asked = "open_intent" in latest
            return Answer(text=phrases.NOT_UNDERSTOOD, source="phrase:not_understood", asks=asked)
        call = partial(self._skills.answer, understanding, self._conversation, now=self._now(), key=turn_id)
        reply = await asyncio.to_thread(call)
        keys: tuple[str, ...] = ()
        if reply.effects:
            keys = await asyncio.to_thread(self._outbox.stage, turn_id, revision, reply.skill, reply.effects)
        self._unsettled[turn_id] = reply.conversation
        return Answer(
            text=reply.text,
            source=f"skill:{reply.skill}",
            asks=reply.question is not None,
            effects=keys,
            fault="permission_refused" if reply.refusals else None,
        )

    def apology(self, fault: str) -> Answer:
        """What to say after a failure."""
        return phrases.apology(fault)

    async def commit(self, turn_id: str) -> None:
        """The turn is settled: its conversation holds, its effects shall happen."""
        conversation = self._unsettled.pop(turn_id, None)
        if conversation is not None:
            self._conversation = conversation
            await asyncio.to_thread(self._memory.keep, conversation)
        await asyncio.to_thread(self._outbox.commit, turn_id)
        self._on_commit()

    async def drop(self, turn_id: str, revision: int) -> None:
        """What this revision staged shall not happen."""
        self._unsettled.pop(turn_id, None)
        await asyncio.to_thread(self._outbox.drop, turn_id, revision)
