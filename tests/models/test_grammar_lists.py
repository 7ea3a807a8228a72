from __future__ import annotations

import re
from typing import Any

import pytest

from nearfield_models.errors import GrammarError
from nearfield_models.grammar import Grammar, ListValue, SentenceSource, compile_grammar, match_text

PEOPLE: list[ListValue] = [{"in": "Nguyen", "spoken": ["win", "new yen"]}, "Anna"]


def grammar_of(*sentences: str, lists: dict[str, Any]) -> Grammar:
    intents = {"ask": {"data": [{"sentences": list(sentences)}]}}
    templates = {"language": "en", "intents": intents, "lists": lists}
    return compile_grammar([SentenceSource(skill="test", templates=templates)])


def value(grammar: Grammar, text: str) -> Any:
    found = match_text(grammar, text)
    return next(iter(found[0].slots.values())).value if found else None


def test_a_value_may_be_said_in_several_ways() -> None:
    entries = [{"in": ["couch", "sofa[s]"], "out": 7}, {"in": ["hall", "lobby"]}]
    grammar = grammar_of("move to {place}", lists={"place": {"values": entries}})
    assert [value(grammar, f"move to {said}") for said in ("couch", "sofa", "sofas")] == [7, 7, 7]
    assert value(grammar, "move to lobby") == "hall"


def test_a_value_may_sound_unlike_its_spelling() -> None:
    in_file = grammar_of("call {person}", lists={"person": {"values": PEOPLE}})
    given = grammar_of("call {person}", lists={"person": {"values": []}}).with_list("test", "person", PEOPLE)
    for grammar in (in_file, given):
        for said in ("Nguyen", "win", "new yen"):
            assert value(grammar, f"call {said}") == "Nguyen"
        assert match_text(grammar, "call new yen")[0].slots["person"].text == "new yen"


def test_how_a_value_sounds_is_no_template() -> None:
    lists = {"person": {"values": [{"in": "Ng", "spoken": "[ing] (a|b)"}]}}
    grammar = grammar_of("call {person}", lists=lists)
    assert value(grammar, "call ing a b") == "Ng"
    assert value(grammar, "call a") is None


def test_values_of_one_meaning_share_it() -> None:
    entries = [
        {"in": "couch", "out": 7},
        {"in": "sofa", "out": 7},
        {"in": "settee", "out": 7, "metadata": {"a": 1}},
    ]
    phrases = grammar_of("move to {place}", lists={"place": {"values": entries}}).skills[0].lists[0]
    assert [meaning.value for meaning in phrases.meanings] == [7, 7]
    assert phrases.automaton is not None
    assert phrases.automaton.state_count == 3


def test_what_is_countable_may_be_said_in_the_plural() -> None:
    drinks = {"values": ["flat white", "latte", "glass", "tea"], "countable": True}
    grammar = grammar_of("{count} {drink}", lists={"drink": drinks, "count": {"range": {"from": 1, "to": 9}}})
    found = match_text(grammar, "two flat whites")[0]
    assert found.slots["drink"].value == "flat white"
    assert match_text(grammar, "two glasses")
    assert match_text(grammar, "two flats white") == ()
    changed = grammar.with_list("test", "drink", ["mocha"])
    assert match_text(changed, "two mochas")[0].slots["drink"].value == "mocha"


def test_a_plural_that_is_another_value_stays_one() -> None:
    lights = {"values": ["light", {"in": "lights", "out": "all"}], "countable": True}
    assert value(grammar_of("on {light}", lists={"light": lights}), "on lights") == "all"


def test_the_plural_of_a_value_does_not_begin_a_longer_one() -> None:
    grammar = grammar_of("a {cut}", lists={"cut": {"values": ["steak", "steak tartare"], "countable": True}})
    assert match_text(grammar, "a steaks")
    assert match_text(grammar, "a steak tartares")
    assert match_text(grammar, "a steaks tartare") == ()


def test_a_range_may_be_said_in_another_language() -> None:
    grammar = grammar_of(
        "gate {gate}", lists={"gate": {"range": {"from": 1, "to": 3, "words_language": "de"}}}
    )
    assert value(grammar, "gate zwei") == 2


def test_changing_one_list_touches_no_other_part_and_no_other_grammar() -> None:
    lists = {"person": {"values": ["Eve"]}, "room": {"values": ["hall"]}}
    intents = {"ask": {"data": [{"sentences": ["call {person} in {room}"]}]}}
    templates = {"language": "en", "intents": intents, "lists": lists}
    before = compile_grammar(
        [SentenceSource(skill=name, templates=templates) for name in ("first", "second")]
    )
    after = before.with_list("first", "person", ["Anna"])
    assert value(before, "call eve in hall") == "Eve"
    assert match_text(before, "call anna in hall") == ()
    assert {match.skill for match in match_text(after, "call anna in hall")} == {"first"}
    assert {match.skill for match in match_text(after, "call eve in hall")} == {"second"}
    assert after.skills[1] is before.skills[1]
    kept = dict(zip((each.name for each in after.skills[0].lists), after.skills[0].lists, strict=True))
    assert kept["room"] in before.skills[0].lists


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"values": [{"in": []}]}, "lists.place.values.0"),
        ({"values": [{"in": "x", "spoken": [""]}]}, "lists.place.values.0"),
        ({"values": [{"in": "x", "spoken": ["!"]}]}, 'the value "x" can be said without any word'),
        ({"wildcard": True, "countable": True}, "only a list of `values` can be `countable`"),
        ({"range": {"from": 1, "to": 2}, "countable": True}, "only a list of `values` can be `countable`"),
        ({"range": {"from": 1, "to": 2, "digits": False}}, "lists.place.range.digits"),
    ],
)
def test_a_wrong_list_is_refused_by_name(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(told)):
        grammar_of("go {place}", lists={"place": entry})
