"""A turn's picture: well-formed, within its borders, and told in words, whatever the record holds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_edge.cli.turn_picture import MOST_ROWS, WIDTH, told, turn_picture
from nearfield_edge.cli.turn_times import stretches_of, ticks_of
from nearfield_sync.messages.turn_record import TimelineEntry, Timings, TurnRecord, Understanding
from tests.fakes.turns import turn

SVG = "{http://www.w3.org/2000/svg}"
TIMELINE = (
    TimelineEntry(at_ms=-900.0, event="partial", detail="a large"),
    TimelineEntry(at_ms=361.0, event="guessed", detail="open: a large latte"),
    TimelineEntry(at_ms=400.0, event="endpoint", detail="silence"),
    TimelineEntry(at_ms=700.0, event="first_audio"),
    TimelineEntry(at_ms=2100.0, event="done"),
)
moments = st.none() | st.floats(-30_000, 60_000)
records = st.builds(
    lambda timings, timeline, transcript, outcome: replace(
        turn("t1", transcript=transcript), timings_ms=timings, timeline=tuple(timeline), outcome=outcome
    ),
    st.builds(
        Timings, endpoint=moments, transcript=moments, understood=moments, first_audio=moments, done=moments
    ),
    st.lists(
        st.builds(
            TimelineEntry,
            at_ms=st.floats(-30_000, 60_000),
            event=st.sampled_from(["partial", "judged", "reopened", "new_kind"]),
            detail=st.text(max_size=60),
        ),
        max_size=60,
    ),
    st.text(max_size=200),
    st.sampled_from(["answered", "no_speech", "failed"]),
)


def drawn(record: TurnRecord) -> ET.Element:
    return ET.fromstring(turn_picture(record))  # noqa: S314 (our own document)


def texts(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


def dots(picture: ET.Element) -> list[float]:
    return [float(dot.attrib["cx"]) for dot in picture.iter(f"{SVG}circle")]


def test_it_shows_what_was_heard_meant_and_said_and_each_thing_that_happened() -> None:
    shown = texts(drawn(replace(turn("t1"), timeline=TIMELINE)))
    for words in ("“a large latte please”", "→ “One large latte.”", "if it ends here", "+361", "first sound"):
        assert words in shown
    assert any("coffee.orderDrink (size: large)" in text for text in shown)


def test_whoever_cannot_see_it_is_told_the_same() -> None:
    picture = drawn(turn("t1"))
    assert picture.attrib["role"] == "img"
    names = picture.attrib["aria-labelledby"].split()
    assert [picture.find(f"{SVG}{name}") is not None for name in names] == [True, True]
    description = told(turn("t1"))
    for words in ("a large latte please", "One large latte.", "+400 milliseconds", "+700 milliseconds"):
        assert words in description
    assert picture.findtext(f"{SVG}desc") == description


def test_what_happens_later_lies_further_right() -> None:
    found = dots(drawn(replace(turn("t1"), timeline=TIMELINE[::-1])))
    assert found == sorted(found)
    assert len(set(found)) == len(TIMELINE)


def test_a_typed_turn_has_no_stretch_in_which_somebody_speaks() -> None:
    typed = replace(turn("t1"), opened_by="text", timeline=TIMELINE[1:])
    assert "the person speaks" not in texts(drawn(typed))
    assert "the person speaks" in texts(drawn(replace(typed, timeline=TIMELINE)))


def test_a_turn_that_came_to_nothing_can_be_drawn() -> None:
    nothing = replace(
        turn("t1", transcript=""),
        outcome="no_speech",
        understanding=Understanding(intent=None, skill=None),
        route=None,
        reply=None,
        timings_ms=Timings(),
        timeline=(),
    )
    assert "(nothing was heard: no_speech)" in texts(drawn(nothing))


def test_what_does_not_fit_is_shortened_and_stands_whole_in_a_tip() -> None:
    detail = "open: " + "a very large latte " * 5
    entry = TimelineEntry(at_ms=100.0, event="guessed", detail=detail)
    picture = drawn(replace(turn("t1"), timeline=(entry,)))
    assert detail in [title.text for title in picture.iter(f"{SVG}title")]


@pytest.mark.parametrize("count", [MOST_ROWS, MOST_ROWS + 40])
def test_very_many_events_make_no_endless_picture(count: int) -> None:
    timeline = tuple(TimelineEntry(at_ms=float(at), event="judged") for at in range(count))
    picture = drawn(replace(turn("t1"), timeline=timeline))
    assert len(dots(picture)) == MOST_ROWS
    assert any(text.endswith("further events") for text in texts(picture)) == (count > MOST_ROWS)


@settings(deadline=None)
@given(records)
def test_every_record_makes_a_well_formed_picture_with_everything_inside(record: TurnRecord) -> None:
    picture = drawn(record)
    height = float(picture.attrib["height"])
    for dot in picture.iter(f"{SVG}circle"):
        assert 0 <= float(dot.attrib["cx"]) <= WIDTH
        assert 0 <= float(dot.attrib["cy"]) <= height
    for bar in picture.iter(f"{SVG}rect"):
        left, width = float(bar.attrib.get("x", 0)), float(bar.attrib["width"])
        assert width > 0
        assert -0.1 <= left <= left + width <= WIDTH + 0.1


@given(records)
def test_the_axis_has_no_gap_and_its_numbers_lie_on_it(record: TurnRecord) -> None:
    stretches = stretches_of(record, 100.0, 500.0)
    assert (stretches[0].left, round(stretches[-1].right, 6)) == (100.0, 500.0)
    for before, after in itertools.pairwise(stretches):
        assert (before.end_ms, before.right) == (after.begin_ms, after.left)
    for stretch in stretches:
        ticks = list(ticks_of(stretch))
        assert ticks == sorted(ticks)
        assert len(ticks) <= 12
