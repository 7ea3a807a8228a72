"""What time asks of a call: heartbeats sent and missed, silence, an end. Pure; the time is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nearfield_cloud.configuration.realtime import CallLimits


class Due(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    BEAT = "beat"
    """Send a heartbeat."""
    LOST = "lost"
    """The client's heartbeats ceased."""
    SPENT = "a call lasts no longer"
    IDLE = "nothing was said for a long time"
    SILENT = "silent"
    """Nobody spoke for the session's ``idle_timeout_ms`` after an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the call is like."""

    beats: bool
    """Whether its session takes heartbeats."""
    busy: bool
    speaking: bool
    answered: bool
    """Whether the last thing in the conversation is an answer."""
    idle_timeout_ms: int | None


class Timekeeping:
    """Keeps the times of one call; milliseconds of one monotonic clock."""

    def __init__(self, limits: CallLimits, *, now_ms: float) -> None:
        self._limits = limits
        self._began_ms = self._active_ms = self._heard_ms = self._beat_ms = now_ms
        self._quiet_since_ms: float | None = None

    def connected(self, now_ms: float) -> None:
        """The client is there."""
        self._active_ms = self._heard_ms = self._beat_ms = now_ms

    def heard(self, now_ms: float, *, active: bool) -> None:
        """The client lives; ``active`` where it did more than say so."""
        self._heard_ms = now_ms
        if active:
            self._active_ms = now_ms

    def due(self, now_ms: float, seen: Seen) -> Due:
        """Say what is to be done now; asked often."""
        limits = self._limits
        every_ms = limits.heartbeat_seconds * 1000
        if seen.speaking or seen.busy:
            self._active_ms = now_ms
        if seen.beats and now_ms - self._heard_ms > every_ms * limits.most_missed_heartbeats:
            return Due.LOST
        if now_ms - self._began_ms > limits.longest_call_seconds * 1000:
            return Due.SPENT
        if now_ms - self._active_ms > limits.idle_seconds * 1000:
            return Due.IDLE
        if self._stayed_silent(now_ms, seen):
            return Due.SILENT
        if seen.beats and now_ms - self._beat_ms >= every_ms:
            self._beat_ms = now_ms
            return Due.BEAT
        return Due.NOTHING

    def _stayed_silent(self, now_ms: float, seen: Seen) -> bool:
        """Told once after each answer."""
        if seen.idle_timeout_ms is None or seen.busy or seen.speaking or not seen.answered:
            self._quiet_since_ms = None
            return False
        if self._quiet_since_ms is None:
            self._quiet_since_ms = now_ms
        if now_ms - self._quiet_since_ms < seen.idle_timeout_ms:
            return False
        self._quiet_since_ms = float("inf")
        return True
