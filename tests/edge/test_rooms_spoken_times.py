"""What a spoken time means at a given moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.calendars.speech import say_day, say_length, say_moment, say_time
from nearfield_edge.calendars.spoken_times import (
    GRACE,
    Ambiguous,
    ClockTime,
    Half,
    Meant,
    Past,
    clock_time,
    on_day,
    part_of_day,
    readings,
    resolve_day,
    resolve_end,
    resolve_start,
)

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)


def _now(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=LONDON)


@pytest.mark.parametrize(
    ("hour", "minutes_past", "half", "expected"),
    [
        (3, 0, None, [(15, 0), (3, 0)]),
        (9, 0, None, [(9, 0), (21, 0)]),
        (10, 30, None, [(10, 30), (22, 30)]),
        (3, -15, None, [(14, 45), (2, 45)]),
        (1, -15, None, [(12, 45), (0, 45)]),
        (12, 0, None, [(12, 0), (0, 0)]),
        (7, 0, None, [(7, 0), (19, 0)]),
        (3, 0, "am", [(3, 0)]),
        (9, 0, "pm", [(21, 0)]),
        (12, 0, "am", [(0, 0)]),
        (12, 0, "pm", [(12, 0)]),
        (14, 30, None, [(14, 30)]),
    ],
)
def test_a_clock_time_reads_as_working_hours_first(
    hour: int, minutes_past: int, half: Half | None, expected: list[tuple[int, int]]
) -> None:
    assert readings(clock_time(hour, minutes_past, half)) == tuple(time(*pair) for pair in expected)


def test_three_means_the_coming_three_in_the_afternoon() -> None:
    assert resolve_start(ClockTime(hour=3), None, _now(14, 10)) == Meant(at=_now(15))


def test_three_said_just_after_three_still_means_three() -> None:
    assert resolve_start(ClockTime(hour=3), None, _now(15, 2)) == Meant(at=_now(15))


def test_three_said_long_after_three_means_tomorrow() -> None:
    meant = resolve_start(ClockTime(hour=3), None, _now(16))
    assert meant == Meant(at=_now(15, day=MONDAY + timedelta(days=1)))


def test_nine_said_at_six_in_the_evening_is_asked_about() -> None:
    asked = resolve_start(ClockTime(hour=9), None, _now(18))
    assert asked == Ambiguous(sooner=_now(21), later=_now(9, day=MONDAY + timedelta(days=1)))


def test_nine_said_after_nine_in_the_evening_means_tomorrow_morning() -> None:
    meant = resolve_start(ClockTime(hour=9), None, _now(21, 30))
    assert meant == Meant(at=_now(9, day=MONDAY + timedelta(days=1)))


def test_nine_today_said_at_six_means_this_evening() -> None:
    assert resolve_start(ClockTime(hour=9), MONDAY, _now(18)) == Meant(at=_now(21))


def test_three_in_the_afternoon_today_said_at_six_is_past() -> None:
    assert resolve_start(ClockTime(hour=3, half="pm"), MONDAY, _now(18)) == Past(at=_now(15))


def test_a_time_on_another_day_is_in_working_hours() -> None:
    friday = date(2026, 11, 27)
    assert resolve_start(ClockTime(hour=2), friday, _now(18)) == Meant(at=_now(14, day=friday))


def test_an_end_is_the_first_reading_after_the_start() -> None:
    assert resolve_end(ClockTime(hour=3), _now(14)) == _now(15)
    assert resolve_end(ClockTime(hour=1), _now(11)) == _now(13)
    assert resolve_end(ClockTime(hour=1), _now(22)) == _now(1, day=MONDAY + timedelta(days=1))


@given(
    clock=st.builds(
        ClockTime,
        hour=st.integers(0, 23),
        minute=st.integers(0, 59),
        half=st.sampled_from([None, "am", "pm"]),
    ),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 (the zone is added below)
    ahead=st.one_of(st.none(), st.integers(0, 7)),
)
def test_no_start_is_ever_put_into_the_past(clock: ClockTime, now: datetime, ahead: int | None) -> None:
    moment = now.replace(tzinfo=UTC).astimezone(LONDON)
    day = None if ahead is None else moment.date() + timedelta(days=ahead)
    resolved = resolve_start(clock, day, moment)
    if isinstance(resolved, Past):
        assert resolved.at < moment
    else:
        first = resolved.at if isinstance(resolved, Meant) else resolved.sooner
        assert first.astimezone(UTC) + GRACE >= moment.astimezone(UTC)
    if isinstance(resolved, Ambiguous):
        assert day is None
        assert resolved.sooner < resolved.later
    if isinstance(resolved, Meant):
        assert resolved.at.date() == day if day else resolved.at.date() - moment.date() <= timedelta(days=1)


@given(
    clock=st.builds(ClockTime, hour=st.integers(0, 23), minute=st.integers(0, 59)),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 (the zone is added below)
)
def test_an_end_always_lies_within_a_day_after_its_start(clock: ClockTime, start: datetime) -> None:
    begin = start.replace(tzinfo=UTC).astimezone(LONDON)
    length = resolve_end(clock, begin).astimezone(UTC) - begin.astimezone(UTC)
    assert timedelta(0) < length <= timedelta(hours=25)


def test_a_time_that_summer_time_skips_is_taken_an_hour_later() -> None:
    assert on_day(date(2026, 3, 29), time(1, 30), LONDON).time() == time(2, 30)


def test_days_are_found_by_name() -> None:
    assert resolve_day("today", MONDAY) == MONDAY
    assert resolve_day("tomorrow", MONDAY) == date(2026, 11, 24)
    assert resolve_day("day after tomorrow", MONDAY) == date(2026, 11, 25)
    assert resolve_day("friday", MONDAY) == date(2026, 11, 27)
    assert resolve_day("monday", MONDAY) == MONDAY
    assert resolve_day("next monday", MONDAY) == date(2026, 11, 30)
    assert resolve_day("next friday", MONDAY) == date(2026, 12, 4)


def test_an_unknown_day_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'someday' names no day"):
        resolve_day("someday", MONDAY)


def test_a_morning_ends_at_noon() -> None:
    assert part_of_day("morning", MONDAY, LONDON) == (_now(8), _now(12))


@pytest.mark.parametrize(
    ("at", "spoken"),
    [
        (time(15), "three o'clock"),
        (time(10, 30), "ten thirty"),
        (time(15, 5), "three oh five"),
        (time(12), "noon"),
        (time(0), "midnight"),
        (time(21, 45), "nine forty five in the evening"),
        (time(6, 15), "six fifteen in the morning"),
    ],
)
def test_times_are_spoken_so_that_no_half_of_the_day_is_in_doubt(at: time, spoken: str) -> None:
    assert say_time(at) == spoken


def test_days_are_spoken_with_their_date_once_they_are_far() -> None:
    assert say_day(MONDAY, MONDAY) == "today"
    assert say_day(date(2026, 11, 24), MONDAY) == "tomorrow"
    assert say_day(date(2026, 11, 27), MONDAY) == "on Friday"
    assert say_day(date(2026, 11, 30), MONDAY) == "on Monday the thirtieth of November"
    assert say_day(date(2026, 12, 22), MONDAY) == "on Tuesday the twenty second of December"


def test_a_moment_of_another_zone_is_spoken_in_the_zone_of_the_room() -> None:
    assert say_moment(datetime(2026, 7, 1, 14, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=LONDON)) == (
        "three o'clock"
    )


@pytest.mark.parametrize(
    ("minutes", "spoken"),
    [
        (30, "half an hour"),
        (60, "one hour"),
        (90, "an hour and a half"),
        (45, "forty five minutes"),
        (1, "one minute"),
        (0, "zero minutes"),
        (135, "two hours and fifteen minutes"),
    ],
)
def test_lengths_are_spoken_as_people_say_them(minutes: int, spoken: str) -> None:
    assert say_length(timedelta(minutes=minutes)) == spoken
