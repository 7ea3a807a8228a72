from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.walk import WIDEST_BEAM


def grammar_of(*blocks: Mapping[str, Any], skill: str = "lamp", **parts: Any) -> Grammar:
    return compile_grammar([source(*blocks, skill=skill, **parts)])


def source(*blocks: Mapping[str, Any], skill: str = "lamp", **parts: Any) -> SentenceSource:
    intents = {f"intent{number}": {"data": [block]} for number, block in enumerate(blocks)}
    return SentenceSource(skill=skill, templates={"language": "en", "intents": intents, **parts})


def says(*sentences: str, **parts: Any) -> dict[str, Any]:
    return {"sentences": list(sentences), **parts}


def best(grammar: Grammar, text: str, context: Mapping[str, str] | None = None) -> GrammarMatch:
    return match_text(grammar, text, context=context)[0]


def values(match: GrammarMatch) -> dict[str, Any]:
    return {name: slot.value for name, slot in match.slots.items()}


ROOMS = {
    "room": {
        "values": ["kitchen", {"in": "(the|your) (hall|lobby)", "out": "hall", "metadata": {"floor": 0}}]
    }
}


def test_a_slot_has_the_lists_value_and_the_words_as_they_were_written() -> None:
    match = best(grammar_of(says("light in {room:place}"), lists=ROOMS), "Light in the LOBBY!")
    assert match.slots["place"].value == "hall"
    assert match.slots["place"].text == "the LOBBY"
    assert match.slots["place"].metadata == {"floor": 0}
    assert (match.skill, match.intent, match.confidence) == ("lamp", "intent0", 1.0)
    assert match.template == "light in {room:place}"


def test_parts_of_a_permutation_come_in_any_order() -> None:
    grammar = grammar_of(says("go (fast;far;home)"))
    for text in ("go fast far home", "go home fast far", "go far home fast"):
        assert match_text(grammar, text)
    assert match_text(grammar, "go fast far") == ()
    assert match_text(grammar, "go fast fast home") == ()
    assert match_text(grammar, "go fast fast far home") == ()


def test_fragments_glue_to_words_and_an_ending_to_a_value() -> None:
    grammar = grammar_of(
        says("light[s] of {person}'s room", "re(start|boot)ing"), lists={"person": {"values": ["Anna"]}}
    )
    assert match_text(grammar, "light of Anna's room")
    assert values(best(grammar, "lights of anna\u2019s room")) == {"person": "Anna"}
    assert match_text(grammar, "rebooting")
    assert match_text(grammar, "re booting") == ()


def test_a_fragment_before_a_list_is_a_word_of_its_own() -> None:
    grammar = grammar_of(says("to gate-{1..9:gate}"))
    assert values(best(grammar, "to gate 3")) == {"gate": 3}
    assert match_text(grammar, "to 3") == ()


def test_numbers_match_as_digits_and_as_words() -> None:
    lists = {"level": {"range": {"from": 0, "to": 200, "step": 10, "multiplier": 0.01}}}
    grammar = grammar_of(says("dim to {level} [percent]"), lists=lists)
    for text in ("dim to 110%", "dim to one hundred and ten percent", "Dim to one hundred ten."):
        assert values(best(grammar, text)) == {"level": pytest.approx(1.1)}
    assert match_text(grammar, "dim to 15") == ()


def test_halves_and_inline_ranges_are_numbers() -> None:
    grammar = grammar_of(
        says("wait {hours} hours", "floor {1..9:floor}"),
        lists={"hours": {"range": {"from": 1, "to": 3, "fractions": "halves"}}},
    )
    assert (
        values(best(grammar, "wait 2.5 hours"))
        == values(best(grammar, "wait two and a half hours"))
        == {"hours": 2.5}
    )
    assert values(best(grammar, "floor 3")) == {"floor": 3}


def test_a_wildcard_keeps_the_original_text_and_costs_confidence() -> None:
    grammar = grammar_of(says("call it {title} today"), lists={"title": {"wildcard": True}})
    match = best(grammar, "Call it Q3 Review — 2nd try today")
    assert values(match) == {"title": "Q3 Review — 2nd try"}
    assert match.confidence == pytest.approx(1 - 0.25 * 5 / 8)


def test_a_wildcard_is_bounded_and_never_empty() -> None:
    grammar = grammar_of(says("say {what}"), lists={"what": {"wildcard": True}})
    assert match_text(grammar, "say") == ()
    assert match_text(grammar, "say " + "x " * 12)
    assert match_text(grammar, "say " + "x " * 13) == ()


def test_filler_around_a_command_is_absorbed_at_a_small_cost() -> None:
    grammar = grammar_of(says("light the room"), skip_words=["dear device"])
    assert best(grammar, "light the room").confidence == 1.0
    assert best(grammar, "Um, hi, could I please light the room, thanks").confidence == pytest.approx(
        1 - 0.1 * 6 / 9
    )
    assert best(grammar, "light, please, the room").confidence == pytest.approx(1 - 0.1 / 4)
    assert match_text(grammar, "dear device light the room")
    assert match_text(grammar, "light thanks the room") == ()
    assert match_text(grammar, "please, thanks") == ()


