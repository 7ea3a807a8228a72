"""CalDAV beyond the contract: who is contacted, who is let in, and two devices at once."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from nearfield_edge.calendars.caldav_calendar import CalDavCalendar, Credentials, read_credentials
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import CalendarUnreachableError, CalendarUnreadableError, RoomTakenError
from tests.edge.radicale import PASSWORD, USER, CalendarServer, running_server
from tests.fakes.calendars import booking

pytestmark = pytest.mark.server

TWO = datetime(2026, 11, 23, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Interval(start=TWO - 8 * HOUR, end=TWO + 8 * HOUR)
LOGIN = Credentials(user=USER, password=PASSWORD)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with running_server(tmp_path_factory.mktemp("radicale")) as running:
        yield running


@pytest.fixture
def url(server: CalendarServer) -> str:
    return server.new_calendar(str(uuid.uuid4()))


def test_a_wrong_password_is_a_sentence_without_the_password(url: str) -> None:
    calendar = CalDavCalendar(url, UTC, credentials=Credentials(user=USER, password="tell nobody"))
    with pytest.raises(CalendarUnreadableError, match="credentials") as caught:
        calendar.bookings(DAY)
    assert "tell nobody" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_an_unknown_collection_is_a_sentence(server: CalendarServer) -> None:
    with pytest.raises(CalendarUnreadableError, match="no such calendar"):
        CalDavCalendar(f"{server.url}{USER}/nowhere/", UTC, credentials=LOGIN).bookings(DAY)


def test_a_server_that_is_down_can_be_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused
        calendar = CalDavCalendar(f"http://127.0.0.1:{taken.getsockname()[1]}/room/", UTC)
        with pytest.raises(CalendarUnreachableError, match="cannot be reached") as caught:
            calendar.bookings(DAY)
    assert caught.value.retryable


def test_an_event_of_another_client_keeps_what_it_says_when_its_end_moves(
    server: CalendarServer, url: str
) -> None:
    server.put(
        f"{url}theirs.ics",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Them//EN\r\nBEGIN:VEVENT\r\nUID:theirs\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART:20261123T140000Z\r\nDTEND:20261123T150000Z\r\n"
        "SUMMARY:Board\r\nX-CATERING:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    )
    CalDavCalendar(url, UTC, credentials=LOGIN).set_end("theirs", TWO, TWO + HOUR / 2)
    text = server.get(f"{url}theirs.ics")
    assert "X-CATERING:Tea" in text
    assert "DTEND:20261123T143000Z" in text


def test_of_two_devices_that_book_at_once_no_two_have_the_room(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked = threading.Barrier(2, timeout=30)
    put = CalDavCalendar._put

    def put_together(self: CalDavCalendar, *arguments: object) -> bool:
        both_have_looked.wait()
        return put(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(CalDavCalendar, "_put", put_together)
    outcomes: list[str] = []

    def book(name: str) -> None:
        try:
            CalDavCalendar(url, UTC, credentials=LOGIN).book(booking(name, TWO, 60))
            outcomes.append("booked")
        except RoomTakenError:
            outcomes.append("gave way")

    devices = [threading.Thread(target=book, args=(name,)) for name in ("a", "b")]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    kept = CalDavCalendar(url, UTC, credentials=LOGIN).bookings(DAY)
    assert len(outcomes) == 2
    assert len(kept) == outcomes.count("booked") <= 1


class _Redirecting(BaseHTTPRequestHandler):
    asked: list[str]

    def do_REPORT(self) -> None:
        self.asked.append(self.path)
        self.send_response(301)
        self.send_header("Location", "/elsewhere/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        pass


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []
    handler = type("Handler", (_Redirecting,), {"asked": asked})
    with HTTPServer(("127.0.0.1", 0), handler) as elsewhere:
        thread = threading.Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            calendar = CalDavCalendar(f"http://127.0.0.1:{elsewhere.server_port}/room/", UTC)
            with pytest.raises(CalendarUnreachableError):
                calendar.bookings(DAY)
        finally:
            elsewhere.shutdown()
            thread.join()
    assert asked == ["/room/"]


_LISTEN = """
import sys
asked = []
sys.addaudithook(lambda name, args: asked.append((name, str(args[1:] if name == "socket.connect" else args)))
                 if name in ("socket.connect", "socket.getaddrinfo", "socket.sendto") else None)
import os
os.environ["HTTP_PROXY"] = os.environ["http_proxy"] = "http://127.0.0.1:9/"
from datetime import UTC, datetime, timedelta
from nearfield_edge.calendars.caldav_calendar import CalDavCalendar, Credentials
from nearfield_edge.calendars.intervals import Interval
calendar = CalDavCalendar(sys.argv[1], UTC, credentials=Credentials(user=sys.argv[2], password=sys.argv[3]))
assert not asked, asked
start = datetime(2026, 11, 23, tzinfo=UTC)
calendar.bookings(Interval(start=start, end=start + timedelta(days=1)))
port = sys.argv[1].split("/")[2].split(":")[1]
assert asked
strange = [one for one in asked if "127.0.0.1" not in one[1] or port not in one[1]]
assert not strange, strange
"""


def test_nobody_but_the_server_named_is_contacted(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LISTEN, url, USER, PASSWORD],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_a_password_does_not_travel_in_the_clear() -> None:
    with pytest.raises(CalendarUnreadableError, match="https"):
        CalDavCalendar("http://calendar.example/room/", UTC, credentials=LOGIN)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(CalendarUnreadableError, match="expected https"):
        CalDavCalendar("calendar.example/room", UTC)


def test_credentials_are_read_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "caldav.toml"
    assert read_credentials(path) is None
    path.write_text('user = "panel"\npassword = "secret one"\n')
    path.chmod(0o644)
    with pytest.raises(CalendarUnreadableError, match="chmod 600"):
        read_credentials(path)
    path.chmod(0o600)
    found = read_credentials(path)
    assert found == Credentials(user="panel", password="secret one")
    assert "secret one" not in repr(found)


@pytest.mark.parametrize("text", ['user = "panel"\n', 'user = "panel"\npassword = secret one\n'])
def test_a_wrong_credentials_file_is_a_sentence_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "caldav.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(CalendarUnreadableError, match="expected two lines") as caught:
        read_credentials(path)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)
