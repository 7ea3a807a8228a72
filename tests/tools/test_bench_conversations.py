from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nearfield_edge.engine_loading import Engines
from nearfield_sync.messages.turn_record import ReplyRecord, Timings, TurnRecord, Understanding
from tests.fakes.tts import ToneVoice
from tools.bench.conversations import faults_of, figures_of, judge
from tools.bench.exchange_device import Held, Speaker, hold
from tools.bench.exchange_script import Exchange, Leaves, Said, read_exchanges

SCRIPTS = read_exchanges()
TYPED = Engines(versions={})


def record(understanding: Understanding, reply: str = "") -> TurnRecord:
    return TurnRecord(
        turn_id="t",
        device_id="d",
        started_at="2026-03-06T14:10:00+00:00",
        opened_by="text",
        outcome="answered",
        transcript="a latte",
        understanding=understanding,
        route=None,
        reply=ReplyRecord(text=reply, source="skill:coffee"),
        timings_ms=Timings(),
        versions={},
    )


LATTE = Understanding(intent="orderDrink", skill="coffee", slots={"coffeeDrink": "latte"})


def test_there_are_at_least_sixty_exchanges_with_every_kind_of_end() -> None:
    exchanges = [exchange for part in SCRIPTS.values() for exchange in part]
    turns = [turn for exchange in exchanges for turn in exchange.turns]
    assert len(exchanges) >= 60
    assert any(turn.intent is None for turn in turns)
    assert any(turn.waits_seconds > 90 for turn in turns)
    assert any(exchange.leaves == Leaves() for exchange in exchanges)


@pytest.mark.parametrize("part", SCRIPTS)
async def test_the_first_exchange_of_each_part_is_right_when_typed(part: str, tmp_path: Path) -> None:
    exchange = SCRIPTS[part][0]
    held = await hold(exchange, TYPED, None, tmp_path)
    assert judge(part, exchange, held).faults == ()


async def test_a_room_that_is_taken_beforehand_is_taken_and_not_counted_as_booked(tmp_path: Path) -> None:
    exchange = Exchange(
        name="taken",
        turns=[
            Said(says="who has the atrium at three", intent="whoHasRoom", reply="ada has the atrium"),
            Said(says="sing me a song", waits_seconds=1),
        ],
        taken={"atrium": ["Fri 15:00-16:00 Ada"]},
    )
    held = await hold(exchange, TYPED, None, tmp_path)
    assert held.left == Leaves()
    first, second = held.records
    assert first is not None
    assert second is not None
    assert first.understanding.slots == {"room": "atrium", "start_hour": 3}
    assert second.understanding.intent is None


@pytest.mark.parametrize(
    ("said", "heard", "faults"),
    [
        (Said(says="x", intent="orderDrink", slots={"coffeeDrink": "latte"}), record(LATTE), 0),
        (Said(says="x", intent="orderDrink"), record(LATTE), 1),
        (Said(says="x", intent="orderDrink", slots={"coffeeDrink": "mocha"}), record(LATTE), 1),
        (Said(says="x"), record(LATTE), 1),
        (Said(says="x"), record(Understanding(intent=None, skill=None)), 0),
        (Said(says="x", reply="sorry"), record(Understanding(intent=None, skill=None), "Sorry?"), 0),
        (Said(says="x", reply="size"), record(Understanding(intent=None, skill=None), "Sorry?"), 1),
        (Said(says="x"), None, 1),
    ],
)
def test_a_turn_is_right_when_meaning_and_answer_are(
    said: Said, heard: TurnRecord | None, faults: int
) -> None:
    assert len(faults_of(said, heard)) == faults


def test_an_exchange_is_wrong_when_more_happened_than_it_says() -> None:
    exchange = Exchange(name="quiet", turns=[Said(says="a"), Said(says="b")])
    nothing = record(Understanding(intent=None, skill=None))
    right = judge("p", exchange, Held(records=(nothing, nothing), left=Leaves()))
    wrong = judge("p", exchange, Held(records=(nothing, None), left=Leaves(calls=["Tom"])))
    assert right.faults == ()
    assert len(wrong.faults) == 2
    figures = figures_of([right, wrong])
    assert (figures["share_right"], figures["turns"], figures["turns_right"]) == (0.5, 4, 3)
    assert (figures["right_by_part"], figures["wrong"]) == ({"p": "1 of 2"}, ["p: quiet"])
    assert figures["wrong_although_heard_right"] == 0
    assert figures_of([]) == {"exchanges": 0}


@pytest.mark.parametrize(("says", "misheard"), [("A latte!", False), ("a lottery", True)])
def test_what_was_misheard_is_told_from_what_was_misunderstood(says: str, misheard: bool) -> None:
    exchange = Exchange(name="one", turns=[Said(says="a"), Said(says=says, intent="askMenu")])
    held = Held(records=(record(Understanding(intent=None, skill=None)), record(LATTE)), left=Leaves())
    judged = judge("p", exchange, held)
    assert judged.was_misheard is misheard
    assert figures_of([judged])["wrong_although_heard_right"] == (0 if misheard else 1)


def test_a_line_is_spoken_once_and_then_read(tmp_path: Path) -> None:
    made: list[ToneVoice] = []

    def voice() -> ToneVoice:
        made.append(ToneVoice())
        return made[-1]

    first = Speaker(voice, "a", tmp_path).say("hello")
    again = Speaker(voice, "a", tmp_path).say("hello")
    assert first.size > 0
    np.testing.assert_array_equal(first, again)
    assert len(made) == 1
    Speaker(voice, "b", tmp_path).say("hello")
    assert len(made) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: a, turns: [{says: x}, {says: y, reply: yes}]}", r"p\.yaml: .*reply"),
        ("- {name: a, turns: [{says: x}]}", r"p\.yaml: .*turns"),
        ("- {name: a, turns: [{says: x}, {says: y}]}\n" * 2, "the same name: a"),
    ],
)
def test_a_wrong_script_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_exchanges(tmp_path)
