from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_sync.errors import MessageError
from nearfield_sync.messages.turn_record import (
    LARGEST_BYTES,
    Alternative,
    ReplyRecord,
    RouteDecision,
    TimelineEntry,
    Timings,
    TurnRecord,
    Understanding,
    turn_record_from_json,
)

RECORD = TurnRecord(
    turn_id="t1",
    device_id="d1",
    started_at="2026-01-01T10:00:00Z",
    opened_by="wake",
    outcome="answered",
    transcript="a latte",
    understanding=Understanding(
        intent="order",
        skill="coffee",
        slots={"shots": 2, "milk": None},
        confidence=1,
        source="grammar",
        alternatives=(
            Alternative(
                intent="order",
                skill="coffee",
                said="Um, a latte.",
                slots={"shots": 2},
                words={"shots": "double"},
                confidence=0.4,
                behind=1.5,
            ),
        ),
    ),
    route=RouteDecision(
        route="skill", reason="sure", confidence=0.9, policy_version="1", considered=("cloud: no link",)
    ),
    reply=ReplyRecord(text="Coming.", source="skill:coffee", heard_ms=400),
    timings_ms=Timings(endpoint=300, done=912.5),
    versions={"silero-vad": "0123"},
    effects=("key",),
    timeline=(TimelineEntry(at_ms=-10, event="speech_began"),),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document but those inside free slots."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [place for key, item in items if key != "slots" for place in places(item, (*path, key))]
    return [path, *below] if path else below


def altered(path: tuple[Any, ...], value: Any) -> str:
    document = json.loads(RECORD.to_json())
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, route=None, reply=None)])
def test_a_record_reads_back_as_it_was_written(record: TurnRecord) -> None:
    assert turn_record_from_json(record.to_json()) == record


def test_a_record_of_before_alternatives_were_kept_reads_as_one_without() -> None:
    document = json.loads(RECORD.to_json())
    del document["understanding"]["alternatives"]
    read = turn_record_from_json(json.dumps(document))
    assert read == replace(RECORD, understanding=replace(RECORD.understanding, alternatives=()))


@pytest.mark.parametrize("path", places(json.loads(RECORD.to_json())), ids=str)
def test_a_field_of_another_kind_is_refused_wherever_it_stands(path: tuple[Any, ...]) -> None:
    with pytest.raises(MessageError):
        turn_record_from_json(
            altered(path, {"another": [True]} if path[-1] not in ("versions", "words") else {"pack": 1})
        )


@pytest.mark.parametrize("path", [("more",), ("reply", "more"), ("timings_ms", "more")])
def test_an_unknown_field_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(MessageError):
        turn_record_from_json(altered(path, 1))


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{}", '{"format": 99}', "[" * 200_000, " " * LARGEST_BYTES + "1"]
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(MessageError):
        turn_record_from_json(text)


@settings(deadline=None)  # a record is read in a millisecond; what takes longer is a busy machine
@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=4))
def test_no_damage_raises_anything_else(at: int, bytes_put: bytes) -> None:
    text = RECORD.to_json().encode()
    try:
        turn_record_from_json(text[:at] + bytes_put + text[at + len(bytes_put) :])
    except MessageError:
        return
