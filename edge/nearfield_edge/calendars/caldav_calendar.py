"""A room's calendar on a CalDAV server.

Only the address given is contacted: no discovery by DNS, no proxy or ``.netrc`` from the environment, no
redirect, no question to a certificate authority whether the server's certificate was revoked.

CalDAV has no lock. A booking is therefore written only if its name is new, and the calendar is read once
more afterwards: where two devices booked at the same moment, whoever finds the other gives way. Both may, so
a room is rather given to nobody than to two. Changes are written only on the version that was read.

Source: RFC 4791 (CalDAV) sections 5.3.2 and 7.8; RFC 9110 section 13.1 (If-Match, If-None-Match).
"""

from __future__ import annotations

import contextlib
import os
import stat
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from nearfield_edge.calendars import changes, events
from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import (
    BookingMissingError,
    CalendarUnreachableError,
    CalendarUnreadableError,
    RoomTakenError,
)
from nearfield_models.errors import RuntimeMissingError

if TYPE_CHECKING:
    from caldav.davclient import DAVClient
    from icalendar import Calendar

TIMEOUT_SECONDS: Final = 10.0
_DAY: Final = timedelta(days=1)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_PRECONDITION_FAILED: Final = 412


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Name and password for a server; the password shows in no text made of this."""

    user: str
    password: str = field(repr=False)


def read_credentials(path: Path) -> Credentials | None:
    """Read a TOML file with ``user`` and ``password``; None where there is no such file.

    Raises:
        CalendarUnreadableError: Others may read the file, or it is not as expected.
    """
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise CalendarUnreadableError(
                    f"{path}: others may read the calendar's password; run `chmod 600 {path}`"
                )
            raw = tomllib.load(file)
        return Credentials(user=str(raw["user"]), password=str(raw["password"]))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        # The cause is left out on purpose: a parser's message may quote the password's line.
        raise CalendarUnreadableError(f'{path}: expected two lines, user = "..." and password = "..."') from (
            error if isinstance(error, KeyError) else None
        )
    except OSError as error:
        raise CalendarUnreadableError(
            f"{path}: the calendar's password cannot be read ({error.strerror}); check the file"
        ) from error


@dataclass(frozen=True, slots=True)
class _Stored:
    """One resource of the collection."""

    url: str
    etag: str
    calendar: Calendar


class CalDavCalendar:
    """A ``RoomCalendar`` that is one collection of a CalDAV server; every call connects anew."""

    def __init__(
        self,
        url: str,
        zone: tzinfo,
        *,
        credentials: Credentials | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """Take the collection's address.

        Args:
            url: Of the calendar collection itself.
            zone: In which all-day and floating events are understood.
            credentials: For HTTP Basic authentication; over http only to this machine.
            timeout_seconds: How long the server may take to connect, and between two parts of its answer.
            now: Gives the moment written as DTSTAMP; the system's clock when left out.

        Raises:
            CalendarUnreadableError: Not an http or https address, or a password would travel in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CalendarUnreadableError(f"'{url}' is no calendar address: expected https://host/path/")
        if credentials and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise CalendarUnreadableError(
                f"{url}: a password would travel in the clear; use https or leave the credentials out"
            )
        self._url = url if url.endswith("/") else f"{url}/"
        self._zone = zone
        self._credentials = credentials
        self._timeout_seconds = timeout_seconds
        self._now = now or (lambda: datetime.now(UTC))

    def bookings(self, within: Interval) -> tuple[Booking, ...]:
        """What shares time with ``within``; see ``RoomCalendar``."""
        with self._connected() as client:
            return self._bookings(self._stored(client, within), within)

    def book(self, booking: Booking) -> None:
        """Take the room; see ``RoomCalendar``."""
        wanted = booking.interval
        with self._connected() as client:
            stored = self._stored(client, wanted)
            if any(changes.knows(one.calendar, booking.uid) for one in stored):
                return
            changes.check_free(self._bookings(stored, wanted), wanted, booking.uid, self._url)
            calendar = events.empty_calendar()
            changes.add_booking(calendar, booking, self._now())
            # Servers differ in the characters they take in a resource's name, and it need not be the UID.
            url = f"{self._url}{uuid.uuid5(uuid.NAMESPACE_URL, booking.uid)}.ics"
            if not self._put(client, url, calendar, {"If-None-Match": "*"}):
                return  # the name was used before: booked already, or released since
            try:
                after = self._bookings(self._stored(client, wanted), wanted)
                changes.check_free(after, wanted, booking.uid, self._url)
            except RoomTakenError:
                client.delete(url)
                raise

    def set_end(self, uid: str, start: datetime, end: datetime) -> None:
        """Move a booking's end; see ``RoomCalendar``."""
        wanted = Interval.between(start, end)
        with self._connected() as client:
            stored = self._stored(client, wanted)
            one = self._holding(stored, uid)
            changes.move_end(one.calendar, uid, start, end, zone=self._zone, where=self._url)
            changes.check_free(self._bookings(stored, wanted), wanted, uid, self._url)
            self._replace(client, one)

    def release(self, uid: str, start: datetime) -> None:
        """Cancel a booking; see ``RoomCalendar``."""
        with self._connected() as client:
            around = Interval.between(start, start + timedelta(seconds=1))
            one = self._holding(self._stored(client, around), uid)
            changes.cancel(one.calendar, uid, start, zone=self._zone, where=self._url)
            self._replace(client, one)

    def _bookings(self, stored: tuple[_Stored, ...], within: Interval) -> tuple[Booking, ...]:
        found = [
            booking
            for one in stored
            for booking in events.bookings_in(one.calendar, within, self._zone, one.url)
        ]
        return tuple(sorted(found, key=lambda booking: (booking.interval, booking.uid)))

    def _holding(self, stored: tuple[_Stored, ...], uid: str) -> _Stored:
        for one in stored:
            if changes.knows(one.calendar, uid):
                return one
        raise BookingMissingError(f"{self._url}: no booking {uid}; it was moved or removed elsewhere")

    def _stored(self, client: DAVClient, within: Interval) -> tuple[_Stored, ...]:
        """The resources of ``within`` and of a day on either side, for events without a zone."""
        collection = cast("Any", client).calendar(url=self._url)
        found = collection.search(start=within.start - _DAY, end=within.end + _DAY, event=True, expand=False)
        return tuple(
            _Stored(
                str(one.url),
                str(one.props.get("{DAV:}getetag", "")),
                events.parse_calendar(one.data.encode(), str(one.url)),
            )
            for one in found
        )

    def _replace(self, client: DAVClient, one: _Stored) -> None:
        if not self._put(client, one.url, one.calendar, {"If-Match": one.etag} if one.etag else {}):
            raise CalendarUnreachableError(
                f"{one.url}: the event was changed by somebody else at the same moment, nothing was written"
            )

    def _put(self, client: DAVClient, url: str, calendar: Calendar, condition: dict[str, str]) -> bool:
        """Write a resource; False when the condition did not hold."""
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        response = client.put(url, calendar.to_ical().decode(), headers)
        if response.status == _PRECONDITION_FAILED:
            return False
        if response.status not in (200, 201, 204):
            raise CalendarUnreachableError(
                f"{url}: the calendar server answered {response.status} to a change, which was not made"
            )
        return True

    @contextlib.contextmanager
    def _connected(self) -> Iterator[DAVClient]:
        try:
            from caldav.lib import error as refusals
        except ImportError as error:
            raise RuntimeMissingError(
                "the calendar library caldav is not installed; install nearfield[edge]"
            ) from error
        try:
            with self._client() as client:
                yield client
        except (refusals.AuthorizationError, refusals.NotFoundError) as error:
            raise CalendarUnreadableError(
                f"{self._url}: the server knows no such calendar or does not let this device in; "
                f"check the address and the credentials file"
            ) from error
        except (refusals.DAVError, OSError) as error:
            raise CalendarUnreachableError(
                f"{self._url}: the calendar server cannot be reached or does not answer as it should "
                f"({type(error).__name__}); it will be tried again"
            ) from error

    def _client(self) -> DAVClient:
        import niquests
        from caldav.davclient import DAVClient

        login: dict[str, Any] = {}
        if self._credentials:
            login = {"username": self._credentials.user, "password": self._credentials.password}
            login["auth_type"] = "basic"
        client = DAVClient(
            url=self._url,
            enable_rfc6764=False,
            require_tls=False,
            timeout=cast("int", self._timeout_seconds),  # handed on to niquests, which takes fractions
            **login,
        )
        client.session.close()
        session = niquests.Session(revocation_configuration=None, disable_http3=True)
        session.trust_env = False
        session.max_redirects = 0
        client.session = session
        return client