def test_a_hesitation_inside_a_value_is_absorbed() -> None:
    grammar = grammar_of(says("paint it {colour}"), lists={"colour": {"values": ["dark blue"]}})
    assert best(grammar, "paint it dark, um, blue").slots["colour"].value == "dark blue"


def test_a_word_that_nothing_explains_prevents_a_match() -> None:
    grammar = grammar_of(says("light the room"))
    for text in ("do not light the room", "light the big room", "light the", "", "…"):
        assert match_text(grammar, text) == ()


def test_fixed_slots_are_given_unless_the_words_fill_them() -> None:
    grammar = grammar_of(says("on [in {room}]", slots={"room": "here", "state": True}), lists=ROOMS)
    assert values(best(grammar, "on")) == {"room": "here", "state": True}
    assert values(best(grammar, "on in kitchen")) == {"room": "kitchen", "state": True}
    assert best(grammar, "on").slots["state"].text == ""


def test_the_later_words_count_where_a_slot_is_filled_twice() -> None:
    grammar = grammar_of(says("{room} no {room}"), lists=ROOMS)
    assert values(best(grammar, "kitchen no the hall")) == {"room": "hall"}


def test_context_decides_whether_a_bare_answer_is_understood() -> None:
    grammar = grammar_of(
        says("{room}", requires_context={"open_slot": ["room", "place"], "active_skill": None}),
        says("stop", excludes_context={"active_skill": "lamp"}),
        lists=ROOMS,
    )
    asked = {"open_slot": "room", "active_skill": "lamp"}
    assert values(best(grammar, "kitchen", asked)) == {"room": "kitchen"}
    assert match_text(grammar, "kitchen") == ()
    assert match_text(grammar, "kitchen", context={"open_slot": "room"}) == ()
    assert match_text(grammar, "kitchen", context={**asked, "open_slot": "time"}) == ()
    assert match_text(grammar, "stop")
    assert match_text(grammar, "stop", context=asked) == ()


def test_a_values_own_context_meets_a_sentences_condition() -> None:
    entries = [
        {"in": "lamp", "out": 1, "context": {"kind": "light"}},
        {"in": "door", "out": 2, "context": {"kind": "lock"}},
    ]
    grammar = grammar_of(
        says("switch {thing}", requires_context={"kind": "light"}),
        says("use {thing}", excludes_context={"kind": "light"}),
        lists={"thing": {"values": entries}},
    )
    assert match_text(grammar, "switch lamp")
    assert match_text(grammar, "switch door") == ()
    assert match_text(grammar, "use door")
    assert match_text(grammar, "use lamp") == ()


def test_the_more_specific_sentence_comes_first() -> None:
    grammar = grammar_of(
        says("play {anything}"),
        says("play the {room} song"),
        says("play {song}"),
        lists={**ROOMS, "anything": {"wildcard": True}, "song": {"values": ["the kitchen song"]}},
    )
    found = match_text(grammar, "play the kitchen song")
    assert [match.intent for match in found] == ["intent2", "intent1", "intent0"]


def test_of_equals_the_earlier_template_comes_first_and_then_the_skills_name() -> None:
    first = source(says("stop"), says("stop"), skill="alpha")
    second = source(says("stop"), skill="beta")
    for order in ([first, second], [second, first]):
        found = match_text(compile_grammar(order), "stop")
        assert [(match.skill, match.intent) for match in found] == [
            ("alpha", "intent0"), ("beta", "intent0"), ("alpha", "intent1"),
        ]  # fmt: skip


def test_of_equals_the_one_with_more_conditions_comes_first() -> None:
    grammar = grammar_of(says("stop"), says("stop", requires_context={"open_slot": "answer"}))
    assert best(grammar, "stop", {"open_slot": "answer"}).intent == "intent1"


def test_only_the_best_states_of_a_place_are_followed() -> None:
    numbers = range(WIDEST_BEAM + 1)
    grammar = grammar_of(
        says(*(f"{{any{number}}} x{number:03}" for number in numbers)),
        lists={f"any{number}": {"wildcard": True} for number in numbers},
    )
    assert match_text(grammar, f"something x{WIDEST_BEAM - 1:03}")
    assert match_text(grammar, f"something x{WIDEST_BEAM:03}") == ()


def test_the_skill_that_the_conversation_is_with_wins_a_tie() -> None:
    grammar = compile_grammar(
        [source(says("stop"), skill="alpha"), source(says("go"), says("stop"), skill="beta")]
    )
    assert best(grammar, "stop").skill == "alpha"
    assert best(grammar, "stop", {"active_skill": "beta"}).skill == "beta"


def test_two_values_of_the_same_words_are_two_matches() -> None:
    people = {"person": {"values": [{"in": "Anna", "out": 1}, {"in": "anna", "out": 2}]}}
    found = match_text(grammar_of(says("call {person}"), lists=people), "call Anna")
    assert [match.slots["person"].value for match in found] == [1, 2]


def test_what_means_the_same_is_given_once_and_no_more_than_asked_for() -> None:
    grammar = grammar_of(says("call {person}", "call {person} [now]"), lists={"person": {"wildcard": True}})
    assert len(match_text(grammar, "call a now")) == 2
    assert len(match_text(grammar, "call a now", limit=1)) == 1
