"""A room's calendar in an iCalendar file.

Writers exclude each other by a lock file beside the calendar and replace it in one step (temporary file,
sync, rename), so that a reader sees the old calendar or the new one and a power cut costs neither.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from nearfield_edge.calendars import changes, events
from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import CalendarUnreachableError, CalendarUnreadableError

if TYPE_CHECKING:
    from icalendar import Calendar


class FileCalendar:
    """A ``RoomCalendar`` kept in one file; a file that does not exist yet is an empty calendar."""

    def __init__(self, path: Path, zone: tzinfo, *, now: Callable[[], datetime] | None = None) -> None:
        """Take the file to use.

        Args:
            path: The ``.ics`` file; it and its folder are created by the first booking.
            zone: In which all-day and floating events are understood.
            now: Gives the moment written as DTSTAMP; the system's clock when left out.
        """
        self._path = path
        self._zone = zone
        self._now = now or (lambda: datetime.now(UTC))

    def bookings(self, within: Interval) -> tuple[Booking, ...]:
        """What shares time with ``within``; see ``RoomCalendar``."""
        return self._bookings(self._read(), within)

    def book(self, booking: Booking) -> None:
        """Take the room; see ``RoomCalendar``."""
        with self._changing() as calendar:
            if changes.knows(calendar, booking.uid):
                return
            taken = self._bookings(calendar, booking.interval)
            changes.check_free(taken, booking.interval, booking.uid, str(self._path))
            changes.add_booking(calendar, booking, self._now())

    def set_end(self, uid: str, start: datetime, end: datetime) -> None:
        """Move a booking's end; see ``RoomCalendar``."""
        with self._changing() as calendar:
            changes.move_end(calendar, uid, start, end, zone=self._zone, where=str(self._path))

    def release(self, uid: str, start: datetime) -> None:
        """Cancel a booking; see ``RoomCalendar``."""
        with self._changing() as calendar:
            changes.cancel(calendar, uid, start, zone=self._zone, where=str(self._path))

    def _bookings(self, calendar: Calendar, within: Interval) -> tuple[Booking, ...]:
        return events.bookings_in(calendar, within, self._zone, str(self._path))

    def _read(self) -> Calendar:
        try:
            if self._path.stat().st_size > events.LARGEST_BYTES:
                raise CalendarUnreadableError(
                    f"{self._path}: larger than {events.LARGEST_BYTES} bytes; archive old events"
                )
            text = self._path.read_bytes()
        except FileNotFoundError:
            return events.empty_calendar()
        except OSError as error:
            raise CalendarUnreachableError(
                f"{self._path}: the calendar cannot be read ({error.strerror}); "
                f"check the file and its permissions"
            ) from error
        return events.parse_calendar(text, str(self._path))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Calendar]:
        """The calendar, read under the lock and written back when the block ends well and changed it."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                calendar = self._read()
                before = calendar.to_ical()
                yield calendar
                after = calendar.to_ical()
                if after != before:
                    self._write(after)
        except OSError as error:
            raise CalendarUnreachableError(
                f"{self._path}: the calendar cannot be written ({error.strerror}), nothing was changed; "
                f"check the disk and the folder's permissions"
            ) from error

    def _write(self, text: bytes) -> None:
        temporary = self._path.with_suffix(".new")  # one writer at a time, by the lock
        try:
            with temporary.open("wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
