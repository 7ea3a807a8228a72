"""A clock that the test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nearfield_sync.clock import Clock

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class SettableClock:
    """Stands still until told otherwise; wall and monotonic time move together unless the wall is set."""

    def __init__(self, wall: datetime = START) -> None:
        self._wall = wall
        self._monotonic_ms = 0.0

    def utc_now(self) -> datetime:
        return self._wall

    def monotonic_ms(self) -> float:
        return self._monotonic_ms

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._wall += by
        self._monotonic_ms += by.total_seconds() * 1000.0

    def set_wall(self, wall: datetime) -> None:
        """Set the wall clock, as a person or the network would; no time passes."""
        self._wall = wall


def as_clock(clock: SettableClock) -> Clock:
    """Only here so that mypy checks the fake against the seam."""
    return clock
