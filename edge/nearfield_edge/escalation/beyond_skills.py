"""Answers kept from earlier and answers of the cloud, for turns that no skill answers.

Where nobody can be asked the device says so, and offers to ask later. Where the cloud would change something
it asks the person first; the answer is then kept open until they have said yes or no, in a turn of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from nearfield_edge import phrases
from nearfield_edge.doubts.offers import ACCEPTED, CONFIRMATION, Offer, offer_in
from nearfield_edge.errors import EscalationRefusedError, LinkLostError, RecordError
from nearfield_edge.escalation.asked import Asked, sources_of
from nearfield_edge.escalation.beyond import CACHE, CLOUD, Alone, Wanted
from nearfield_edge.escalation.kept_answer import KeptAnswer
from nearfield_edge.escalation.later import AskingLater
from nearfield_edge.escalation.masking import Masking
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    CloudEvent,
    ConfirmationAsked,
    EscalatedQuestion,
    Escalation,
    PastExchange,
)
from nearfield_edge.routing.policy import CloudPolicy
from nearfield_edge.routing.router import Reach
from nearfield_edge.streams import next_before
from nearfield_edge.turn.content import Answer, AnswerPart
from nearfield_edge.understanding.questions import is_question
from nearfield_sync.clock import Clock
from nearfield_sync.errors import RedactionError
from nearfield_sync.messages.turn_record import EscalationRecord, RouteDecision
from nearfield_sync.redaction.spans import restore
from nearfield_sync.telemetry import Counters, Log

_LATE: Final = "cloud_late"
_NO_LINK: Final = "link_lost"


class KeptAnswers(Protocol):
    """The local cache of answers."""

    def find(self, spoken: str, conversation: Sequence[PastExchange] = ()) -> KeptAnswer | None:
        """The kept answer to these very words, where there is one that still holds."""
        ...

    def keep(
        self,
        spoken: str,
        question: EscalatedQuestion,
        sentences: Sequence[AnswerSentence],
        answered: Answered,
    ) -> bool:
        """Keep an answer if it may be given again; whether it was kept."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """An answer that waits for a person's yes or no."""

    call_id: str
    asked: Asked
    events: AsyncGenerator[CloudEvent]


