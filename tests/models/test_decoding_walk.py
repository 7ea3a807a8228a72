"""The walk of tokens through a grammar, held against the understanding of typed words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import MOST_FILLERS, MOST_PLACES, GrammarWalk, Spot
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.walk import LONGEST_WILDCARD_WORDS
from tests.models.test_grammar_properties import VOCABULARY, compiled, sentences
from tests.models.token_walks import reads, small_table, spots_after

TABLE = small_table("▁s", "▁f", "▁t", "ti", "te", "▁la", "tt", "mo", "ch", "ka", "▁o")
MARKS = TokenMarks(TABLE)

ORDERS: dict[str, Any] = {
    "language": "en",
    "intents": {
        "order": {
            "data": [
                {"sentences": ["[a] {size} {drink} [with {extra}]", "note {anything} [now]"]},
                {"sentences": ["{size}"], "requires_context": {"open_slot": "size"}},
                {"sentences": ["yes"], "requires_context": {"open_slot": "answer"}},
            ]
        }
    },
    "lists": {
        "size": {"values": ["small", "twelve ounce"]},
        "drink": {"values": ["latte", "mocha"]},
        "extra": {"values": ["oat milk", "sugar"]},
        "anything": {"wildcard": True},
    },
}


def grammar_of(templates: Mapping[str, Any]) -> Grammar:
    return compile_grammar([SentenceSource(skill="kiosk", templates=templates)])


def walk_of(grammar: Grammar, *contexts: Mapping[str, str]) -> GrammarWalk:
    return GrammarWalk(spoken_orders().changed(grammar), contexts or ({},))


@cache  # spelling what may be said around a sentence takes longer than all else here
def spoken_orders() -> SpokenGrammar:
    return SpokenGrammar(grammar_of(ORDERS), WordTokens(TABLE))


@pytest.fixture(scope="module")
def orders() -> Grammar:
    return grammar_of(ORDERS)


@settings(deadline=None, max_examples=40)
@given(sentences, st.data())
def test_the_tokens_of_a_text_are_walked_to_an_end_exactly_where_its_words_are_understood(
    text: str, data: st.DataObject
) -> None:
    grammar, samples = compiled(f"do {text}")
    words = data.draw(st.sampled_from(sorted(samples))).split()
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(words)))
        words[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(st.sampled_from(VOCABULARY), max_size=2)
        )
    said = " ".join(words)
    assert reads(walk_of(grammar), TABLE, said) == (said in samples)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6))
def test_whatever_is_walked_to_an_end_is_understood(orders: Grammar, seed: int) -> None:
    chance = Random(seed)  # noqa: S311
    walk = walk_of(orders)
    spot, tokens = walk.begin(), list[int]()
    while spot.places and len(tokens) < 120 and not (spot.complete and chance.random() < 0.3):
        ids = [*spot.ids.tolist(), *(TABLE.encode("so far") if spot.any_token else ())]
        tokens.append(chance.choice(ids))
        spot = walk.advance(spot, tokens[-1], begins_word=MARKS.begins_word(tokens[-1]))
        assert len(spot.places) <= MOST_PLACES
    text = TABLE.decode(tokens)
    if spot.complete and not text.endswith(" "):
        assert match_text(orders, text), text


fillers = st.lists(st.sampled_from(["um", "hi there", "could you", "okay"]), max_size=MOST_FILLERS)
thanks = st.lists(st.sampled_from(["please", "thanks", "many thanks"]), max_size=MOST_FILLERS)
hesitations = st.lists(st.sampled_from(["um", "uh"]), max_size=MOST_FILLERS)
sizes, drinks = st.sampled_from(["small", "Twelve-ounce", "12oz"]), st.sampled_from(["latte", "Mocha"])
extras = st.sampled_from(["oat milk", "sugar"])
corrections = st.sampled_from(["no", "sorry", "I mean", "oh no", "no make that a"])


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_what_people_wrap_around_and_take_back_is_walked_and_understood(
    orders: Grammar, data: st.DataObject
) -> None:
    order = [data.draw(sizes), data.draw(drinks)]
    if data.draw(st.booleans()):
        order += ["with", data.draw(extras)]
    elif data.draw(st.booleans()):
        order[1] += f" {data.draw(corrections)} {data.draw(drinks)}"
    text = " ".join(data.draw(fillers))
    for part in order:
        text += f" {part} {' '.join(data.draw(hesitations)) if part != order[-1] else ''}"
    text = " ".join(f"{text} {' '.join(data.draw(thanks))}".split())
    assert match_text(orders, text)
    assert reads(walk_of(orders), TABLE, text), text


@pytest.mark.parametrize(
    ("text", "walked"),
    [
        ("small latte", True),
        ("um um small latte please thanks", True),
        ("um um um small latte", False),
        ("small latte thanks cheers many thanks", False),
        ("small um um latte", True),
        ("small um um um latte", False),
        ("small latte no mocha", True),
        ("small latte no mocha no latte", False),
        ("small no twelve ounce latte", True),
        ("small thanks latte", False),
        ("a a small latte", False),
        ("latte", False),
    ],
)
def test_what_means_nothing_is_bounded(orders: Grammar, text: str, walked: bool) -> None:
    assert reads(walk_of(orders), TABLE, text) == walked


@pytest.mark.parametrize("words", [0, 1, LONGEST_WILDCARD_WORDS, LONGEST_WILDCARD_WORDS + 1])
def test_a_wildcard_takes_some_words_and_not_too_many(orders: Grammar, words: int) -> None:
    text = " ".join(["note", *["this"] * words])
    assert reads(walk_of(orders), TABLE, text) == (0 < words <= LONGEST_WILDCARD_WORDS)
    assert reads(walk_of(orders), TABLE, text) == bool(match_text(orders, text))


def test_a_mark_may_stand_behind_any_word_and_changes_nothing(orders: Grammar) -> None:
    walk = walk_of(orders)
    assert reads(walk, TABLE, "A, small latte, with oat milk.")
    assert not reads(walk, TABLE, "A sma,ll latte")
    assert not reads(walk, TABLE, ", small latte")


def test_a_context_opens_its_sentences_and_several_are_taken_together(orders: Grammar) -> None:
    size, answer = {"open_slot": "size"}, {"open_slot": "answer"}
    walked = {
        name: [text for text in ("small", "yes", "small latte") if reads(walk, TABLE, text)]
        for name, walk in {
            "none": walk_of(orders),
            "size": walk_of(orders, size),
            "answer": walk_of(orders, answer),
            "both": walk_of(orders, size, answer),
        }.items()
    }
    assert walked == {
        "none": ["small latte"],
        "size": ["small", "small latte"],
        "answer": ["yes", "small latte"],
        "both": ["small", "yes", "small latte"],
    }


def test_where_nothing_may_be_said_there_is_nowhere_to_stand() -> None:
    grammar = grammar_of(
        {
            "language": "en",
            "intents": {"answer": {"data": [{"sentences": ["yes"], "requires_context": {"asked": "it"}}]}},
        }
    )
    begun = walk_of(grammar).begin()
    assert begun == Spot(places=(), complete=False, boundary=False, empty=False)
    assert walk_of(grammar, {"asked": "it"}).begin().places
    assert not walk_of(compile_grammar([])).begin().places


def test_an_ambiguous_grammar_has_a_bounded_number_of_places() -> None:
    sentence = " ".join(f"[a] {{any:slot{number}}} [a]" for number in range(6))
    grammar = grammar_of(
        {
            "language": "en",
            "intents": {"say": {"data": [{"sentences": [sentence] * 20}]}},
            "lists": {"any": {"wildcard": True}},
        }
    )
    walk = walk_of(grammar)
    spot, counts = walk.begin(), list[int]()
    for token in TABLE.encode(" ".join(["a"] * 12)):
        spot = walk.advance(spot, token, begins_word=MARKS.begins_word(token))
        counts.append(len(spot.places))
    assert max(counts) == MOST_PLACES
    assert spot.complete


@pytest.mark.parametrize("ending", ["", " now", " now if possible"])
def test_what_was_taken_back_is_known_to_the_end(orders: Grammar, ending: str) -> None:
    for text, times in (("small latte", 0), ("small no twelve ounce latte", 1)):
        found = spots_after(walk_of(orders), TABLE, TABLE.encode(text + ending))
        assert [spot.corrections for spot in found if spot.complete] == [times]


def test_a_list_of_thousands_of_names_is_one_place() -> None:
    templates = {
        "language": "en",
        "intents": {"call": {"data": [{"sentences": ["call {person}"]}]}},
        "lists": {"person": {"values": ["nobody"]}},
    }
    names = [f"{a}{b}{c} {d}eg" for a in "bdkmn" for b in "aeiou" for c in "lrst" for d in "abcdefghijklm"]
    grammar = grammar_of(templates).with_list(
        "kiosk", "person", [f"{n}{end}" for n in names for end in ("", "son", "sen", "ski")]
    )
    walk = walk_of(grammar)
    counts = [len(spot.places) for spot in spots_after(walk, TABLE, TABLE.encode("call"))]
    assert max(counts) < 8
    assert all(reads(walk, TABLE, f"Call {name.title()}.") for name in names[::100])


def test_of_a_changed_list_only_that_list_is_spelled_again(orders: Grammar) -> None:
    before = SpokenGrammar(orders, WordTokens(TABLE))
    after = before.changed(orders.with_list("kiosk", "drink", ["tea"]))
    kept = [old is new for old, new in zip(before.lists[0], after.lists[0], strict=True)]
    assert kept.count(False) == 1
    assert before.sentences == after.sentences
    assert before.fillers == after.fillers
    assert before.corrections == after.corrections
    assert reads(GrammarWalk(before), TABLE, "small latte")
    assert reads(GrammarWalk(after), TABLE, "small tea")
    assert not reads(GrammarWalk(after), TABLE, "small latte")


def test_a_walk_under_way_keeps_its_grammar(orders: Grammar) -> None:
    spoken = SpokenGrammar(orders, WordTokens(TABLE))
    walk, tokens = GrammarWalk(spoken), TABLE.encode("small latte")
    [half] = spots_after(walk, TABLE, tokens[:3])
    spoken.changed(orders.with_list("kiosk", "drink", []))
    for token in tokens[3:]:
        half = walk.advance(half, token, begins_word=MARKS.begins_word(token))
    assert half.complete


def test_an_emptied_list_closes_only_the_sentences_that_read_it(orders: Grammar) -> None:
    walk = walk_of(orders.with_list("kiosk", "extra", []))
    assert reads(walk, TABLE, "small latte")
    assert not reads(walk, TABLE, "small latte with oat milk")


def test_places_are_the_same_whichever_way_led_there(orders: Grammar) -> None:
    walk = walk_of(orders)
    spots = [spots_after(walk, TABLE, TABLE.encode(text)) for text in ("small lat", "Small lat", "small lat")]
    for one, other in pairwise(spots):
        assert one[0].places == other[0].places
