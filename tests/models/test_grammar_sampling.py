from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import nearfield_edge
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.sampling import sample_sentences


def grammar_of(*sentences: str, lists: dict[str, Any] | None = None) -> Grammar:
    document = {
        "language": "en",
        "intents": {"ask": {"data": [{"sentences": list(sentences)}]}},
        "lists": lists or {},
    }
    return compile_grammar([SentenceSource(skill="lamp", templates=document)])


def texts(grammar: Grammar, per_intent: int = 100, seed: int = 0) -> list[str]:
    return [one.text for one in sample_sentences(grammar.skills[0], per_intent=per_intent, seed=seed)]


def test_a_small_template_is_expanded_completely() -> None:
    grammar = grammar_of(
        "[please] turn (on|off) the {room}'s light", lists={"room": {"values": ["hall", "den"]}}
    )
    assert sorted(texts(grammar)) == sorted(
        f"{please}turn {switch} the {room}'s light"
        for please in ("", "please ")
        for switch in ("on", "off")
        for room in ("hall", "den")
    )


def test_the_same_seed_gives_the_same_sentences_and_another_seed_others() -> None:
    numbers = {"number": {"range": {"from": 0, "to": 99}}}
    grammar = grammar_of("[set] [it] [to] {number} (percent|degrees)", lists=numbers)
    assert texts(grammar, 20, seed=1) == texts(grammar, 20, seed=1)
    assert set(texts(grammar, 20, seed=1)) != set(texts(grammar, 20, seed=2))


def test_no_more_than_asked_for_are_drawn_and_each_sentence_has_its_share() -> None:
    grammar = grammar_of("go {number}", "stop", "wait", lists={"number": {"range": {"from": 0, "to": 99}}})
    drawn = texts(grammar, 10)
    assert len(drawn) == 10
    assert {"stop", "wait"} < set(drawn)


def test_every_choice_is_taken_once_before_one_is_taken_twice() -> None:
    values = {"value": {"values": [f"word{letter}" for letter in "abcdefghij"]}}
    drawn = texts(grammar_of("[now] [then] [here] [there] take {value}", lists=values), 10)
    assert len({text.split()[-1] for text in drawn}) == 10


def test_a_wildcard_is_filled_with_the_name_of_its_slot() -> None:
    wildcard = {"anything": {"wildcard": True}}
    assert texts(grammar_of("buy {anything:shoppingItem}", lists=wildcard)) == ["buy shopping item"]


def test_a_sentence_that_needs_an_empty_list_is_left_out() -> None:
    empty: dict[str, Any] = {"person": {"values": []}}
    assert texts(grammar_of("call {person}", "call home", lists=empty)) == ["call home"]
    assert texts(grammar_of("call {person}", lists=empty)) == []


WORDS = st.sampled_from(["[big]", "(red|green)", "lamp", "{size}", "[very] {size}", "shade's"])


TEMPLATES = st.lists(WORDS, min_size=1, max_size=4).map(lambda words: " ".join(["a", *words]))


@given(templates=st.lists(TEMPLATES, min_size=1), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_whatever_is_drawn_is_understood_by_the_grammar(templates: list[str], seed: int) -> None:
    grammar = grammar_of(*templates, lists={"size": {"values": ["tiny", "ten inch"]}})
    drawn = texts(grammar, 15, seed)
    assert drawn
    assert len(set(drawn)) == len(drawn)
    assert all(match_text(grammar, text) for text in drawn)


@pytest.mark.parametrize("skill", ["coffee", "rooms"])
def test_each_intent_of_a_shipped_skill_gives_sentences_of_its_own(skill: str) -> None:
    folder = Path(nearfield_edge.__file__).parent / "shipped_skills" / skill
    templates = yaml.safe_load((folder / "sentences.yaml").read_text("utf-8"))
    grammar = compile_grammar([SentenceSource(skill=skill, templates=templates)])
    drawn = sample_sentences(grammar.skills[0], per_intent=30, seed=0)
    assert {one.intent for one in drawn} == set(templates["intents"])
