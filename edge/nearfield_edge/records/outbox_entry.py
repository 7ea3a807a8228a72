"""An effect under way, who carries it out, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from nearfield_edge.skills.api import Effect
from nearfield_edge.skills.effects import effect_from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How patiently an effect is delivered."""

    first_wait_ms: int = 1_000
    longest_wait_ms: int = 300_000
    longest_hours: float = 72.0
    """After this long without success an effect is set aside."""
    rejections: int = 3
    """How often a receiver may decline for good before the effect is set aside."""

    def wait_ms(self, attempts: int, chance: float) -> int:
        """How long to wait after ``attempts`` failures; ``chance`` in 0..1 spreads devices out (full jitter).

        Source: "Exponential backoff and jitter", AWS Architecture Blog, 2015.
        """
        ceiling = min(self.longest_wait_ms, self.first_wait_ms * 2 ** min(attempts - 1, 30))
        return int(ceiling * (0.5 + chance / 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """An effect that is under way or was set aside."""

    key: str
    """Idempotency key: ``turn/revision/index``."""
    turn_id: str
    skill: str
    state: Literal["staged", "committed", "failed"]
    content: str
    attempts: int
    rejections: int
    due_ms: int
    """Unix time of the next attempt; 0 is at once."""
    first_attempt_ms: int | None
    reason: str | None
    """Why the last attempt failed."""

    @property
    def effect(self) -> Effect:
        """What is to be carried out.

        Raises:
            EffectRejectedError: A later version has stored it.
        """
        return effect_from_json(self.content)


class Delivery(Protocol):
    """Carries one effect out; called again with the same key until it returns."""

    def deliver(self, entry: OutboxEntry, now: datetime) -> None:
        """Return once the receiver has acknowledged.

        Raises:
            EdgeError: It did not; ``retryable`` says whether patience may help.
        """
        ...
