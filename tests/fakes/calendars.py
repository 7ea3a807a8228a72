"""A room's calendar in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from nearfield_edge.calendars.calendar import Booking, RoomCalendar
from nearfield_edge.calendars.intervals import Interval, conflict
from nearfield_edge.errors import BookingMissingError, EdgeError, RoomTakenError


class MemoryCalendar:
    """Keeps single bookings; ``fail_with`` makes the next calls fail."""

    def __init__(self) -> None:
        self._kept: dict[str, Booking] = {}
        self._released: dict[str, datetime] = {}
        self.fail_with: EdgeError | None = None

    def bookings(self, within: Interval) -> tuple[Booking, ...]:
        self._fail_if_told()
        found = [b for b in self._kept.values() if b.interval.overlaps(within)]
        return tuple(sorted(found, key=lambda b: (b.interval, b.uid)))

    def book(self, booking: Booking) -> None:
        self._fail_if_told()
        if booking.uid in self._kept or booking.uid in self._released:
            return
        self._check_free(booking)
        self._kept[booking.uid] = booking

    def set_end(self, uid: str, start: datetime, end: datetime) -> None:
        self._fail_if_told()
        kept = self._kept.get(uid)
        if kept is None or kept.interval.start != start.astimezone(UTC):
            raise BookingMissingError(f"no booking {uid}")
        moved = replace(kept, interval=Interval.between(start, end))
        self._check_free(moved)
        self._kept[uid] = moved

    def release(self, uid: str, start: datetime) -> None:
        self._fail_if_told()
        if self._released.get(uid) == start.astimezone(UTC):
            return
        kept = self._kept.get(uid)
        if kept is None or kept.interval.start != start.astimezone(UTC):
            raise BookingMissingError(f"no booking {uid}")
        self._released[uid] = kept.interval.start
        del self._kept[uid]

    def _check_free(self, wanted: Booking) -> None:
        if conflict([b for b in self._kept.values() if b.uid != wanted.uid], wanted.interval):
            raise RoomTakenError("the room is taken")

    def _fail_if_told(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with


def booking(uid: str, start: datetime, minutes: int, *, title: str = "Talk", organiser: str = "") -> Booking:
    """One hour or so of somebody's, for tests."""
    interval = Interval.between(start, start.astimezone(UTC) + timedelta(minutes=minutes))
    return Booking(uid=uid, interval=interval, title=title, organiser=organiser)


_is_the_seam: RoomCalendar = MemoryCalendar()
