"""Answers kept from earlier and answers of the cloud, for turns that no skill answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Protocol

from nearfield_edge import phrases
from nearfield_edge.errors import EscalationRefusedError, LinkLostError
from nearfield_edge.escalation.beyond import CACHE, CLOUD, Alone, Wanted
from nearfield_edge.escalation.context import RecentExchanges
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    CloudEvent,
    EscalatedQuestion,
    Escalation,
    PastExchange,
    RouteTold,
)
from nearfield_edge.routing.policy import CloudPolicy
from nearfield_edge.routing.router import Reach
from nearfield_edge.streams import until
from nearfield_edge.turn.content import Answer, AnswerPart
from nearfield_sync.clock import Clock
from nearfield_sync.errors import RedactionError
from nearfield_sync.messages.turn_record import EscalationRecord, SourceRecord
from nearfield_sync.redaction.spans import Masks, Redacted, restore
from nearfield_sync.telemetry import Counters

Redact = Callable[[str, Masks], Redacted]
"""Masks what is personal in a text, with the masks of the conversation so far."""

_LATE: Final = "cloud_late"


class KeptAnswers(Protocol):
    """The local cache of answers."""

    def find(self, question: str) -> tuple[AnswerSentence, ...] | None:
        """The kept answer to these very words, where there is one that still holds."""
        ...

    def keep(self, question: str, sentences: Sequence[AnswerSentence], seconds: int) -> None:
        """Keep an answer for so long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that left, and what has come of it."""

    redacted: Redacted
    conversation: tuple[PastExchange, ...]
    began_ms: float
    sentences: tuple[AnswerSentence, ...] = ()
    first_ms: float | None = None
    plan: str = ""
    ended: Answered | None = None

    def with_sentence(self, sentence: AnswerSentence, now_ms: float) -> _Asked:
        first_ms = now_ms - self.began_ms if self.first_ms is None else self.first_ms
        return replace(self, sentences=(*self.sentences, sentence), first_ms=first_ms)

    def record(self, outcome: str = "", reason: str = "") -> EscalationRecord:
        """As the turn record has it."""
        ended = self.ended
        return EscalationRecord(
            sent=self.redacted.text,
            masked={str(kind): count for kind, count in self.redacted.counts.items()},
            outcome=outcome or (ended.outcome if ended is not None else ""),
            reason=reason or (ended.reason if ended is not None else ""),
            plan=self.plan,
            first_sentence_ms=None if self.first_ms is None else round(self.first_ms, 1),
            sources=sources_of(self.sentences),
        )


class BeyondSkills:
    """Asks the cache and the cloud; see `Beyond` for the contract."""

    def __init__(
        self,
        *,
        escalation: Escalation,
        kept: KeptAnswers,
        recent: RecentExchanges,
        policy: CloudPolicy,
        redact: Redact,
        clock: Clock,
        counters: Counters,
        language: str = "en",
    ) -> None:
        """Take the parts.

        Args:
            escalation: The link to the cloud.
            kept: Answers that may be given without it.
            recent: What was said in the last turns.
            policy: What may leave, and how long is waited.
            redact: Masks what is personal.
            clock: Measures.
            counters: Get ``nearfield_escalations_total{outcome}`` and ``nearfield_masked_total{kind}``.
            language: Of the questions.
        """
        self._escalation = escalation
        self._kept = kept
        self._recent = recent
        self._policy = policy
        self._redact = redact
        self._clock = clock
        self._counters = counters
        self._language = language
        self._masks = Masks()

    async def reach(self, text: str) -> Reach:
        """What could answer these words at the moment."""
        kept = await asyncio.to_thread(self._kept.find, text)
        return Reach(
            cache=kept is not None,
            cloud=self._escalation.ready,
            no_link=self._escalation.why_not or "no link",
            words=len(text.split()),
        )

    def answers_to(self, route: str) -> bool:
        """Whether turns of this route are answered here."""
        return route in (CACHE, CLOUD)

    async def answers(self, wanted: Wanted, alone: Alone) -> AsyncGenerator[Answer | AnswerPart]:
        """Answer from the cache or by the cloud; see `Beyond`."""
        kept = (
            await asyncio.to_thread(self._kept.find, wanted.text) if wanted.decision.route == CACHE else None
        )
        if kept is not None:
            yield _from_cache(kept)
            return
        try:
            asked = await asyncio.to_thread(self._masked, wanted.text)
        except RedactionError as error:
            record = EscalationRecord(sent="", outcome=error.code, reason=str(error))
            yield replace(phrases.without_cloud(await alone(), error.code), escalation=record)
            return
        async with aclosing(self._from_cloud(wanted, asked, alone)) as answers:
            async for answer in answers:
                yield answer

    async def _from_cloud(
        self, wanted: Wanted, asked: _Asked, alone: Alone
    ) -> AsyncGenerator[Answer | AnswerPart]:
        fault, reason = "", ""
        loop = asyncio.get_running_loop()
        late: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(self._policy.deadline_ms / 1000, _set, late)
        try:
            async with aclosing(until(self._escalation.ask(self._question(wanted, asked)), late)) as events:
                async for event in events:
                    asked = self._taken(asked, event)
                    if isinstance(event, AnswerSentence):
                        timer.cancel()
                        yield self._said(asked, event)
        except (LinkLostError, EscalationRefusedError) as error:
            fault, reason = error.code, str(error)
        finally:
            timer.cancel()
        if not fault and asked.ended is None:
            fault, reason = _LATE, f"no sentence within {self._policy.deadline_ms} ms"
        outcome = fault or (asked.ended.outcome if asked.ended is not None else "")
        self._counters.add("nearfield_escalations_total", outcome=outcome)
        record = asked.record(outcome, reason)
        if asked.sentences:
            await self._keep(wanted, asked)
            yield self._end(asked, fault, record)
        else:
            yield replace(phrases.without_cloud(await alone(), outcome), escalation=record)

    def _masked(self, text: str) -> _Asked:
        """Mask the question and what was said before it."""
        before = self._recent.latest()
        masks = self._masks if before else Masks()
        conversation = []
        for exchange in before:
            question = self._redact(exchange.question, masks)
            answer = self._redact(exchange.answer, question.masks)
            masks = answer.masks
            conversation.append(PastExchange(question=question.text, answer=answer.text))
        redacted = self._redact(text, masks)
        self._masks = redacted.masks
        for kind, count in redacted.counts.items():
            self._counters.add("nearfield_masked_total", count, kind=kind)
        now_ms = self._clock.monotonic_ms()
        return _Asked(redacted=redacted, conversation=tuple(conversation), began_ms=now_ms)

    def _question(self, wanted: Wanted, asked: _Asked) -> EscalatedQuestion:
        return EscalatedQuestion(
            turn_id=wanted.turn_id,
            revision=wanted.revision,
            text=asked.redacted.text,
            language=self._language,
            conversation=asked.conversation,
        )

    def _taken(self, asked: _Asked, event: CloudEvent) -> _Asked:
        match event:
            case AnswerSentence():
                return asked.with_sentence(event, self._clock.monotonic_ms())
            case RouteTold(plan=plan, reason=reason):
                return replace(asked, plan=f"{plan}: {reason}" if reason else plan)
            case Answered():
                return replace(asked, ended=event)
        return asked

    def _said(self, asked: _Asked, sentence: AnswerSentence) -> Answer | AnswerPart:
        text = restore(sentence.text, asked.redacted.masks)
        if len(asked.sentences) == 1:
            return Answer(text=text, source=CLOUD, goes_on=True, escalation=asked.record())
        return AnswerPart(text=text, last=False, escalation=asked.record())

    def _end(self, asked: _Asked, fault: str, record: EscalationRecord) -> AnswerPart:
        if fault:
            return AnswerPart(text=phrases.CUT_OFF, last=True, fault=fault, escalation=record)
        asks = asked.ended is not None and asked.ended.outcome == "asked_back"
        return AnswerPart(text="", last=True, asks=asks, escalation=record)

    async def _keep(self, wanted: Wanted, asked: _Asked) -> None:
        """Keep a whole answer that may be kept and has nothing personal in its question."""
        ended = asked.ended
        if ended is None or ended.outcome != "answered" or asked.redacted.spans:
            return
        if ended.may_be_kept_seconds > 0:
            seconds = ended.may_be_kept_seconds
            await asyncio.to_thread(self._kept.keep, wanted.text, asked.sentences, seconds)


def sources_of(sentences: Sequence[AnswerSentence]) -> tuple[SourceRecord, ...]:
    """What an answer rests on, each source once, in the order of its sentences."""
    found: dict[tuple[str, str], SourceRecord] = {}
    for sentence in sentences:
        for cited in sentence.citations:
            record = SourceRecord(document=cited.document, source=cited.source, quote=cited.quote)
            found.setdefault((cited.document, cited.source), record)
    return tuple(found.values())


def _from_cache(sentences: Sequence[AnswerSentence]) -> Answer:
    record = EscalationRecord(sent="", outcome="kept", reason="asked before", sources=sources_of(sentences))
    first, *more = (sentence.text for sentence in sentences)
    return Answer(text=first, more=tuple(more), source=CACHE, escalation=record)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
