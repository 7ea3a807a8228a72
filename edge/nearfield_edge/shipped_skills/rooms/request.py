"""What the slots of a request mean at the moment it is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.calendars.spoken_times import (
    ClockTime,
    Half,
    Meant,
    Resolved,
    clock_time,
    on_day,
    part_of_day,
    resolve_day,
    resolve_end,
    resolve_start,
    zone_of,
)
from nearfield_sync.messages.turn_record import Json

Slots = Mapping[str, Json]
Edge = Literal["start", "end"]

UNTIL: Final = "until"
"""Value of the slot ``duration`` where the slots of the end say it."""
_TIME_SLOTS: Final = ("hour", "past", "minute", "half")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch that somebody asks about."""

    interval: Interval
    is_moment: bool
    """Asked for a moment, not for a part of a day: the interval is just long enough to matter."""


def whole_minute(moment: datetime) -> datetime:
    """The moment without its seconds."""
    return moment.replace(second=0, microsecond=0)


def spoken_clock(slots: Slots, edge: Edge) -> ClockTime | None:
    """The clock time in ``start_*`` or ``end_*``; None where there is none, or it is "now"."""
    hour = slots.get(f"{edge}_hour")
    if hour is None or hour == "now":
        return None
    if hour in ("noon", "midnight"):
        return ClockTime(hour=12, half="pm" if hour == "noon" else "am")
    past = _number(slots.get(f"{edge}_past")) + _number(slots.get(f"{edge}_minute"))
    spoken = slots.get(f"{edge}_half")
    half: Half | None = "am" if spoken == "am" else "pm" if spoken == "pm" else None
    return clock_time(_number(hour), past, half)


def spoken_day(slots: Slots, now: datetime) -> date | None:
    """The day that was named, or None."""
    day = slots.get("day")
    return None if day is None else resolve_day(str(day), now.date())


def spoken_start(slots: Slots, now: datetime, talked_of: date | None = None) -> Resolved | None:
    """When it shall begin; None where nothing was said of it.

    Args:
        slots: Of the request.
        now: The present moment.
        talked_of: The day that is meant where none is named; None where the talk was of no other day.
    """
    if slots.get("start_hour") == "now":
        return Meant(at=whole_minute(now))
    clock = spoken_clock(slots, "start")
    day = spoken_day(slots, now) or (talked_of if talked_of != now.date() else None)
    return None if clock is None else resolve_start(clock, day, now)


def spoken_length(slots: Slots) -> timedelta | None:
    """How long it shall last, where a length was said."""
    duration = slots.get("duration")
    return None if duration is None or duration == UNTIL else timedelta(minutes=_number(duration))


def spoken_end(slots: Slots, start: datetime) -> datetime | None:
    """When it shall be over; None where nothing was said of it."""
    clock = spoken_clock(slots, "end")
    if clock is not None:
        return resolve_end(clock, start)
    length = spoken_length(slots)
    return None if length is None else later(start, length)


def later(moment: datetime, length: timedelta) -> datetime:
    """``moment`` and ``length`` of real time, in the same zone."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def asked_window(slots: Slots, now: datetime, start: datetime | None, usual: timedelta) -> Window:
    """What is asked about: a time, a part of a day, a day, or now.

    Args:
        slots: Of the question.
        now: The present moment; what is past of a day is left out.
        start: What ``spoken_start`` came to, or None.
        usual: How long a room is wanted where no end and no length was said.
    """
    day = spoken_day(slots, now)
    if start is None and (day is not None or "part" in slots):
        return _part_window(slots, day or now.date(), now)
    begin = whole_minute(now) if start is None else start
    end = spoken_end(slots, begin) or later(begin, usual)
    return Window(interval=Interval.between(begin, end), is_moment=True)


def rest_of_day(now: datetime) -> Interval:
    """From now to the end of the working day; to midnight once that is over."""
    return _part_window({}, now.date(), now).interval


def whole_day(day: date, now: datetime) -> Interval:
    """From midnight to midnight."""
    midnight = datetime.min.time()
    zone = zone_of(now)
    return Interval.between(on_day(day, midnight, zone), on_day(day + timedelta(days=1), midnight, zone))


def without(slots: Slots, *edges: Edge) -> dict[str, Json]:
    """The slots without those of a start or an end."""
    dropped = {f"{edge}_{part}" for edge in edges for part in _TIME_SLOTS}
    return {name: value for name, value in slots.items() if name not in dropped}


def _part_window(slots: Slots, day: date, now: datetime) -> Window:
    begin, end = part_of_day(str(slots.get("part", "day")), day, zone_of(now))
    current = whole_minute(now).astimezone(UTC)
    if end.astimezone(UTC) <= current:
        end = whole_day(day, now).end
    begin = max(begin.astimezone(UTC), current).astimezone(now.tzinfo)
    if end.astimezone(UTC) <= begin.astimezone(UTC):
        end = later(begin, timedelta(hours=1))
    return Window(interval=Interval.between(begin, end), is_moment=False)


def _number(value: Json) -> int:
    return 0 if value is None else int(str(value))