class BeyondSkills:
    """Asks the cache and the cloud; see `Beyond` for the contract."""

    def __init__(
        self,
        *,
        escalation: Escalation,
        kept: KeptAnswers,
        later: AskingLater,
        masking: Masking,
        policy: CloudPolicy,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Take the parts.

        Args:
            escalation: The link to the cloud.
            kept: Answers that may be given without it.
            later: Lets questions wait for it.
            masking: Makes questions fit to leave.
            policy: What may leave, and how long is waited.
            clock: Measures.
            counters: Get ``nearfield_escalations_total{outcome}``.
        """
        self._escalation = escalation
        self._kept = kept
        self._later = later
        self._masking = masking
        self._policy = policy
        self._clock = clock
        self._counters = counters
        self._open: _Open | None = None
        self._log: Log = structlog.get_logger()

    async def reach(self, text: str) -> Reach:
        """What could answer these words at the moment."""
        kept = await asyncio.to_thread(self._kept.find, text, self._masking.conversation)
        if not self._escalation.ready:
            self._escalation.wanted()
        return Reach(
            cache=kept is not None,
            cloud=self._escalation.ready,
            no_link=self._escalation.why_not or "no link",
            words=len(text.split()),
        )

    def answers_to(self, decision: RouteDecision, text: str) -> bool:
        """Whether the turn is answered here; also a question that could not be asked is."""
        if decision.route in (CACHE, CLOUD):
            return True
        unasked = decision.route == "refuse" and not self._escalation.ready and self._may_leave
        return unasked and is_question(text)

    async def answers(self, wanted: Wanted, alone: Alone) -> AsyncGenerator[Answer | AnswerPart]:
        """Answer from the cache or by the cloud; see `Beyond`."""
        offer = offer_in(wanted.understanding)
        if offer is not None:
            accepted = wanted.understanding.intent == ACCEPTED
            async with aclosing(self._decided(offer, alone, accepted=accepted)) as answers:
                async for answer in answers:
                    yield answer
            return
        await self._close_open()
        if wanted.decision.route == CACHE:
            kept = await asyncio.to_thread(self._kept.find, wanted.text, self._masking.conversation)
            if kept is not None:  # it may just have expired
                yield _from_cache(kept.sentences)
                return
        try:
            asked = await asyncio.to_thread(self._masking.asked, wanted)
        except RedactionError as error:
            record = EscalationRecord(sent="", outcome=error.code, reason=str(error))
            yield replace(phrases.without_cloud(await alone(), error.code), escalation=record)
            return
        if wanted.decision.route != CLOUD and not self._escalation.ready:
            yield await self._unasked(asked, alone, self._escalation.why_not, sent=False)
            return
        async with aclosing(self._told(self._escalation.ask(asked.question), asked, alone)) as answers:
            async for answer in answers:
                yield answer

    @property
    def _may_leave(self) -> bool:
        return self._policy.enabled and self._policy.may_leave != "nothing"

    # ── the cloud's answer ──────────────────────────────────────────────────────────────────────

    async def _told(
        self, events: AsyncGenerator[CloudEvent], asked: Asked, alone: Alone
    ) -> AsyncGenerator[Answer | AnswerPart]:
        """What the cloud says, up to its end or to a question of its own."""
        fault, reason, begun, sent = "", "", False, True
        deadline_ms = self._clock.monotonic_ms() + self._policy.deadline_ms
        kept_open = False
        try:
            while asked.ended is None:
                left_ms = None if begun else deadline_ms - self._clock.monotonic_ms()
                event = await next_before(events, left_ms)
                if event is None:
                    break
                asked = asked.taken(event, self._clock.monotonic_ms())
                if isinstance(event, ConfirmationAsked):
                    self._open = _Open(call_id=event.call_id, asked=asked, events=events)
                    kept_open = True
                    yield _question(event, asked, begun=begun)
                    return
                if isinstance(event, AnswerSentence):
                    yield _said(event, asked, begun=begun)
                    begun = True
        except LinkLostError as error:
            fault, reason, sent = error.code, str(error), error.sent
        except EscalationRefusedError as error:
            fault, reason = error.code, str(error)
        finally:
            if not kept_open:
                await events.aclose()
        if not fault and asked.ended is None:
            fault, reason = _LATE, f"no sentence within {self._policy.deadline_ms} ms"
        self._counters.add("nearfield_escalations_total", outcome=fault or _outcome(asked))
        if fault == _NO_LINK and not begun:
            yield await self._unasked(asked, alone, reason, sent=sent)
        else:
            yield await self._ended(asked, alone, asked.record(fault, reason), fault, begun=begun)

    async def _ended(
        self, asked: Asked, alone: Alone, record: EscalationRecord, fault: str, *, begun: bool
    ) -> Answer | AnswerPart:
        """The end of an answer that had begun, or what is said instead of one."""
        if begun:
            await self._keep(asked)
            return _end(asked, fault, record)
        return replace(phrases.without_cloud(await alone(), fault or _outcome(asked)), escalation=record)

    async def _keep(self, asked: Asked) -> None:
        """Keep a whole answer that may be kept and has nothing personal in its question."""
        if asked.ended is None or asked.redacted.spans:
            return
        try:
            await asyncio.to_thread(
                self._kept.keep, asked.spoken, asked.question, asked.sentences, asked.ended
            )
        except RecordError as error:  # a full disk takes nobody's answer away
            self._log.error("answer_not_kept", code=error.code, exc_info=error)

    # ── without a link, and what was offered ────────────────────────────────────────────────────

    async def _unasked(self, asked: Asked, alone: Alone, reason: str, *, sent: bool) -> Answer:
        """What is said where nobody could be asked, with what the policy makes of it."""
        record, question = asked.record(_NO_LINK, reason), asked.question
        if sent:  # nobody knows whether it arrived: asked later, it is another question
            question = replace(question, revision=question.revision + 1)
        else:
            record = replace(record, sent="")
        answer = replace(phrases.without_cloud(await alone(), _NO_LINK), escalation=record)
        return answer if answer.text != phrases.NO_LINK else await self._later.offered(answer, question)

    async def _decided(
        self, offer: Offer, alone: Alone, *, accepted: bool
    ) -> AsyncGenerator[Answer | AnswerPart]:
        """A person has said yes or no to what was offered."""
        if offer.kind == CONFIRMATION:
            opened, self._open = self._open, None
            if opened is None or opened.call_id != offer.reference:
                yield Answer(text=phrases.NOTHING_DONE, source="phrase:nothing_done")
                return
            self._escalation.confirm(opened.call_id, agreed=accepted)
            asked = replace(opened.asked, sentences=(), began_ms=self._clock.monotonic_ms(), first_ms=None)
            async with aclosing(self._told(opened.events, asked, alone)) as answers:
                async for answer in answers:
                    yield answer
            return
        yield await self._later.decided(offer.reference, accepted=accepted)

    async def _close_open(self) -> None:
        """Nobody has said yes or no, and something else is wanted: nothing is done."""
        opened, self._open = self._open, None
        if opened is not None:
            self._escalation.confirm(opened.call_id, agreed=False)
            await opened.events.aclose()


def _said(sentence: AnswerSentence, asked: Asked, *, begun: bool) -> Answer | AnswerPart:
    text = restore(sentence.text, asked.redacted.masks)
    if begun:
        return AnswerPart(text=text, last=False, escalation=asked.record())
    return Answer(text=text, source=CLOUD, goes_on=True, escalation=asked.record())


def _question(event: ConfirmationAsked, asked: Asked, *, begun: bool) -> Answer | AnswerPart:
    """The cloud's own question, which is asked in this turn and answered in the next."""
    text = restore(event.question, asked.redacted.masks)
    record = asked.record("confirmation", f"{event.tool} would change something")
    offer = Offer(kind=CONFIRMATION, reference=event.call_id)
    if begun:
        return AnswerPart(text=text, last=True, asks=True, offer=offer, escalation=record)
    return Answer(text=text, source=CLOUD, asks=True, asks_shortly=True, offer=offer, escalation=record)


def _end(asked: Asked, fault: str, record: EscalationRecord) -> AnswerPart:
    if fault:
        return AnswerPart(text=phrases.CUT_OFF, last=True, fault=fault, escalation=record)
    return AnswerPart(text="", last=True, asks=_outcome(asked) == "asked_back", escalation=record)


def _outcome(asked: Asked) -> str:
    return asked.ended.outcome if asked.ended is not None else ""


def _from_cache(sentences: Sequence[AnswerSentence]) -> Answer:
    record = EscalationRecord(sent="", outcome="kept", reason="asked before", sources=sources_of(sentences))
    first, *more = (sentence.text for sentence in sentences)
    return Answer(text=first, more=tuple(more), source=CACHE, escalation=record)
