"""What a turn carries from stage to stage, besides what its record keeps as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nearfield_edge.doubts.offers import Offer
from nearfield_models.decoding.readings import Reading
from nearfield_sync.messages.turn_record import EscalationRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was heard."""

    text: str
    mean_log_probability: float | None = None
    """Natural logarithm per token; None where the engine has no scores or the text was typed."""
    readings: tuple[Reading, ...] | None = None
    """Sentences of the grammar that were heard in the sound, the best first; None where it was not listened
    to for sentences: then the text is all there is."""
    typed: bool = False
    """Whether nobody said it: then no word of it was misheard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device says."""

    text: str
    source: str
    """``skill:coffee`` or ``phrase:not_understood``."""
    asks: bool = False
    """Whether it is a question, so that the device listens on without a wake word."""
    asks_shortly: bool = False
    """Whether that question expects a short answer, such as a yes or a no."""
    effects: tuple[str, ...] = ()
    """Idempotency keys of the staged effects."""
    fault: str | None = None
    """Code of what went wrong on the way to this answer."""
    more: tuple[str, ...] = ()
    """What is said after ``text``, part by part."""
    goes_on: bool = False
    """Whether still more may come; `events.AnswerWentOn` tells."""
    escalation: EscalationRecord | None = None
    """What the cloud was asked, and what came of it so far."""
    offer: Offer | None = None
    """What a yes or a no to it decides."""

    @property
    def whole_text(self) -> str:
        """All that is said, as far as it is known."""
        return " ".join((self.text, *self.more))

    def gone_on(self, part: AnswerPart) -> Answer:
        """The answer with another part of it."""
        return replace(
            self,
            more=(*self.more, part.text) if part.text else self.more,
            goes_on=not part.last,
            asks=self.asks or part.asks,
            fault=part.fault or self.fault,
            escalation=part.escalation or self.escalation,
            offer=part.offer or self.offer,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """More of an answer that goes on."""

    text: str
    """Empty where only its end is told."""
    last: bool
    asks: bool = False
    """Whether the answer ends with a question."""
    fault: str | None = None
    """Code of what ended it too soon."""
    escalation: EscalationRecord | None = None
    offer: Offer | None = None
    """What a yes or a no to that question decides."""
