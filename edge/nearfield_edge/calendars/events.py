"""Reading iCalendar text as bookings.

Pure: text and values in, values out. Recurring events are read as their occurrences; all-day and floating
times are placed in the zone given.

Source: RFC 5545 (iCalendar), sections 3.6.1, 3.8.1.11, 3.8.2.7 and 3.8.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, cast

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.calendars.spoken_times import on_day
from nearfield_edge.errors import CalendarUnreadableError

if TYPE_CHECKING:  # imported where used: it takes a tenth of a second, and most turns never need it
    from icalendar import Calendar, Event

LARGEST_BYTES: Final = 8 * 1024 * 1024
RECURRENCE: Final = ("RRULE", "RDATE", "EXDATE", "EXRULE")
_DAY: Final = timedelta(days=1)
_PRODUCT: Final = "-//Nearfield//Rooms//EN"
_TOO_OFTEN: Final = ("SECONDLY", "MINUTELY")


def empty_calendar() -> Calendar:
    """A calendar that holds nothing."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def parse_calendar(text: bytes, where: str) -> Calendar:
    """Read iCalendar text.

    Args:
        text: The whole calendar.
        where: File or address, for the message.

    Raises:
        CalendarUnreadableError: Too large, no calendar, or an event in it is broken.
    """
    from icalendar import Calendar

    if len(text) > LARGEST_BYTES:
        raise CalendarUnreadableError(
            f"{where}: the calendar has {len(text)} bytes, of at most {LARGEST_BYTES}; archive old events"
        )
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as error:
        raise CalendarUnreadableError(
            f"{where}: not an iCalendar file (RFC 5545), nothing was changed; restore it from a backup or "
            f"remove it to begin an empty one"
        ) from error
    if not isinstance(calendar, Calendar):
        raise CalendarUnreadableError(f"{where}: holds no VCALENDAR, nothing was changed")
    for event in events_of(calendar):
        _check_event(event, where)
    return calendar


def bookings_in(calendar: Calendar, within: Interval, zone: tzinfo, where: str) -> tuple[Booking, ...]:
    """What takes time of ``within``, earliest first; cancelled and transparent events do not.

    Raises:
        CalendarUnreadableError: A recurrence rule in it is broken.
    """
    bookings = (_booking(event, zone) for event in occurrences(calendar, within, where) if takes_time(event))
    found = [booking for booking in bookings if booking and booking.interval.overlaps(within)]
    return tuple(sorted(found, key=lambda booking: (booking.interval, booking.uid)))


def events_of(calendar: Calendar, uid: str | None = None) -> Iterator[Event]:
    """All events as written, or those of one name: cancelled ones and overrides included."""
    for event in calendar.walk("VEVENT"):
        if uid is None or str(event.get("UID", "")) == uid:
            yield cast("Event", event)


def occurrences(calendar: Calendar, within: Interval, where: str) -> list[Event]:
    """The events of ``within`` and of a day on either side, recurring ones taken apart.

    The days beside it are for all-day and floating events, which get their place in a zone afterwards.

    Raises:
        CalendarUnreadableError: A recurrence rule is broken.
    """
    import recurring_ical_events

    try:
        found = recurring_ical_events.of(calendar).between(within.start - _DAY, within.end + _DAY)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise CalendarUnreadableError(
            f"{where}: a recurrence rule cannot be read, nothing was changed; mend the event"
        ) from error
    return list(found)


def begins(event: Event) -> date | datetime:
    """DTSTART as written: a date, a floating time or an aware one."""
    written: Any = event["DTSTART"]
    return cast("date | datetime", written.dt)


def moment(value: date | datetime, zone: tzinfo) -> datetime:
    """An aware moment: a date is its midnight in ``zone``, a floating time is meant there."""
    if not isinstance(value, datetime):
        return on_day(value, time(), zone)
    return value if value.tzinfo else on_day(value.date(), value.time(), zone)


def ends(event: Event, zone: tzinfo) -> datetime:
    """When an event is over, from DTEND, DURATION, or what the standard says where there is neither."""
    begin = begins(event)
    written: Any = event.get("DTEND")
    if written is not None:
        return moment(written.dt, zone)
    duration: Any = event.get("DURATION")
    if duration is not None:
        return moment(begin, zone).astimezone(UTC) + cast("timedelta", duration.dt)
    return moment(begin, zone) if isinstance(begin, datetime) else on_day(begin + _DAY, time(), zone)


def is_cancelled(event: Event) -> bool:
    """Whether the event was called off."""
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def takes_time(event: Event) -> bool:
    """Whether the event makes the room busy."""
    return not is_cancelled(event) and str(event.get("TRANSP", "OPAQUE")).upper() != "TRANSPARENT"


def _check_event(event: Event, where: str) -> None:
    name = str(event.get("UID", "without UID"))
    if "DTSTART" not in event or any(key in ("DTSTART", "DTEND", "DURATION") for key, _ in event.errors):
        raise CalendarUnreadableError(
            f"{where}: event {name} has no readable start or end, nothing was changed; mend or remove it"
        )
    written: Any = event.get("RRULE") or []
    rules = written if isinstance(written, list) else [written]
    if any(frequency in _TOO_OFTEN for rule in rules for frequency in rule.get("FREQ", [])):
        raise CalendarUnreadableError(
            f"{where}: event {name} repeats every second or minute, which no room booking does; "
            f"mend or remove it"
        )


def _booking(event: Event, zone: tzinfo) -> Booking | None:
    """None for an event without length, which takes no time."""
    start, end = moment(begins(event), zone), ends(event, zone)
    if end.astimezone(UTC) <= start.astimezone(UTC):
        return None
    return Booking(
        uid=str(event.get("UID", "")),
        interval=Interval.between(start, end),
        title=str(event.get("SUMMARY", "")),
        organiser=_organiser(event),
        all_day=not isinstance(begins(event), datetime),
    )


def _organiser(event: Event) -> str:
    contact: Any = event.get("CONTACT")
    if contact:
        return str(contact[0] if isinstance(contact, list) else contact)
    organiser: Any = event.get("ORGANIZER")
    if organiser is None:
        return ""
    return str(organiser.params.get("CN", "")) or str(organiser).split(":", 1)[-1].split("@")[0]
