"""What the device makes of words: understanding, route, answer, and the effects that follow.

Holds the conversation. A turn starts from the conversation of the last settled turn; what the turn makes of
it takes effect when the turn is settled, and is forgotten when the turn is reopened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from nearfield_edge import phrases
from nearfield_edge.doubts.answers import answer_to, expecting, with_answers
from nearfield_edge.doubts.asking import inquiry_about
from nearfield_edge.doubts.doubt import ASKED
from nearfield_edge.doubts.offers import OWN, Offer, doubt_about
from nearfield_edge.doubts.wording import question_about
from nearfield_edge.hearing import Expected
from nearfield_edge.records.conversation_file import ConversationFile
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.routing.policy import RoutingPolicy
from nearfield_edge.routing.router import Reach, choose_route, is_denial
from nearfield_edge.skills.conversation import Conversation
from nearfield_edge.skills.runtime import SkillRuntime
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.understanding.interpreter import Interpreter
from nearfield_edge.understanding.sentences import sentence_in
from nearfield_models.decoding.readings import Reading
from nearfield_models.grammar import Grammar, GrammarMatch, match_text
from nearfield_sync.messages.turn_record import Alternative, Json, RouteDecision, Understanding


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
        interpreter: Interpreter | None = None,
        around: Sequence[str] = (),
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
            interpreter: Asked where no sentence fits; None where nothing more is tried.
            around: Phrases that may stand before and after every sentence: the wake words.

        Raises:
            GrammarError: A skill has the device's own name.
        """
        self.sentences = with_answers(grammar).with_skip_phrases(around)
        """All that can be said, but for what answers a question of the moment."""
        self._skills = skills
        self._outbox = outbox
        self._policy = policy
        self._reach = reach
        self._now = now
        self._on_commit = on_commit
        self._interpreter = interpreter
        self._memory = memory
        self._conversation = memory.load() if resume else Conversation()
        self._grammar = self._expected_after(self._conversation)
        self._unsettled: dict[str, tuple[Conversation, Grammar]] = {}
        """What holds once the turn is settled, and what can be said then."""
        self._settled = ""
        """The last turn that was."""

    @property
    def conversation(self) -> Conversation:
        """As of the last settled turn."""
        return self._conversation

    def expected(self) -> Expected:
        """What can be said at the moment, and what is known of the conversation."""
        contexts = self._skills.contexts(self._conversation, self._now())
        return Expected(grammar=self._grammar, contexts=contexts)

    def _expected_after(self, conversation: Conversation) -> Grammar:
        """What can be said once a conversation holds."""
        doubt = conversation.doubt
        return self.sentences if doubt is None or doubt.asked is None else expecting(self.sentences, doubt)

    def sentence(self, transcript: Transcript) -> Sentence:
        """What the words of an utterance that may be over are to the grammar."""
        contexts = self._skills.contexts(self._conversation, self._now())
        skill = self._policy.skill
        return sentence_in(
            transcript, self._grammar, contexts, sure=skill.act_confidence, near=skill.clarify_confidence
        )

    async def understand(self, transcript: Transcript) -> Understanding:
        """Find what was meant; takes a few milliseconds where a sentence fits.

        A sentence heard as such goes before the text that was written down without regard to any. What means
        nothing in the latest thread of the conversation may go on with an earlier one. What answers the
        device's own question goes before what it would mean to a skill. What is no sentence at all may be
        understood all the same.

        Raises:
            EngineError: A model that is asked about words that are no sentence failed.
            CancelledWorkError: The device is being closed.
        """
        now = self._now()
        readings = transcript.readings or ()
        least = self._policy.skill.clarify_confidence
        heard = readings[0] if readings and readings[0].confidence >= least else None
        meant = self._understood(transcript.text if heard is None else heard.text, heard, now)
        if heard is not None and meant.skill is not None:
            meant = replace(meant, confidence=heard.confidence)
        if meant.source == "none":
            meant = await self._guessed(transcript, now) or meant
        return replace(meant, alternatives=(*meant.alternatives, *self._alternatives(readings, now)))

    def _understood(self, text: str, heard: Reading | None, now: datetime) -> Understanding:
        contexts = self._skills.contexts(self._conversation, now)
        doubt = self._skills.alive(self._conversation, now).doubt
        answer = None if doubt is None else answer_to(doubt, self._grammar, text)
        if answer is not None:
            return answer
        if heard is not None and heard.match.skill != OWN:
            context = contexts[min(heard.context, len(contexts) - 1)]
            if ASKED not in context:
                return self._meant(heard.match, text, context, now)
        for context in contexts:
            if ASKED not in context:
                matches = match_text(self._grammar, text, context=context, limit=1)
                if matches:
                    return self._meant(matches[0], text, context, now)
        for context in self._skills.past_contexts(self._conversation, now):
            if match_text(self._grammar, text, context=context, limit=1):
                return Understanding(intent=None, skill=None, source="expired")
        return Understanding(intent=None, skill=None)

    async def _guessed(self, transcript: Transcript, now: datetime) -> Understanding | None:
        if self._interpreter is None:
            return None
        conversation = self._conversation
        contexts = [known for known in self._skills.contexts(conversation, now) if ASKED not in known]
        guessed = await self._interpreter.understand(self.sentences, transcript, contexts or [{}])
        if guessed is None:
            return None
        slots = self._skills.resolved(guessed, conversation, now)
        told = tuple(replace(sentence, slots=slots) for sentence in guessed.alternatives)
        return replace(guessed, slots=slots, alternatives=told)

    def _alternatives(self, readings: Sequence[Reading], now: datetime) -> tuple[Alternative, ...]:
        found = []
        for reading in readings:
            match = reading.match
            meant = Understanding(intent=match.intent, skill=match.skill, slots=_values(match))
            alternative = Alternative(
                intent=match.intent,
                skill=match.skill,
                said=reading.text,
                slots=self._skills.resolved(meant, self._conversation, now),
                words={name: slot.text for name, slot in match.slots.items() if slot.text},
                confidence=reading.confidence,
                behind=round(readings[0].rank - reading.rank, 2),
            )
            found.append(alternative)
        return tuple(found)

    def _meant(
        self, best: GrammarMatch, text: str, context: Mapping[str, str], now: datetime
    ) -> Understanding:
        alone = match_text(self._grammar, text, limit=1) if context else (best,)
        needed = not alone or (alone[0].skill, alone[0].intent) != (best.skill, best.intent)
        meant = Understanding(
            intent=best.intent,
            skill=best.skill,
            slots=_values(best),
            confidence=best.confidence,
            source="context" if needed else "grammar",
        )
        return replace(meant, slots=self._skills.resolved(meant, self._conversation, now))

    def choose_route(self, understanding: Understanding, beyond: Reach | None = None) -> RouteDecision:
        """Decide who answers.

        Args:
            understanding: Of this turn.
            beyond: What could answer besides a skill; None for nothing.
        """
        here = self._reach()
        if beyond is not None:
            here = replace(beyond, restricted=here.restricted, unlearned=here.unlearned)
        asked = self._skills.alive(self._conversation, self._now()).doubt
        return choose_route(understanding, here, self._policy, asked)

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
            return await self._ask(turn_id, understanding)
        if decision.route != "skill":
            self._drop_doubt(turn_id)
            if understanding.source == "expired":
                return Answer(text=phrases.FORGOTTEN, source="phrase:forgotten", asks=True)
            latest = self._skills.alive(self._conversation, self._now()).threads[:1]
            asked = any(thread.question is not None for thread in latest)
            return Answer(text=phrases.NOT_UNDERSTOOD, source="phrase:not_understood", asks=asked)
        call = partial(self._skills.answer, understanding, self._conversation, now=self._now(), key=turn_id)
        reply = await asyncio.to_thread(call)
        keys: tuple[str, ...] = ()
        if reply.effects:
            keys = await asyncio.to_thread(self._outbox.stage, turn_id, revision, reply.skill, reply.effects)
        self._unsettled[turn_id] = (reply.conversation, self.sentences)
        return Answer(
            text=reply.text,
            source=f"skill:{reply.skill}",
            asks=reply.question is not None,
            asks_shortly=reply.question is not None and reply.question.short,
            effects=keys,
            fault="permission_refused" if reply.refusals else None,
        )

    async def answer_alone(self, turn_id: str, revision: int, understanding: Understanding) -> Answer:
        """Answer as if nobody else could be asked; what no skill answers surely is asked about or refused.

        Raises:
            SkillFailedError: The skill failed or took too long.
            PermissionRefusedError: It did what it has not declared.
            RecordError: Its effects cannot be stored; nothing is staged.
        """
        return await self.answer(turn_id, revision, understanding, self.choose_route(understanding))

    def answered_beyond(self, turn_id: str, offer: Offer | None = None) -> None:
        """Somebody else answers this turn: what was asked before it is not waited for any longer.

        Args:
            turn_id: The turn.
            offer: What is waited for instead.
        """
        self._drop_doubt(turn_id)
        if offer is not None:
            alive = self._skills.alive(self._conversation, self._now())
            offered = replace(alive, doubt=doubt_about(offer), last_turn_at=self._now())
            holds = (offered, self._expected_after(offered))
            if turn_id == self._settled:  # the end of a long answer comes after the person could speak on
                self._conversation, self._grammar = holds
            else:
                self._unsettled[turn_id] = holds

    async def _ask(self, turn_id: str, understanding: Understanding) -> Answer:
        """Ask about what was not sure, or for the whole to be said again where nothing can be asked."""
        now = self._now()
        alive = self._skills.alive(self._conversation, now)
        if alive.doubt is not None and is_denial(understanding, self._policy):
            denied = replace(alive, doubt=alive.doubt.over(), last_turn_at=now)
            self._unsettled[turn_id] = (denied, self.sentences)
            return Answer(text=phrases.SAY_AGAIN, source="phrase:say_again", asks=True)
        inquiry = inquiry_about(understanding, alive.doubt)
        contexts = self._skills.contexts(self._conversation, now)
        question = await asyncio.to_thread(question_about, inquiry, self._grammar, contexts)
        if question is None:
            self._drop_doubt(turn_id)
            return Answer(text=phrases.NOT_SURE, source="phrase:not_sure", asks=True)
        doubtful = replace(alive, doubt=question.doubt, last_turn_at=now)
        grammar = await asyncio.to_thread(self._expected_after, doubtful)
        self._unsettled[turn_id] = (doubtful, grammar)
        return Answer(text=question.text, source=f"phrase:{question.source}", asks=True, asks_shortly=True)

    def _drop_doubt(self, turn_id: str) -> None:
        """What was asked is not waited for any longer."""
        if self._conversation.doubt is not None:
            self._unsettled[turn_id] = (replace(self._conversation, doubt=None), self.sentences)

    def apology(self, fault: str) -> Answer:
        """What to say after a failure."""
        return phrases.apology(fault)

    async def commit(self, turn_id: str) -> None:
        """The turn is settled: its conversation holds, its effects shall happen."""
        self._settled = turn_id
        unsettled = self._unsettled.pop(turn_id, None)
        if unsettled is not None:
            conversation, self._grammar = unsettled
            self._conversation = conversation
            await asyncio.to_thread(self._memory.keep, conversation)
        await asyncio.to_thread(self._outbox.commit, turn_id)
        self._on_commit()

    async def drop(self, turn_id: str, revision: int) -> None:
        """What this revision staged shall not happen."""
        self._unsettled.pop(turn_id, None)
        await asyncio.to_thread(self._outbox.drop, turn_id, revision)


def _values(match: GrammarMatch) -> dict[str, Json]:
    return {name: slot.value for name, slot in match.slots.items()}
