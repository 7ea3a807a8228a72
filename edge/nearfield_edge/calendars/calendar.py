"""The seam of a room's calendar.

Contract for implementers:

* One object is one room's calendar. Nothing is connected or created before the first call.
* ``bookings`` gives what takes the room's time, recurring events as their occurrences, earliest first;
  cancelled events and those marked transparent (free) are left out.
* The writing calls are safe to repeat: the same call again changes nothing and raises nothing. A ``uid`` is
  used once for ever; booking one that was released stays released.
* Writing is all or nothing, also when the power goes; what the calendar holds besides is kept as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nearfield_edge.calendars.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One stretch of a room's time that somebody has."""

    uid: str
    """UID of the event; all occurrences of a recurring event share it."""
    interval: Interval
    title: str = ""
    organiser: str = ""
    """Name of who booked, or empty."""
    all_day: bool = False


class RoomCalendar(Protocol):
    """Who has a room, and when."""

    def bookings(self, within: Interval) -> tuple[Booking, ...]:
        """What shares time with ``within``, earliest first.

        Raises:
            CalendarUnreadableError: What is stored is no calendar.
            CalendarUnreachableError: It cannot be read now.
        """
        ...

    def book(self, booking: Booking) -> None:
        """Take the room.

        Raises:
            RoomTakenError: Another booking shares the time.
            CalendarUnreadableError: What is stored is no calendar; it is left untouched.
            CalendarUnreachableError: It cannot be written now.
        """
        ...

    def set_end(self, uid: str, start: datetime, end: datetime) -> None:
        """Let the booking that starts at ``start`` (aware) end at ``end``, later or earlier than before.

        Of a recurring event only this occurrence changes.

        Raises:
            RoomTakenError: The added time is somebody else's.
            BookingMissingError: No such booking.
            CalendarUnreadableError: What is stored is no calendar; it is left untouched.
            CalendarUnreachableError: It cannot be written now.
        """
        ...

    def release(self, uid: str, start: datetime) -> None:
        """Cancel the booking that starts at ``start`` (aware); of a recurring event only this occurrence.

        Raises:
            BookingMissingError: There never was such a booking.
            CalendarUnreadableError: What is stored is no calendar; it is left untouched.
            CalendarUnreachableError: It cannot be written now.
        """
        ...
