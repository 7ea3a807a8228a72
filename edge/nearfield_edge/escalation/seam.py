"""Who is asked when the device cannot answer.

The device owns its turn: it asks, it takes what comes as long as it likes, and it ends the turn by itself
when nothing comes. Nothing here waits for a connection; a link that is not warm is simply not ready.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Outcome = Literal["answered", "ungrounded", "asked_back", "handed_over", "refused", "cancelled", "failed"]
"""How the cloud ended a turn: as its orchestrator names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastExchange:
    """An earlier question of the conversation and what was answered, both redacted."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EscalatedQuestion:
    """One turn's question, as it may leave the device."""

    turn_id: str
    revision: int = 0
    """Counts how often the turn was reopened; with ``turn_id`` it is the question's idempotency key."""
    text: str
    """Redacted."""
    language: str = "en"
    conversation: tuple[PastExchange, ...] = ()
    """The latest last."""
    sound: NDArray[np.int16] | None = field(default=None, repr=False)
    """int16[n], 16 kHz: what was said; only where the policy lets sound leave."""
    deadline_seconds: float | None = None
    """From the question to the answer's last sentence; the configured one if None."""
    can_wait: bool = False
    """Whether nobody stands there waiting: it then gives way to a question of somebody who does."""
    trace_parent: str | None = None
    """W3C ``traceparent`` of the turn's span."""

    @property
    def key(self) -> str:
        """Names the question to both ends; the same question is never answered twice under it."""
        return f"{self.turn_id}/{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a sentence comes from."""

    document: str
    """Its title as people know it."""
    source: str
    """Path or URL from which the cloud took it."""
    quote: str
    """The words that the sentence rests on."""
    chunk_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTold:
    """How the cloud is going to answer, and why."""

    plan: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentence:
    """A sentence that may be spoken."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationAsked:
    """A tool would change something: nothing happens until a person has agreed, see `Escalation.confirm`.

    What it asks comes here alone, not as a sentence of the answer besides.
    """

    call_id: str
    tool: str
    arguments: Mapping[str, object]
    question: str
    """What to ask the person, to be spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer is over; always the last event."""

    outcome: Outcome
    reason: str
    may_be_kept_seconds: int = 0
    """For how long the device may answer the same question by itself; 0 forbids it."""


CloudEvent = RouteTold | AnswerSentence | ConfirmationAsked | Answered


class Escalation(Protocol):
    """Asks the cloud.

    Contract for implementers: nothing here waits for the network but the iterator of ``ask``; that one ends
    with `Answered` or raises, at most three seconds after the link died and at the question's deadline at the
    latest. A question that was sent is never sent again by itself: who asks knows of the loss and decides.
    """

    @property
    def ready(self) -> bool:
        """Whether the link is warm: a question sent now is with the cloud at once."""
        ...

    @property
    def why_not(self) -> str:
        """Why it is not ready, for the turn record; empty where it is."""
        ...

    def wanted(self) -> None:
        """Somebody would ask now: without a link it is tried again at once, unless told to wait."""
        ...

    def hear(self, turn_id: str, partial: str) -> None:
        """Tell what was said so far, redacted, so that the cloud may begin; nothing without a link."""
        ...

    def ask(self, question: EscalatedQuestion) -> AsyncGenerator[CloudEvent]:
        """Ask; to be used under ``aclosing``. Closing it early cancels the answer at the other end.

        Raises:
            LinkLostError: There is no link, or it was lost before the answer was over.
            EscalationRefusedError: The cloud declined, with its own code; or, with ours, the deadline passed
                (``deadline_passed``), another question is under way (``busy``), this very one was sent before
                (``already_asked``), or it gave way to somebody who waits (``displaced``).
        """
        ...

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """A person's answer to `ConfirmationAsked`; without a link nothing: the cloud then lets it be."""
        ...
