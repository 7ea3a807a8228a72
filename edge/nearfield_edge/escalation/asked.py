"""A question that left the device, and what has come of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    CloudEvent,
    EscalatedQuestion,
    RouteTold,
)
from nearfield_sync.messages.turn_record import EscalationRecord, SourceRecord
from nearfield_sync.redaction.spans import Redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and its answer."""

    spoken: str
    """As it was said; personal."""
    redacted: Redacted
    question: EscalatedQuestion
    began_ms: float
    sentences: tuple[AnswerSentence, ...] = ()
    first_ms: float | None = None
    """From the question's leaving to the first sentence."""
    plan: str = ""
    ended: Answered | None = None

    def taken(self, event: CloudEvent, now_ms: float) -> Asked:
        """With what the cloud said."""
        match event:
            case AnswerSentence():
                first_ms = now_ms - self.began_ms if self.first_ms is None else self.first_ms
                return replace(self, sentences=(*self.sentences, event), first_ms=first_ms)
            case RouteTold(plan=plan, reason=reason):
                return replace(self, plan=f"{plan}: {reason}" if reason else plan)
            case Answered():
                return replace(self, ended=event)
        return self

    def record(self, outcome: str = "", reason: str = "") -> EscalationRecord:
        """As the turn record has it.

        Args:
            outcome: What prevented an answer; empty where the cloud ended it, or has not yet.
            reason: Why.
        """
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


def sources_of(sentences: Sequence[AnswerSentence]) -> tuple[SourceRecord, ...]:
    """What an answer rests on, each source once, in the order of its sentences."""
    found: dict[tuple[str, str], SourceRecord] = {}
    for sentence in sentences:
        for cited in sentence.citations:
            record = SourceRecord(document=cited.document, source=cited.source, quote=cited.quote)
            found.setdefault((cited.document, cited.source), record)
    return tuple(found.values())
