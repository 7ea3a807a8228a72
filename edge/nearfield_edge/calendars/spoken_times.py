"""What a spoken time means, and how a time is spoken.

The rule for a clock time without "am", "pm", "in the morning" or the like:

* The *working reading* is the one between 07:00 and 18:59; of every pair twelve hours apart exactly one is.
* With a day named, the working reading of that day; for today, the other reading if the working one is past.
* With no day named, today's working reading if it is still ahead. Otherwise it may mean tomorrow, or tonight:
  where the evening reading (19:00 to 21:59) is still ahead, the speaker is asked; if not, it means tomorrow.

A moment counts as ahead until ``GRACE`` after it: "at three" said two minutes past three still means three.
A local time that a change to summer time skips is taken an hour later; one that occurs twice is the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

GRACE: Final = timedelta(minutes=5)
_WORK_BEGINS: Final = time(7)
_EVENING_BEGINS: Final = time(19)
_EVENING_ENDS: Final = time(22)
_DAY: Final = timedelta(days=1)

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS: Final[dict[str, tuple[time, time]]] = {
    "morning": (time(8), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(18), time(22)),
    "day": (time(8), time(18)),
}
"""Parts of a day, as people at work mean them."""

Half = Literal["am", "pm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTime:
    """A clock time as spoken: ``hour`` 1..12 with an open or a given half of the day, or 0 and 13..23."""

    hour: int
    minute: int = 0
    half: Half | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.hour <= 23 and 0 <= self.minute <= 59):
            raise ValueError("a clock time needs an hour of 0 to 23 and a minute of 0 to 59")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """It can only mean this moment (aware, in the zone of the present moment given)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """It can mean either; the speaker is asked."""

    sooner: datetime
    later: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """It can only mean a moment that is over."""

    at: datetime


Resolved = Meant | Ambiguous | Past


def clock_time(hour: int, minutes_past: int = 0, half: Half | None = None) -> ClockTime:
    """Put "half past ten" (10, 30) or "a quarter to three" (3, -15) together."""
    if minutes_past < 0:
        hour = 12 if hour == 1 else (hour - 1) % 24
    return ClockTime(hour=hour, minute=minutes_past % 60, half=half)


def readings(clock: ClockTime) -> tuple[time, ...]:
    """The one or two times of day that a clock time can mean; of two the working reading comes first."""
    if clock.hour == 0 or clock.hour > 12:
        return (time(clock.hour, clock.minute),)
    morning = time(clock.hour % 12, clock.minute)
    evening = time(clock.hour % 12 + 12, clock.minute)
    if clock.half:
        return (morning if clock.half == "am" else evening,)
    if morning >= _WORK_BEGINS:
        return (morning, evening)
    return (evening, morning)


def on_day(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment of a local time; one that the change to summer time skips is moved an hour later."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC).astimezone(zone)


def resolve_start(clock: ClockTime, day: date | None, now: datetime) -> Resolved:
    """Say which moment a spoken start means, by the rule in the module's docstring.

    Args:
        clock: The time as spoken.
        day: The day named, or None.
        now: The present moment, aware; its zone is the one that people here live by.
    """
    times = readings(clock)
    zone = zone_of(now)
    today = now.date()
    if day is not None and day != today:
        return _ahead_or_past(on_day(day, times[0], zone), now)
    candidates = [on_day(today, at, zone) for at in times]
    if _is_ahead(candidates[0], now):
        return Meant(at=candidates[0])
    if day is not None:
        return _ahead_or_past(candidates[-1], now)
    tomorrow = on_day(today + _DAY, times[0], zone)
    other = candidates[-1]
    if len(times) == 2 and _EVENING_BEGINS <= times[1] < _EVENING_ENDS and _is_ahead(other, now):
        return Ambiguous(sooner=other, later=tomorrow)
    return Meant(at=tomorrow)


def resolve_end(clock: ClockTime, start: datetime) -> datetime:
    """The first moment after ``start`` (aware) that the clock time can mean."""
    zone = zone_of(start)
    moments = [
        on_day(start.date() + offset, at, zone) for offset in (timedelta(0), _DAY) for at in readings(clock)
    ]
    return min(moment for moment in moments if moment.astimezone(UTC) > start.astimezone(UTC))


def resolve_day(spoken: str, today: date) -> date:
    """The date of "today", "tomorrow", "day after tomorrow", "friday" or "next friday".

    A weekday is its next occurrence, today included; with "next" it is the one of the coming calendar week.

    Raises:
        ValueError: None of these.
    """
    fixed = {"today": 0, "tomorrow": 1, "day after tomorrow": 2}
    if spoken in fixed:
        return today + timedelta(days=fixed[spoken])
    name = spoken.removeprefix("next ")
    if name not in WEEKDAYS:
        raise ValueError(f"'{spoken}' names no day: expected today, tomorrow or a weekday")
    if name != spoken:
        return today + timedelta(days=7 - today.weekday() + WEEKDAYS.index(name))
    return today + timedelta(days=(WEEKDAYS.index(name) - today.weekday()) % 7)


def part_of_day(part: str, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Begin and end of a part of a day named in ``PARTS``."""
    begin, end = PARTS[part]
    return on_day(day, begin, zone), on_day(day, end, zone)


def zone_of(moment: datetime) -> tzinfo:
    """The zone of an aware moment.

    Raises:
        ValueError: It has none.
    """
    if moment.tzinfo is None:
        raise ValueError("the present moment must carry a time zone")
    return moment.tzinfo


def _is_ahead(moment: datetime, now: datetime) -> bool:
    return moment.astimezone(UTC) + GRACE >= now.astimezone(UTC)


def _ahead_or_past(moment: datetime, now: datetime) -> Meant | Past:
    return Meant(at=moment) if _is_ahead(moment, now) else Past(at=moment)
