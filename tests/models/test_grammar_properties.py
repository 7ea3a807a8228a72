"""The automaton against hassil's own enumeration of small random templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

import pytest
from hassil.intents import Intents
from hassil.sample import sample_sentence
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.walk import MOST_WAYS, WIDEST_BEAM, Walk, Way
from nearfield_models.grammar.words import split_words

LISTS = {
    "colour": {"values": [{"in": "red", "out": 1}, {"in": "navy [blue]", "out": 2}]},
    "animal": {"values": ["cat", "sea lion"]},
    "count": {"range": {"from": 1, "to": 3}},
}
RULES = {"rule": "(ka|ko [ku])", "deep": "<rule> [{animal}]"}
MEANINGS: dict[str, dict[str, Any]] = {
    "colour": {"red": 1, "navy": 2},
    "animal": {"cat": "cat", "sea": "sea lion"},
    "count": {"one": 1, "two": 2, "three": 3},
}
VOCABULARY = (
    "ta te ti tata tate ka ko ku red navy blue cat sea lion one two three".split()  # noqa: SIM905
)

plain = st.sampled_from(["ta", "te", "ti", "Ta-te", "ta[ta]", "t(a|e)", "<rule>", "<deep>"])
slot = st.sampled_from(["{colour}", "{animal}", "{count}"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(" ".join),
        inner.map(lambda part: f"[{part}]"),
        several.map(lambda parts: f"({'|'.join(parts)})"),
        several.map(lambda parts: f"({';'.join(parts)})"),
    )


sentences = st.recursive(plain | slot, _grown, max_leaves=7)


def compiled(*texts: str) -> tuple[Grammar, set[str]]:
    """The grammar of some sentences, and all that hassil says can be said."""
    templates: dict[str, Any] = {
        "language": "en",
        "intents": {"say": {"data": [{"sentences": list(texts)}]}},
        "lists": LISTS,
        "expansion_rules": RULES,
    }
    parsed = Intents.from_dict(templates)
    samples: set[str] = set()
    for sentence in parsed.intents["say"].data[0].sentences:
        for sample in sample_sentence(sentence, parsed.slot_lists, parsed.expansion_rules, language="en"):
            samples.add(" ".join(word.text for word in split_words(sample)))
            assume(len(samples) < 3_000)
    return compile_grammar([SentenceSource(skill="test", templates=templates)]), samples


def expected_slots(sample: str) -> dict[str, Any]:
    return {
        name: meanings[word]
        for word in sample.split()
        for name, meanings in MEANINGS.items()
        if word in meanings
    }


@settings(deadline=None)
@given(st.lists(sentences, min_size=1, max_size=3), st.data())
def test_what_hassil_can_say_is_matched_with_its_slots(texts: list[str], data: st.DataObject) -> None:
    grammar, samples = compiled(*(f"do {text}" for text in texts))
    for sample in data.draw(st.lists(st.sampled_from(sorted(samples)), min_size=1, max_size=20)):
        best = match_text(grammar, sample)[0]
        assert best.confidence == 1.0
        assert {name: slot.value for name, slot in best.slots.items()} == expected_slots(sample)


@settings(deadline=None)
@given(sentences, st.data())
def test_what_hassil_cannot_say_is_not_matched(text: str, data: st.DataObject) -> None:
    grammar, samples = compiled(f"do {text}")
    words = data.draw(st.sampled_from(sorted(samples))).split()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(words)))
        words[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(st.sampled_from(VOCABULARY), max_size=2)
        )
        said = " ".join(words)
        assert bool(match_text(grammar, said)) == (said in samples)


@settings(deadline=None)
@given(sentences, st.text(alphabet="tacoe du,.!-12\u2019 ", max_size=40), st.integers(1, 4))
def test_any_text_gives_few_matches_of_sensible_confidence(text: str, heard: str, limit: int) -> None:
    grammar, _ = compiled(f"do {text}")
    found = match_text(grammar, heard, limit=limit)
    assert len(found) <= limit
    assert all(0.75 <= match.confidence <= 1.0 for match in found)
    assert list(found) == sorted(found, key=lambda match: -match.confidence)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 200), st.integers(1, 6))
def test_an_ambiguous_grammar_and_a_long_text_stay_bounded(length: int, wildcards: int) -> None:
    sentence = " ".join(f"[a] {{any:slot{number}}} [a]" for number in range(wildcards))
    templates = {
        "language": "en",
        "intents": {"say": {"data": [{"sentences": [sentence] * 20}]}},
        "lists": {"any": {"wildcard": True}},
    }
    grammar = compile_grammar([SentenceSource(skill="test", templates=templates)])
    states_at: Counter[int] = Counter()
    advance = Walk._advance

    def counted(walk: Walk, place: int, state: int, ways: Collection[Way]) -> None:
        states_at[place] += 1
        assert len(ways) <= MOST_WAYS
        advance(walk, place, state, ways)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Walk, "_advance", counted)
        found = match_text(grammar, "a " * length)
    assert len(states_at) <= LONGEST_TEXT_WORDS
    assert all(count <= WIDEST_BEAM for count in states_at.values())
    assert len(found) <= 5
