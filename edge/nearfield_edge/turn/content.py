"""What a turn carries from stage to stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nearfield_sync.messages.turn_record import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was heard."""

    text: str
    mean_log_probability: float | None = None
    """Natural logarithm per token; None where the engine has no scores or the text was typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What the words mean; ``intent`` is None when no sentence of any skill fits."""

    intent: str | None
    skill: str | None
    slots: Mapping[str, Json] = field(default_factory=dict)
    confidence: float = 0.0
    """0..1."""
    source: str = "none"
    """``grammar``, ``context`` or ``none``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDecision:
    """Where a turn goes, and why."""

    route: str
    """``skill``, ``cache``, ``cloud``, ``clarify`` or ``refuse``."""
    reason: str
    confidence: float
    policy_version: str
    considered: tuple[str, ...] = ()
    """The routes not taken, each with its reason: ``cloud: no link``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the device says."""

    text: str
    source: str
    """``skill:coffee`` or ``phrase:not_understood``."""
    asks: bool = False
    """Whether it is a question, so that the device listens on without a wake word."""
    effects: tuple[str, ...] = ()
    """Idempotency keys of the staged effects."""
    fault: str | None = None
    """Code of what went wrong on the way to this answer."""
