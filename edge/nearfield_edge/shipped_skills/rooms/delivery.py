"""Carrying out what was promised. Each call may come twice; the calendars take the second without effect."""

from __future__ import annotations

from nearfield_edge.calendars.calendar import RoomCalendar
from nearfield_edge.calendars.spoken_times import zone_of
from nearfield_edge.errors import BookingMissingError, EffectRejectedError, RoomTakenError
from nearfield_edge.shipped_skills.rooms.calendars import Promise, promise_in
from nearfield_edge.shipped_skills.rooms.site import DELIVERY_SECONDS, read_site
from nearfield_edge.skills.api import EffectCall


def book(call: EffectCall) -> None:
    """Write a booking.

    Raises:
        EffectRejectedError: Somebody else took the room since it was promised.
    """
    calendar, promised = _addressed(call)
    try:
        calendar.book(promised.booking)
    except RoomTakenError as error:
        raise EffectRejectedError(str(error)) from error


def set_end(call: EffectCall) -> None:
    """Let a booking end when it was promised to.

    Raises:
        EffectRejectedError: The time was taken since, or the booking is gone.
    """
    calendar, promised = _addressed(call)
    taken = promised.booking.interval
    try:
        calendar.set_end(promised.booking.uid, taken.start, taken.end)
    except (RoomTakenError, BookingMissingError) as error:
        raise EffectRejectedError(str(error)) from error


def release(call: EffectCall) -> None:
    """Call a booking off.

    Raises:
        EffectRejectedError: The booking is gone.
    """
    calendar, promised = _addressed(call)
    try:
        calendar.release(promised.booking.uid, promised.booking.interval.start)
    except BookingMissingError as error:
        raise EffectRejectedError(str(error)) from error


def _addressed(call: EffectCall) -> tuple[RoomCalendar, Promise]:
    site = read_site(call.settings)
    promised = promise_in({"promise": dict(call.arguments)})
    room = site.rooms.get(promised.room) if promised else None
    if promised is None or room is None:
        raise EffectRejectedError("the room of this booking is no longer one of the site's rooms")
    return site.calendar(room, zone_of(call.now), DELIVERY_SECONDS), promised
