"""The coffee kiosk's sentences: what a customer says, and what the device makes of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

import nearfield_edge
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text

SENTENCES = Path(nearfield_edge.__file__).parent / "shipped_skills" / "coffee" / "sentences.yaml"


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    templates = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    return compile_grammar([SentenceSource(skill="coffee", templates=templates)])


def understood(grammar: Grammar, text: str, **context: str) -> tuple[str, dict[str, Any]] | None:
    found = match_text(grammar, text, context=context)
    return (found[0].intent, {name: slot.value for name, slot in found[0].slots.items()}) if found else None


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("Latte.", {"coffeeDrink": "latte"}),
        ("Um, could I please have a 12oz mocha, thanks", {"size": "twelve ounce", "coffeeDrink": "mocha"}),
        ("I'd like two large lattes", {"quantity": 2, "size": "large", "coffeeDrink": "latte"}),
        ("a double espresso please", {"numberOfShots": "double shot", "coffeeDrink": "espresso"}),
        ("and a dark-roast large coffee", {"roast": "dark roast", "size": "large", "coffeeDrink": "coffee"}),
        (
            "Can I get a latte with sweetener and lots of soy milk?",
            {"coffeeDrink": "latte", "sugarAmount": "sweetener", "milkAmount": "lots of soy milk"},
        ),
        ("a latte without sugar", {"coffeeDrink": "latte", "without": "sugarAmount"}),
    ],
)  # fmt: skip
def test_an_order_gives_every_slot(grammar: Grammar, text: str, slots: Mapping[str, Any]) -> None:
    assert understood(grammar, text) == ("orderDrink", slots)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("make it large", "changeOrder", {"size": "large"}),
        ("Actually, a double shot.", "changeOrder", {"numberOfShots": "double shot"}),
        ("no, medium roast", "changeOrder", {"roast": "medium roast"}),
        ("actually a mocha instead", "changeOrder", {"coffeeDrink": "mocha"}),
        ("no sugar", "changeOrder", {"without": "sugarAmount"}),
        ("with some almond milk", "changeOrder", {"milkAmount": "some almond milk"}),
        ("that's all, thank you", "confirmOrder", {"answer": "yes"}),
        ("Yes, please.", "confirmOrder", {"answer": "yes"}),
        ("no thanks", "confirmOrder", {"answer": "no"}),
        ("never mind", "cancelOrder", {}),
        ("read that back to me", "repeatOrder", {}),
    ],
)
def test_a_follow_up_is_understood_only_in_the_conversation(
    grammar: Grammar, text: str, intent: str, slots: Mapping[str, Any]
) -> None:
    assert understood(grammar, text, active_skill="coffee") == (intent, slots)
    assert understood(grammar, text) is None
    assert understood(grammar, text, active_skill="rooms") is None


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("What does that come to?", "askTotal", {}),
        ("how much is it", "askTotal", {}),
        ("what do you have", "askMenu", {}),
        ("what kind of milk do you have", "askMenu", {"topic": "milkAmount"}),
        ("what did I order", "repeatOrder", {}),
        ("cancel my order", "cancelOrder", {}),
    ],
)
def test_a_question_needs_no_conversation(
    grammar: Grammar, text: str, intent: str, slots: Mapping[str, Any]
) -> None:
    assert understood(grammar, text) == (intent, slots)


@pytest.mark.parametrize(
    ("slot", "text", "slots"),
    [
        ("size", "a large one, please", {"size": "large"}),
        ("size", "16 ounces", {"size": "sixteen ounce"}),
        ("coffeeDrink", "a cappuccino", {"coffeeDrink": "cappuccino"}),
        ("roast", "dark", None),
        ("numberOfShots", "double", {"numberOfShots": "double shot"}),
        ("milkAmount", "a bit of cream", {"milkAmount": "a bit of cream"}),
        ("sugarAmount", "none", {"without": "sugarAmount"}),
    ],
)
def test_a_bare_answer_fills_the_slot_that_was_asked_for(
    grammar: Grammar, slot: str, text: str, slots: Mapping[str, Any] | None
) -> None:
    expected = ("orderDrink", slots) if slots else None
    assert understood(grammar, text, active_skill="coffee", open_slot=slot) == expected


@pytest.mark.parametrize(
    "text", ["I don't want a latte", "do not make a coffee", "who drank my coffee", "large", "with milk"]
)
def test_what_is_no_order_is_not_taken_for_one(grammar: Grammar, text: str) -> None:
    assert understood(grammar, text) is None


@pytest.mark.recordings
def test_everything_that_the_benchmark_lets_a_customer_say_is_understood(
    grammar: Grammar, recordings: Path
) -> None:
    file = recordings / "orders" / "coffee_maker.yaml"
    benchmark = yaml.safe_load(file.read_text(encoding="utf-8"))["context"]
    draw = Random(7)  # noqa: S311 - a repeatable sample, no secret
    for expression in benchmark["expressions"]["orderDrink"]:
        for _ in range(5):
            slots: dict[str, Any] = {}

            def fill(found: re.Match[str], slots: dict[str, Any] = slots) -> str:
                slots[found[2]] = draw.choice(benchmark["slots"][found[1]])
                return str(slots[found[2]])

            text = re.sub(r"\[([^]]+)\]", lambda found: draw.choice(found[1].split(", ")), expression)
            text = re.sub(r"\$(\w+):(\w+)", fill, text)
            assert understood(grammar, text) == ("orderDrink", slots), text
