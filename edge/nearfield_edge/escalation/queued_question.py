"""A question that waits or waited for a link, and how many may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nearfield_edge.escalation.seam import AnswerSentence, EscalatedQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLimits:
    """How many questions wait, and for how long."""

    most: int = 50
    longest_seconds: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedQuestion:
    """A question and how far it is."""

    question: EscalatedQuestion
    person: str | None
    state: Literal["waiting", "asked", "answered", "given_up"]
    sentences: tuple[AnswerSentence, ...]
    """The answer, where there is one."""
    reason: str
    """Why it was given up."""
    kept_ms: int
    """Unix time since which it waits."""
