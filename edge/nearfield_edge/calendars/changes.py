"""The three changes a room device makes to a calendar: book, move an end, cancel.

They change a parsed calendar in memory and touch nothing else of it. A change to one occurrence of a
recurring event is written as an override of it. A cancelled booking stays as an event with
``STATUS:CANCELLED``, so that a call that is repeated finds what it did before.

Source: RFC 5545 (iCalendar), sections 3.8.1.11, 3.8.4.4 and 3.8.7.4.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.events import (
    RECURRENCE,
    begins,
    bookings_in,
    ends,
    events_of,
    is_cancelled,
    moment,
    occurrences,
    takes_time,
)
from nearfield_edge.calendars.intervals import Interval, conflict
from nearfield_edge.errors import BookingMissingError, RoomTakenError

if TYPE_CHECKING:
    from icalendar import Calendar, Event


def knows(calendar: Calendar, uid: str) -> bool:
    """Whether an event of that name exists, cancelled or not."""
    return any(True for _ in events_of(calendar, uid))


def add_booking(calendar: Calendar, booking: Booking, made_at: datetime) -> None:
    """Put an event for ``booking`` into the calendar; times in UTC, which no change of rules can move."""
    from icalendar import Event

    event = Event()
    event.add("uid", booking.uid)
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("dtstart", booking.interval.start)
    event.add("dtend", booking.interval.end)
    event.add("summary", booking.title or "Booked")
    if booking.organiser:
        # ORGANIZER needs a mail address, which a person speaking has not; CONTACT takes any text.
        event.add("contact", booking.organiser)
    calendar.add_component(event)


def move_end(
    calendar: Calendar, uid: str, start: datetime, end: datetime, *, zone: tzinfo, where: str
) -> None:
    """Let the booking ``uid`` that starts at ``start`` end at ``end``.

    Raises:
        BookingMissingError: No such booking, or it was cancelled.
        RoomTakenError: The added time is somebody else's.
        CalendarUnreadableError: A recurrence rule is broken.
    """
    event = _event_at(calendar, uid, start, zone, where)
    if event is None or not takes_time(event):
        raise _missing(uid, start, where)
    wanted = Interval.between(start, end)
    check_free(bookings_in(calendar, wanted, zone, where), wanted, uid, where)
    if ends(event, zone).astimezone(UTC) != wanted.end:
        _set_span(event, moment(begins(event), zone), end, zone)
        _count_change(event)


def cancel(calendar: Calendar, uid: str, start: datetime, *, zone: tzinfo, where: str) -> None:
    """Cancel the booking ``uid`` that starts at ``start``; one that is cancelled already stays so.

    Raises:
        BookingMissingError: There never was such a booking.
        CalendarUnreadableError: A recurrence rule is broken.
    """
    event = _event_at(calendar, uid, start, zone, where)
    if event is None:
        raise _missing(uid, start, where)
    if not is_cancelled(event):
        _replace(event, "status", "CANCELLED")
        _count_change(event)


def check_free(bookings: Iterable[Booking], wanted: Interval, uid: str, where: str) -> None:
    """Refuse time that a booking other than ``uid`` from ``wanted.start`` takes.

    Raises:
        RoomTakenError: It is taken.
    """
    others = [b for b in bookings if not (b.uid == uid and b.interval.start == wanted.start)]
    taken = conflict(others, wanted)
    if taken:
        raise RoomTakenError(
            f"{where}: the room is taken from {taken.interval.start.isoformat()} to "
            f"{taken.interval.end.isoformat()}, so nothing was booked; choose another time or room"
        )


def _missing(uid: str, start: datetime, where: str) -> BookingMissingError:
    return BookingMissingError(
        f"{where}: no booking {uid} starts at {start.isoformat()}; it was moved or removed elsewhere"
    )


def _event_at(calendar: Calendar, uid: str, start: datetime, zone: tzinfo, where: str) -> Event | None:
    """The event to change: one that starts then by itself, or a new override of a recurring one."""
    wanted = Interval.between(start, start + timedelta(seconds=1))
    master: Event | None = None
    for event in events_of(calendar, uid):
        if any(key in event for key in RECURRENCE):
            master = event
        elif moment(begins(event), zone).astimezone(UTC) == wanted.start:
            return event
    if master is None:
        return None
    for occurrence in occurrences(calendar, wanted, where):
        begin = begins(occurrence)
        if str(occurrence.get("UID", "")) == uid and moment(begin, zone).astimezone(UTC) == wanted.start:
            return _override(calendar, master, begin, ends(occurrence, zone), zone)
    return None


def _override(
    calendar: Calendar, master: Event, begin: date | datetime, end: datetime, zone: tzinfo
) -> Event:
    override: Event = master.copy(recursive=True)
    for key in RECURRENCE:
        override.pop(key, None)
    override.add("recurrence-id", begin)
    _replace(override, "dtstart", begin)
    if isinstance(begin, datetime):
        _set_span(override, begin, end, zone)
    else:
        override.pop("DURATION", None)
        _replace(override, "dtend", end.astimezone(zone).date())
    calendar.add_component(override)
    return override


def _set_span(event: Event, begin: datetime, end: datetime, zone: tzinfo) -> None:
    """Write start and end, the end in the terms of the start: in its zone, or floating like it."""
    if not isinstance(begins(event), datetime):
        _replace(event, "dtstart", begin)  # an all-day event that ends at an hour is all-day no more
    local = end.astimezone(begin.tzinfo or zone)
    written = begins(event)
    is_floating = isinstance(written, datetime) and written.tzinfo is None
    event.pop("DURATION", None)
    _replace(event, "dtend", end.astimezone(zone).replace(tzinfo=None) if is_floating else local)


def _replace(event: Event, name: str, value: object) -> None:
    event.pop(name.upper(), None)
    event.add(name, value)


def _count_change(event: Event) -> None:
    sequence: Any = event.get("SEQUENCE", 0)
    _replace(event, "sequence", int(sequence) + 1)
