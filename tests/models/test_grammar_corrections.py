"""People who correct themselves within a sentence."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text, walk
from nearfield_models.grammar.corrections import MOST_CORRECTIONS, PHRASES
from tests.models.test_grammar_properties import VOCABULARY, compiled, expected_slots, sentences

TEMPLATES: dict[str, Any] = {
    "language": "en",
    "intents": {
        "order": {
            "data": [
                {
                    "sentences": [
                        "[I'd like] [a] [{size}] {drink} [with {extra}|without {extra:lacking}]",
                        "[I'd like] [a] {drink} no {extra:lacking}",
                    ]
                }
            ]
        },
        "book": {"data": [{"sentences": ["book [the] {room} [{day}] [at <clock>]"]}]},
        "note": {"data": [{"sentences": ["note {what}", "{day} note {what}"]}]},
        "ask": {"data": [{"sentences": ["is [the] {room} free [{day}]"]}]},
    },
    "expansion_rules": {"clock": "[{past:start_past}] {1..12:start_hour} [{minute:start_minute}]"},
    "lists": {
        "size": {"values": ["small", "medium", "large"]},
        "drink": {"values": ["latte", "mocha", "iced coffee"]},
        "extra": {"values": ["milk", "soy milk", "sugar"]},
        "room": {"values": ["blue room", "red room"]},
        "day": {"values": ["today", "tomorrow"]},
        "minute": {"values": [{"in": "thirty", "out": 30}, {"in": "fifteen", "out": 15}]},
        "past": {"values": [{"in": "half past", "out": 30}]},
        "what": {"wildcard": True},
    },
}


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return compile_grammar([SentenceSource(skill="kiosk", templates=TEMPLATES)])


def values(match: GrammarMatch) -> dict[str, Any]:
    return {name: slot.value for name, slot in match.slots.items()}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("a latte, no, a mocha", {"drink": "mocha"}),
        ("a small, sorry, a large latte with milk", {"size": "large", "drink": "latte", "extra": "milk"}),
        ("small, I mean a large latte", {"size": "large", "drink": "latte"}),
        ("a latte, make that an iced coffee", {"drink": "iced coffee"}),
        ("a latte, um, no, er, wait, a mocha please", {"drink": "mocha"}),
        ("I'd like a latte, oh no, sorry, I'd like a large mocha", {"size": "large", "drink": "mocha"}),
        ("book the blue room, no, the red room tomorrow", {"room": "red room", "day": "tomorrow"}),
    ],
)
def test_the_sentence_resumes_where_the_value_began(
    grammar: Grammar, text: str, slots: dict[str, Any]
) -> None:
    assert values(match_text(grammar, text)[0]) == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("a latte with milk, no, with soy milk", {"drink": "latte", "extra": "soy milk"}),
        ("a latte with milk, sorry, without milk", {"drink": "latte", "lacking": "milk"}),
        ("a latte without milk, rather with sugar", {"drink": "latte", "extra": "sugar"}),
        ("a latte with milk, no, soy milk", {"drink": "latte", "extra": "soy milk"}),
    ],
)
def test_the_words_that_lead_to_a_value_may_be_said_again_with_it(
    grammar: Grammar, text: str, slots: dict[str, Any]
) -> None:
    assert values(match_text(grammar, text)[0]) == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("a small latte, no, large", {"size": "large", "drink": "latte"}),
        ("a small latte, I mean a large one", {"size": "large", "drink": "latte"}),
        ("a small latte, sorry, large, with milk", {"size": "large", "drink": "latte", "extra": "milk"}),
    ],
)
def test_one_value_said_anew_lets_the_sentence_go_on_where_it_was(
    grammar: Grammar, text: str, slots: dict[str, Any]
) -> None:
    assert values(match_text(grammar, text)[0]) == slots


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("a large latte with milk, no, a mocha", {"size": "large", "drink": "mocha", "extra": "milk"}),
        ("book the blue room tomorrow, no, the red room", {"room": "red room", "day": "tomorrow"}),
        ("a large latte, no, a small mocha", {"size": "small", "drink": "mocha"}),
    ],
)
def test_what_was_said_after_the_corrected_value_stays_unless_said_again(
    grammar: Grammar, text: str, slots: dict[str, Any]
) -> None:
    assert values(match_text(grammar, text)[0]) == slots


def test_parts_of_one_value_are_replaced_together(grammar: Grammar) -> None:
    match = match_text(grammar, "book the blue room at three thirty, no, four")[0]
    assert values(match) == {"room": "blue room", "start_hour": 4}
    match = match_text(grammar, "book the blue room at half past three, no, four")[0]
    assert values(match) == {"room": "blue room", "start_hour": 4}


def test_a_part_said_anew_leaves_the_parts_before_it(grammar: Grammar) -> None:
    match = match_text(grammar, "book the blue room at three thirty, no, fifteen")[0]
    assert values(match) == {"room": "blue room", "start_hour": 3, "start_minute": 15}


def test_a_template_that_says_no_means_what_it_says(grammar: Grammar) -> None:
    best = match_text(grammar, "a latte no sugar")[0]
    assert values(best) == {"drink": "latte", "lacking": "sugar"}
    assert best.confidence == 1.0


def test_a_corrected_sentence_is_a_little_less_sure_and_keeps_the_words_as_said(grammar: Grammar) -> None:
    best = match_text(grammar, "a latte, no, a Mocha!")[0]
    assert 0.9 < best.confidence < 1.0
    assert best.slots["drink"].text == "Mocha"


def test_a_correction_without_a_new_value_or_before_any_is_no_sentence(grammar: Grammar) -> None:
    assert match_text(grammar, "a small, no") == ()
    assert match_text(grammar, "a latte, no, not that") == ()
    assert match_text(grammar, "I'd like, no, a latte") == ()


def test_free_text_keeps_its_words_of_correction(grammar: Grammar) -> None:
    assert values(match_text(grammar, "note milk no tomorrow")[0]) == {"what": "milk no tomorrow"}
    match = match_text(grammar, "tomorrow note sorry not sorry no today")[0]
    assert values(match) == {"day": "tomorrow", "what": "sorry not sorry no today"}


def test_so_many_corrections_are_followed_and_no_more(grammar: Grammar) -> None:
    said = "a small" + " no a medium" * MOST_CORRECTIONS
    assert values(match_text(grammar, f"{said} latte")[0]) == {"size": "medium", "drink": "latte"}
    assert match_text(grammar, f"{said} no a large latte") == ()


def test_a_language_without_phrases_has_no_corrections() -> None:
    templates = {**TEMPLATES, "language": "fi"}
    grammar = compile_grammar([SentenceSource(skill="kiosk", templates=templates)])
    assert match_text(grammar, "a small latte")
    assert match_text(grammar, "a latte no a mocha") == ()


@settings(deadline=None)
@given(sentences, st.lists(st.sampled_from(VOCABULARY), max_size=8))
def test_without_a_phrase_of_correction_all_matches_are_as_before(text: str, words: list[str]) -> None:
    grammar, _ = compiled(f"do {text}")
    said = " ".join(["do", *words])
    found = match_text(grammar, said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "PHRASES", {})
        assert match_text(grammar, said) == found


ALIKE = {"red": "navy", "navy": "red", "cat": "sea lion", "one": "two", "two": "three", "three": "one"}


@settings(deadline=None)
@given(sentences, st.sampled_from(PHRASES["en"]), st.data())
def test_a_wrong_value_taken_back_leaves_what_the_right_one_says(
    text: str, phrase: str, data: st.DataObject
) -> None:
    grammar, samples = compiled(f"do {text}")
    said = data.draw(st.sampled_from(sorted(samples))).split()
    places = [place for place, word in enumerate(said) if word in ALIKE]
    assume(places)
    place = data.draw(st.sampled_from(places))
    corrected = " ".join([*said[:place], ALIKE[said[place]], phrase, *said[place:]])
    best = match_text(grammar, corrected)[0]
    assert {name: slot.value for name, slot in best.slots.items()} == expected_slots(" ".join(said))


def test_a_text_of_nothing_but_corrections_stays_bounded(grammar: Grammar) -> None:
    began = time.process_time()
    match_text(grammar, "a small " + "no a large latte sorry " * 12)
    assert time.process_time() - began < 2.0
