"""Free and busy: arithmetic of half-open stretches of time.

All moments are in UTC. Python subtracts and compares two moments of one local zone by the wall clock, which
is wrong by an hour across a change to or from summer time; in UTC there is nothing to get wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Interval:
    """From ``start`` up to but not including ``end``, both in UTC; never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("an interval needs moments in UTC: use Interval.between for other zones")
        if self.end <= self.start:
            raise ValueError("an interval must end after it starts")

    @classmethod
    def between(cls, start: datetime, end: datetime) -> Self:
        """Make an interval of two aware moments of any zone.

        Raises:
            ValueError: A moment without a zone, or an end that is not after the start.
        """
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("an interval needs moments with a time zone")
        return cls(start=start.astimezone(UTC), end=end.astimezone(UTC))

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        """Whether the two share any time; meeting end to start is not sharing."""
        return self.start < other.end and other.start < self.end


class Occupying(Protocol):
    """Whatever takes up time."""

    @property
    def interval(self) -> Interval:
        """The time taken."""
        ...


Taker = TypeVar("Taker", bound=Occupying)


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time as fewest intervals, in order; those that touch become one."""
    joined: list[Interval] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            last = joined[-1]
            joined[-1] = Interval(start=last.start, end=max(last.end, interval.end))
        else:
            joined.append(interval)
    return tuple(joined)


def gaps(busy: Iterable[Interval], within: Interval) -> tuple[Interval, ...]:
    """What is free of ``within`` once ``busy`` is taken out, in order."""
    free: list[Interval] = []
    cursor = within.start
    for taken in merged(busy):
        if cursor < min(taken.start, within.end):
            free.append(Interval(start=cursor, end=min(taken.start, within.end)))
        cursor = max(cursor, taken.end)
    if cursor < within.end:
        free.append(Interval(start=cursor, end=within.end))
    return tuple(free)


def first_gap(busy: Iterable[Interval], within: Interval, length: timedelta) -> Interval | None:
    """The first free stretch of ``within`` of at least ``length``, whole; None when there is none."""
    return next((gap for gap in gaps(busy, within) if gap.length >= length), None)


def conflict(takers: Sequence[Taker], wanted: Interval) -> Taker | None:
    """The earliest of ``takers`` that shares time with ``wanted``; None when there is none."""
    overlapping = [taker for taker in takers if taker.interval.overlaps(wanted)]
    return min(overlapping, key=lambda taker: taker.interval, default=None)
