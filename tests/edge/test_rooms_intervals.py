"""Free and busy: the arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.calendars.intervals import Interval, conflict, first_gap, gaps, merged
from tests.fakes.calendars import booking

_EPOCH = datetime(2026, 3, 2, tzinfo=UTC)
_DAY = Interval(start=_EPOCH, end=_EPOCH + timedelta(hours=10))


def _holds(interval: Interval, minute: int) -> bool:
    return interval.start <= _at(minute) < interval.end


def _at(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


@st.composite
def _intervals(draw: st.DrawFn) -> Interval:
    start = draw(st.integers(-100, 700))
    return Interval(start=_at(start), end=_at(start + draw(st.integers(1, 200))))


_busy = st.lists(_intervals(), max_size=8)


def _minutes(intervals: tuple[Interval, ...] | list[Interval], within: Interval = _DAY) -> set[int]:
    return {
        minute
        for minute in range(-100, 901)
        if _holds(within, minute) and any(_holds(i, minute) for i in intervals)
    }


@given(_busy)
def test_gaps_are_exactly_the_minutes_that_no_booking_takes(busy: list[Interval]) -> None:
    everything = _minutes([_DAY])
    assert _minutes(gaps(busy, _DAY)) == everything - _minutes(busy)


@given(_busy)
def test_gaps_never_touch_each_other(busy: list[Interval]) -> None:
    free = gaps(busy, _DAY)
    assert all(one.end < other.start for one, other in pairwise(free))


@given(_busy)
def test_merging_keeps_the_time_and_leaves_nothing_to_merge(busy: list[Interval]) -> None:
    once = merged(busy)
    assert _minutes(once) == _minutes(busy)
    assert merged(once) == once
    assert all(one.end < other.start for one, other in pairwise(once))


@given(_busy, st.integers(1, 300))
def test_the_first_gap_is_free_long_enough_and_none_before_it_is(busy: list[Interval], length: int) -> None:
    found = first_gap(busy, _DAY, timedelta(minutes=length))
    earlier = [gap for gap in gaps(busy, _DAY) if found is None or gap.start < found.start]
    assert all(gap.length < timedelta(minutes=length) for gap in earlier)
    if found is not None:
        assert found.length >= timedelta(minutes=length)
        assert not any(taken.overlaps(found) for taken in busy)


@given(_busy, _intervals())
def test_a_conflict_is_found_exactly_when_some_minute_is_shared(
    busy: list[Interval], wanted: Interval
) -> None:
    bookings = [booking(str(n), i.start, int(i.length / timedelta(minutes=1))) for n, i in enumerate(busy)]
    found = conflict(bookings, wanted)
    shares = any(max(i.start, wanted.start) < min(i.end, wanted.end) for i in busy)
    assert (found is not None) == shares


def test_meeting_end_to_start_is_no_conflict() -> None:
    morning = Interval(start=_at(0), end=_at(60))
    assert not morning.overlaps(Interval(start=_at(60), end=_at(120)))


def test_an_interval_counts_real_time_across_the_change_to_summer_time() -> None:
    london = ZoneInfo("Europe/London")
    night = Interval.between(
        datetime(2026, 3, 29, 0, 30, tzinfo=london), datetime(2026, 3, 29, 2, 30, tzinfo=london)
    )
    assert night.length == timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (_at(10), _at(10)),
        (_at(10), _at(9)),
        (datetime(2026, 1, 1), datetime(2026, 1, 2)),  # noqa: DTZ001 (a moment without a zone is the point)
    ],
)
def test_an_empty_backward_or_zoneless_interval_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval.between(start, end)


def test_a_local_interval_made_by_hand_is_refused() -> None:
    plus_one = timezone(timedelta(hours=1))
    with pytest.raises(ValueError, match="UTC"):
        Interval(start=datetime(2026, 1, 1, tzinfo=plus_one), end=datetime(2026, 1, 2, tzinfo=plus_one))
