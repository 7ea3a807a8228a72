"""Time as an input.

Two clocks, never mixed: the wall clock names a moment for people and may be wrong or jump (a device without a
battery starts in 1970 until the network or a person sets it); the monotonic clock measures durations and
deadlines and never jumps. Whoever needs either is handed a `Clock`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final, Protocol

EARLIEST_PLAUSIBLE: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""No device of ours ran before this: an earlier wall clock has not been set yet."""


class Clock(Protocol):
    """Tells the time."""

    def utc_now(self) -> datetime:
        """The wall clock, aware, in UTC; may be wrong and may jump."""
        ...

    def monotonic_ms(self) -> float:
        """Milliseconds since an arbitrary moment; only differences mean anything."""
        ...


class SystemClock:
    """The clocks of this machine."""

    def utc_now(self) -> datetime:
        """The wall clock, aware, in UTC; may be wrong and may jump."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> float:
        """Milliseconds since an arbitrary moment; only differences mean anything."""
        return time.monotonic_ns() / 1e6


def is_plausible(moment: datetime) -> bool:
    """Whether a wall clock showing this can have been set at all."""
    return moment >= EARLIEST_PLAUSIBLE
