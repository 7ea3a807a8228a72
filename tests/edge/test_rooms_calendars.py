"""One contract for all calendars of rooms: in memory, in a file, on a CalDAV server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield_edge.calendars.caldav_calendar import CalDavCalendar, Credentials
from nearfield_edge.calendars.calendar import Booking, RoomCalendar
from nearfield_edge.calendars.file_calendar import FileCalendar
from nearfield_edge.calendars.intervals import Interval
from nearfield_edge.errors import BookingMissingError, RoomTakenError
from tests.edge.radicale import PASSWORD, USER, CalendarServer, running_server
from tests.fakes.calendars import MemoryCalendar, booking

LONDON = ZoneInfo("Europe/London")
TWO = datetime(2026, 11, 23, 14, tzinfo=UTC)
DAY = Interval(start=TWO - timedelta(hours=8), end=TWO + timedelta(hours=8))
HOUR = timedelta(hours=1)

Fresh = Callable[[], RoomCalendar]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with running_server(tmp_path_factory.mktemp("radicale")) as running:
        yield running


@pytest.fixture(params=["memory", "file", pytest.param("caldav", marks=pytest.mark.server)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Makes an empty calendar with every call."""
    if request.param == "memory":
        return MemoryCalendar
    if request.param == "file":
        return lambda: FileCalendar(tmp_path / f"{uuid.uuid4()}.ics", LONDON)
    running: CalendarServer = request.getfixturevalue("server")
    login = Credentials(user=USER, password=PASSWORD)
    return lambda: CalDavCalendar(running.new_calendar(str(uuid.uuid4())), LONDON, credentials=login)


@pytest.fixture
def calendar(fresh: Fresh) -> RoomCalendar:
    return fresh()


def _spans(calendar: RoomCalendar) -> list[tuple[str, datetime, datetime]]:
    return [(b.uid, b.interval.start, b.interval.end) for b in calendar.bookings(DAY)]


def test_a_new_calendar_holds_nothing(calendar: RoomCalendar) -> None:
    assert calendar.bookings(DAY) == ()


def test_what_was_booked_is_found_with_title_and_organiser(calendar: RoomCalendar) -> None:
    wanted = booking("a", TWO, 60, title="Planning; part 1, näxt", organiser="Ada")
    calendar.book(wanted)
    assert calendar.bookings(DAY) == (wanted,)


def test_bookings_come_earliest_first_and_only_those_that_share_time(calendar: RoomCalendar) -> None:
    calendar.book(booking("late", TWO + HOUR, 60))
    calendar.book(booking("early", TWO, 60))
    assert [b.uid for b in calendar.bookings(DAY)] == ["early", "late"]
    only = calendar.bookings(Interval(start=TWO + HOUR, end=TWO + 2 * HOUR))
    assert [b.uid for b in only] == ["late"]


def test_booking_twice_with_one_name_changes_nothing(calendar: RoomCalendar) -> None:
    for _ in range(2):
        calendar.book(booking("a", TWO, 60))
    assert _spans(calendar) == [("a", TWO, TWO + HOUR)]


def test_time_that_somebody_has_is_refused(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    with pytest.raises(RoomTakenError):
        calendar.book(booking("b", TWO + HOUR / 2, 60))
    assert _spans(calendar) == [("a", TWO, TWO + HOUR)]


def test_the_room_can_be_booked_right_after_somebody(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    calendar.book(booking("b", TWO + HOUR, 60))
    assert [b.uid for b in calendar.bookings(DAY)] == ["a", "b"]


@pytest.mark.parametrize("minutes", [30, 90])
def test_an_end_can_be_moved_either_way_and_again_without_effect(
    calendar: RoomCalendar, minutes: int
) -> None:
    calendar.book(booking("a", TWO, 60))
    for _ in range(2):
        calendar.set_end("a", TWO, TWO + timedelta(minutes=minutes))
    assert _spans(calendar) == [("a", TWO, TWO + timedelta(minutes=minutes))]


def test_an_end_is_not_moved_into_somebody_elses_time(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    calendar.book(booking("b", TWO + HOUR, 60))
    with pytest.raises(RoomTakenError):
        calendar.set_end("a", TWO, TWO + HOUR * 1.5)
    assert _spans(calendar)[0] == ("a", TWO, TWO + HOUR)


def test_a_released_room_is_free_again_and_releasing_twice_is_no_fault(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    for _ in range(2):
        calendar.release("a", TWO)
    assert calendar.bookings(DAY) == ()
    calendar.book(booking("b", TWO, 60))
    assert [b.uid for b in calendar.bookings(DAY)] == ["b"]


def test_a_booking_that_is_repeated_after_its_release_stays_released(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    calendar.release("a", TWO)
    calendar.book(booking("a", TWO, 60))
    assert calendar.bookings(DAY) == ()


def test_what_is_not_there_cannot_be_moved_or_released(calendar: RoomCalendar) -> None:
    calendar.book(booking("a", TWO, 60))
    with pytest.raises(BookingMissingError):
        calendar.set_end("nobody", TWO, TWO + HOUR)
    with pytest.raises(BookingMissingError):
        calendar.set_end("a", TWO + timedelta(minutes=5), TWO + HOUR)
    with pytest.raises(BookingMissingError):
        calendar.release("nobody", TWO)
    calendar.release("a", TWO)
    with pytest.raises(BookingMissingError):
        calendar.set_end("a", TWO, TWO + HOUR)


def test_a_name_with_odd_characters_is_kept(calendar: RoomCalendar) -> None:
    calendar.book(booking("a/b?c@d é", TWO, 60))
    calendar.set_end("a/b?c@d é", TWO, TWO + HOUR / 2)
    assert _spans(calendar) == [("a/b?c@d é", TWO, TWO + HOUR / 2)]


_steps = st.lists(
    st.tuples(
        st.sampled_from(["book", "end", "release"]),
        st.sampled_from("abc"),
        st.integers(0, 5),
        st.integers(1, 3),
    ),
    max_size=8,
)


@given(steps=_steps)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_calls_leave_the_same_bookings_as_in_memory(
    fresh: Fresh, steps: list[tuple[str, str, int, int]]
) -> None:
    twin, real = MemoryCalendar(), fresh()
    for step in steps:
        assert _outcome(real, step) == _outcome(twin, step)
        assert _spans(real) == _spans(twin)


def _outcome(calendar: RoomCalendar, step: tuple[str, str, int, int]) -> str:
    action, uid, hour, length = step
    start = TWO + hour * HOUR
    try:
        if action == "book":
            calendar.book(Booking(uid=uid, interval=Interval(start=start, end=start + length * HOUR)))
        elif action == "end":
            calendar.set_end(uid, start, start + length * HOUR)
        else:
            calendar.release(uid, start)
    except (RoomTakenError, BookingMissingError) as error:
        return error.code
    return "done"
