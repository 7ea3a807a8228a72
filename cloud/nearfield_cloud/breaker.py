"""The circuit breaker: what failed too often is left alone for a while, then tried once.

A pure reducer. ``closed``: everything is admitted, and failures in a row are counted. ``open``: nothing is,
until the rest has passed. ``half_open``: one trial is under way; it decides which of the two comes next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Phase = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerSettings:
    """When to stop asking, and for how long."""

    failures: int = 3
    """So many in a row open it; at least 1."""
    rest_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The state."""

    phase: Phase = "closed"
    failures: int = 0
    """In a row."""
    opened_at_ms: float = 0.0
    admitted_at_ms: float = float("-inf")
    """When the call under trial was let through; results of earlier calls do not judge it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody wants to call."""

    at_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A call that was let through has ended."""

    at_ms: float
    admitted_at_ms: float
    outcome: Literal["succeeded", "failed", "given_up"]
    """``given_up``: whoever asked no longer wanted it, which says nothing about the other end."""


def step(breaker: Breaker, event: Asked | Ended, settings: BreakerSettings) -> tuple[Breaker, bool]:
    """Give the next state, and for `Asked` whether the call is admitted."""
    if isinstance(event, Asked):
        return _asked(breaker, event.at_ms, settings)
    return _ended(breaker, event, settings), False


def _asked(breaker: Breaker, at_ms: float, settings: BreakerSettings) -> tuple[Breaker, bool]:
    if breaker.phase == "closed":
        return breaker, True
    rested = at_ms - breaker.opened_at_ms >= settings.rest_seconds * 1000
    if breaker.phase == "open" and rested:
        return replace(breaker, phase="half_open", admitted_at_ms=at_ms), True
    return breaker, False


def _ended(breaker: Breaker, event: Ended, settings: BreakerSettings) -> Breaker:
    if breaker.phase == "open":
        return breaker  # of a call from before it opened
    if breaker.phase == "half_open":
        if event.admitted_at_ms < breaker.admitted_at_ms:
            return breaker
        if event.outcome == "succeeded":
            return Breaker()
        # An abandoned trial proved nothing: the next one who asks is the trial.
        opened_at_ms = breaker.opened_at_ms if event.outcome == "given_up" else event.at_ms
        return replace(breaker, phase="open", opened_at_ms=opened_at_ms)
    if event.outcome == "succeeded":
        return Breaker()
    failures = breaker.failures + (event.outcome == "failed")
    if failures < settings.failures:
        return replace(breaker, failures=failures)
    return Breaker(phase="open", failures=failures, opened_at_ms=event.at_ms)
