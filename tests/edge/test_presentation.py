"""How a turn looks in a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from nearfield_edge.cli.presentation import show_turn
from nearfield_sync.messages.turn_record import Alternative, ReplyRecord, Timings, TurnRecord, Understanding


def shown(understanding: Understanding, reply: ReplyRecord | None = None) -> str:
    record = TurnRecord(
        turn_id="t1",
        device_id="d1",
        started_at="2026-01-01T10:00:00Z",
        opened_by="wake",
        outcome="answered",
        transcript="a small latte",
        understanding=understanding,
        route=None,
        reply=reply,
        timings_ms=Timings(),
        versions={},
    )
    written = io.StringIO()
    show_turn(Console(file=written, width=120), record)
    return written.getvalue()


def order(size: str, behind: float) -> Alternative:
    return Alternative(
        intent="orderDrink", skill="coffee", said="", slots={"size": size}, confidence=0.5, behind=behind
    )


def test_what_else_may_have_been_meant_stands_under_what_was_understood() -> None:
    understood = Understanding(
        intent="orderDrink",
        skill="coffee",
        slots={"size": "small"},
        confidence=0.5,
        alternatives=(order("small", 0.0), order("medium", 1.25)),
    )
    lines = shown(understood).splitlines()
    assert lines[1].split() == ["means", "coffee.orderDrink(size=small)", "0.50"]
    assert lines[2].split() == ["or", "coffee.orderDrink(size=medium)", "0.50", "1.2", "nats", "behind"]


def test_what_was_heard_but_not_understood_is_shown_too() -> None:
    unsure = Understanding(intent=None, skill=None, alternatives=(order("small", 0.0),))
    assert "or      coffee.orderDrink(size=small)  0.50\n" in shown(unsure)


def test_an_answer_is_told_from_what_was_said_outright() -> None:
    answer = Alternative(intent="confirm", skill="nearfield", said="Yes.", confidence=0.9)
    clarified = Understanding(
        intent="orderDrink",
        skill="coffee",
        slots={"size": "small"},
        confidence=0.9,
        source="clarified",
        alternatives=(answer,),
    )
    text = shown(clarified)
    assert "coffee.orderDrink(size=small)  0.90  as the answer says" in text
    assert "nearfield.confirm" not in text


def test_what_nobody_heard_of_a_reply_is_told_apart() -> None:
    nothing = Understanding(intent=None, skill=None)
    cut = ReplyRecord(text="One large latte.", source="skill:coffee", heard_ms=700, heard_text="One large")
    assert "says    One large [not heard: latte.]\n" in shown(nothing, cut)
    whole = ReplyRecord(text="One large latte.", source="skill:coffee", heard_ms=1_200)
    assert "says    One large latte.\n" in shown(nothing, whole)
