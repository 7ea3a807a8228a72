"""Events as other programs write them: recurring, all-day, floating, in zones, cancelled, broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nearfield_edge.calendars.calendar import Booking
from nearfield_edge.calendars.events import LARGEST_BYTES
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import CalendarUnreadableError, RoomTakenError
from tests.fakes.calendars import booking

LONDON = ZoneInfo("Europe/London")

_ZONE = """BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:DAYLIGHT
DTSTART:19810329T010000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
END:VTIMEZONE
"""


def _calendar(tmp_path: Path, *events: str) -> FileCalendar:
    path = tmp_path / "room.ics"
    body = "".join(f"BEGIN:VEVENT\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Somebody//EN\n{_ZONE}{body}END:VCALENDAR\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    return FileCalendar(path, LONDON)


def _day(year: int, month: int, day: int) -> Interval:
    start = datetime(year, month, day, tzinfo=LONDON)
    return Interval.between(start, start + timedelta(days=1))


def _local(bookings: tuple[Booking, ...]) -> list[str]:
    return [
        f"{b.interval.start.astimezone(LONDON):%d %H:%M}-{b.interval.end.astimezone(LONDON):%d %H:%M}"
        for b in bookings
    ]


WEEKLY = (
    "UID:weekly\nDTSTART;TZID=Europe/London:20260302T090000\nDTEND;TZID=Europe/London:20260302T100000\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO\nSUMMARY:Stand-up\nORGANIZER;CN=Grace:mailto:grace@example.com"
)


def test_a_weekly_meeting_stays_at_nine_when_summer_time_begins(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, WEEKLY)
    assert _local(calendar.bookings(_day(2026, 3, 23))) == ["23 09:00-23 10:00"]
    assert _local(calendar.bookings(_day(2026, 3, 30))) == ["30 09:00-30 10:00"]
    assert calendar.bookings(_day(2026, 3, 30))[0].interval.start == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_who_organises_is_read_from_the_organisers_name(tmp_path: Path) -> None:
    (found,) = _calendar(tmp_path, WEEKLY).bookings(_day(2026, 3, 23))
    assert (found.title, found.organiser) == ("Stand-up", "Grace")


def test_an_all_day_event_takes_the_day_of_the_rooms_zone(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, "UID:d\nDTSTART;VALUE=DATE:20260701\nSUMMARY:Offsite")
    (found,) = calendar.bookings(_day(2026, 7, 1))
    assert found.all_day
    assert _local((found,)) == ["01 00:00-02 00:00"]
    assert calendar.bookings(_day(2026, 7, 2)) == ()


def test_a_floating_time_is_meant_in_the_rooms_zone(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, "UID:f\nDTSTART:20260701T090000\nDURATION:PT45M")
    assert _local(calendar.bookings(_day(2026, 7, 1))) == ["01 09:00-01 09:45"]


def test_cancelled_free_and_empty_events_leave_the_room_free(tmp_path: Path) -> None:
    span = "DTSTART:20260701T090000Z\nDTEND:20260701T100000Z"
    calendar = _calendar(
        tmp_path,
        f"UID:a\n{span}\nSTATUS:CANCELLED",
        f"UID:b\n{span}\nTRANSP:TRANSPARENT",
        "UID:c\nDTSTART:20260701T093000Z",
    )
    assert calendar.bookings(_day(2026, 7, 1)) == ()


@pytest.mark.parametrize("repeats", [1, 2])
def test_ending_one_meeting_of_a_series_early_leaves_the_others(tmp_path: Path, repeats: int) -> None:
    calendar = _calendar(tmp_path, WEEKLY)
    start = datetime(2026, 3, 30, 9, tzinfo=LONDON)
    for _ in range(repeats):
        calendar.set_end("weekly", start, start + timedelta(minutes=20))
    assert _local(calendar.bookings(_day(2026, 3, 30))) == ["30 09:00-30 09:20"]
    assert _local(calendar.bookings(_day(2026, 4, 6))) == ["06 09:00-06 10:00"]
    assert _local(calendar.bookings(_day(2026, 3, 23))) == ["23 09:00-23 10:00"]


def test_releasing_one_meeting_of_a_series_leaves_the_others(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, WEEKLY)
    for _ in range(2):
        calendar.release("weekly", datetime(2026, 3, 30, 9, tzinfo=LONDON))
    assert calendar.bookings(_day(2026, 3, 30)) == ()
    assert len(calendar.bookings(_day(2026, 4, 6))) == 1


def test_a_series_is_not_extended_over_its_own_next_meeting(tmp_path: Path) -> None:
    daily = "UID:d\nDTSTART:20260701T090000Z\nDTEND:20260701T200000Z\nRRULE:FREQ=DAILY;COUNT=3"
    calendar = _calendar(tmp_path, daily)
    with pytest.raises(RoomTakenError):
        calendar.set_end("d", datetime(2026, 7, 1, 9, tzinfo=UTC), datetime(2026, 7, 2, 9, 30, tzinfo=UTC))


def test_an_all_day_event_can_be_ended_at_an_hour(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, "UID:d\nDTSTART;VALUE=DATE:20260701\nDTEND;VALUE=DATE:20260702")
    midnight = datetime(2026, 7, 1, tzinfo=LONDON)
    calendar.set_end("d", midnight, midnight + timedelta(hours=11))
    assert _local(calendar.bookings(_day(2026, 7, 1))) == ["01 00:00-01 11:00"]


def test_one_day_of_an_all_day_series_can_be_released(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, "UID:d\nDTSTART;VALUE=DATE:20260701\nRRULE:FREQ=DAILY;COUNT=3")
    calendar.release("d", datetime(2026, 7, 2, tzinfo=LONDON))
    assert len(calendar.bookings(_day(2026, 7, 1))) == 1
    assert calendar.bookings(_day(2026, 7, 2)) == ()


def test_a_floating_event_stays_floating_when_its_end_moves(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, "UID:f\nDTSTART:20260701T090000\nDTEND:20260701T100000")
    start = datetime(2026, 7, 1, 9, tzinfo=LONDON)
    calendar.set_end("f", start, start + timedelta(minutes=90))
    assert b"DTEND:20260701T103000\r\n" in (tmp_path / "room.ics").read_bytes()


def test_what_others_wrote_is_kept_when_a_booking_is_added(tmp_path: Path) -> None:
    calendar = _calendar(tmp_path, f"{WEEKLY}\nX-CATERING:Tea for six\nCATEGORIES:TEAM")
    calendar.book(booking("new", datetime(2026, 3, 31, 9, tzinfo=LONDON), 30))
    text = (tmp_path / "room.ics").read_bytes()
    for kept in (b"X-CATERING:Tea for six", b"CATEGORIES:TEAM", b"TZID:Europe/London", b"-//Somebody//EN"):
        assert kept in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "not an iCalendar file"),
        (b"\x00\xff\xfe", "not an iCalendar file"),
        (b"<html>not found</html>", "not an iCalendar file"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:x\r\n", "not an iCalendar file"),
        (b"BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n", "VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "event x has no"),
        (
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART:soon\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            "event x has no readable start",
        ),
        (
            (
                b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART:20260101T000000Z\r\n"
                b"RRULE:FREQ=SECONDLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            ),
            "repeats every second",
        ),
    ],
)
def test_a_broken_calendar_is_named_and_left_as_it_is(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "room.ics"
    path.write_bytes(text)
    calendar = FileCalendar(path, LONDON)
    with pytest.raises(CalendarUnreadableError, match=sentence):
        calendar.bookings(_day(2026, 7, 1))
    with pytest.raises(CalendarUnreadableError, match=str(path)):
        calendar.book(booking("new", datetime(2026, 7, 1, 9, tzinfo=LONDON), 30))
    assert path.read_bytes() == text


def test_a_calendar_beyond_the_limit_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "room.ics"
    with path.open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(CalendarUnreadableError, match="archive"):
        FileCalendar(path, LONDON).bookings(_day(2026, 7, 1))
