# ruff: noqa: RUF001 (phones are spelt in the International Phonetic Alphabet)
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import nearfield_edge
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.phonetic_index import MOST_GRAMMARS, PhoneticIndex
from nearfield_models.grammar.phonetic_matching import LEAST_CONFIDENCE, match_phonetically
from nearfield_models.grammar.pronounced import pronounced
from nearfield_models.grammar.sampling import sample_sentences
from nearfield_models.grammar.spotting import SpottedValue, spot_values

SHIPPED = Path(nearfield_edge.__file__).parent / "shipped_skills"


def grammar_of(
    *blocks: Mapping[str, Any], skill: str = "lamp", language: str = "en", **parts: Any
) -> Grammar:
    intents = {f"intent{number}": {"data": [block]} for number, block in enumerate(blocks)}
    templates = {"language": language, "intents": intents, **parts}
    return compile_grammar([SentenceSource(skill=skill, templates=templates)])


def says(*sentences: str, **parts: Any) -> dict[str, Any]:
    return {"sentences": list(sentences), **parts}


def values(match: GrammarMatch) -> dict[str, Any]:
    return {name: slot.value for name, slot in match.slots.items()}


@pytest.fixture(scope="module")
def coffee() -> Grammar:
    templates = yaml.safe_load((SHIPPED / "coffee" / "sentences.yaml").read_text(encoding="utf-8"))
    return compile_grammar([SentenceSource(skill="coffee", templates=templates)])


@pytest.fixture(scope="module")
def index() -> PhoneticIndex:
    return PhoneticIndex()


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        (
            "Brew a triple shot Americana with a lot of skin milk.",
            {"coffeeDrink": "americano", "numberOfShots": "triple shot", "milkAmount": "a lot of skim milk"},
        ),
        ("May I have a cup of chino?", {"coffeeDrink": "cappuccino"}),
        ("Make me a 60-ounce ice moco with milk.", {"coffeeDrink": "iced mocha", "size": "sixteen ounce"}),
        ("Give me a double short 12 ouncespresso.", {"coffeeDrink": "espresso", "size": "twelve ounce"}),
        ("May have a dark rose mocker", {"coffeeDrink": "mocha", "roast": "dark roast"}),
        ("a latte with lots milk", {"milkAmount": "lots of milk"}),
    ],
)
def test_what_sounds_right_is_understood(
    coffee: Grammar, index: PhoneticIndex, heard: str, meant: dict[str, str]
) -> None:
    match = match_phonetically(coffee, heard, index=index)[0]
    assert (match.skill, match.intent) == ("coffee", "orderDrink")
    assert meant.items() <= values(match).items()
    assert match.confidence < 1


def test_what_fits_word_by_word_means_the_same_and_is_certain(coffee: Grammar, index: PhoneticIndex) -> None:
    for sentence in sample_sentences(coffee.skills[0], per_intent=6, seed=3):
        for expected in match_text(coffee, sentence.text, limit=1):
            found = match_phonetically(coffee, sentence.text, index=index, limit=10)
            assert found[0].confidence == expected.confidence
            assert (expected.intent, values(expected)) in [(one.intent, values(one)) for one in found]


def test_other_talk_is_far_from_every_sentence(coffee: Grammar, index: PhoneticIndex) -> None:
    for text in (
        "what is the capital of france",
        "my fellow americans ask not",
        "alexa",
        "set an alarm for six",
    ):
        found = match_phonetically(coffee, text, index=index, limit=1)
        assert not found or found[0].confidence < 0.8


def test_more_differences_make_a_match_less_certain(coffee: Grammar, index: PhoneticIndex) -> None:
    texts = ("a large mocha", "a large mocker", "a lodge mocker", "a lodge market")
    found = [match_phonetically(coffee, text, index=index, limit=1)[0] for text in texts]
    certain = [match.confidence for match in found]
    assert certain == sorted(certain, reverse=True)
    assert len(set(certain)) == len(certain)
    assert certain[0] == 1
    assert min(certain) >= LEAST_CONFIDENCE


def test_two_values_that_sound_alike_are_both_given(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("call {who}"), lists={"who": {"values": ["Jon Miller", "Joan Miller", "Ann"]}})
    found = match_phonetically(grammar, "call John Miller", index=index)
    assert [values(match)["who"] for match in found] == ["Jon Miller", "Joan Miller"]
    assert found[0].confidence > found[1].confidence


def test_a_slot_has_the_text_as_it_was_written(coffee: Grammar, index: PhoneticIndex) -> None:
    match = match_phonetically(coffee, "Give me a LODGE ice-marker, please!", index=index)[0]
    assert match.slots["size"].text == "LODGE"
    assert match.slots["coffeeDrink"].text == "ice-marker"


def test_fillers_and_hesitations_cost_little_and_strange_words_much(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("light the lamp"))

    def confidence(text: str) -> float:
        found = match_phonetically(grammar, text, index=index)
        return found[0].confidence if found else 0.0

    assert 1 > confidence("hello, light the um lamp, thank you") > 0.9
    assert confidence("elephants light the lamp") < 0.9
    assert confidence("light lamp") < 1


def test_contractions_sound_as_they_are_written(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("I would like {drink}"), lists={"drink": {"values": ["tea"]}})
    assert match_phonetically(grammar, "I'd like tea", index=index)[0].confidence == 1
    assert match_phonetically(grammar, "aid like tea", index=index)[0].confidence > 0.9
    assert "".join(pronounced("I'd", "en").phones) == "aɪd"


def test_a_wildcard_takes_whole_words(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("remind me to {what} today"), lists={"what": {"wildcard": True}})
    match = match_phonetically(grammar, "remained me to water the Plants to day", index=index)[0]
    assert values(match) == {"what": "water the Plants"}


def test_the_context_narrows_what_may_be_said(index: PhoneticIndex) -> None:
    grammar = grammar_of(
        says("{size}", requires_context={"open_slot": "size"}), lists={"size": {"values": ["large"]}}
    )
    assert match_phonetically(grammar, "lodge", index=index) == ()
    found = match_phonetically(grammar, "lodge", index=index, context={"open_slot": "size"})
    assert values(found[0]) == {"size": "large"}


def test_the_better_skill_comes_first(index: PhoneticIndex) -> None:
    sources = [
        SentenceSource(
            skill=skill, templates={"language": "en", "intents": {"say": {"data": [says(sentence)]}}}
        )
        for skill, sentence in (("a", "open the door"), ("b", "open the drawer"))
    ]
    found = match_phonetically(compile_grammar(sources), "open the draw", index=index)
    assert [match.skill for match in found] == ["b", "a"]


def test_a_language_without_pronunciations_is_matched_by_its_letters(index: PhoneticIndex) -> None:
    grammar = grammar_of(
        says("rozsvi\u0165 {where}"), language="cs", lists={"where": {"values": ["kuchyn\u011b"]}}
    )
    match = match_phonetically(grammar, "rozsvid kuchine", index=index)[0]
    assert values(match) == {"where": "kuchyn\u011b"}


def test_nothing_matches_an_empty_text_or_a_speech(coffee: Grammar, index: PhoneticIndex) -> None:
    assert match_phonetically(coffee, "", index=index) == ()
    assert match_phonetically(coffee, "?!", index=index) == ()
    assert match_phonetically(coffee, "um " * 20 + "a latte", index=index)
    assert match_phonetically(coffee, "um " * LONGEST_TEXT_WORDS + "a latte", index=index) == ()


def test_a_list_given_anew_is_heard(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("call {who}"), lists={"who": {"values": ["Ann"]}})
    assert match_phonetically(grammar, "call Petra Holt", index=index) == ()
    changed = grammar.with_list("lamp", "who", ["Petra Hold"])
    assert values(match_phonetically(changed, "call Petra Holt", index=index)[0]) == {"who": "Petra Hold"}


def test_an_index_serves_more_grammars_than_it_remembers() -> None:
    index = PhoneticIndex()
    grammars = [
        grammar_of(says(f"light number {{{number}..{number}:it}}")) for number in range(MOST_GRAMMARS + 2)
    ]
    for _ in range(2):
        for number, grammar in enumerate(grammars):
            found = match_phonetically(grammar, f"lights number {number}", index=index, limit=1)
            assert values(found[0]) == {"it": number}


def spotted(found: tuple[SpottedValue, ...]) -> dict[str, Any]:
    return {one.slot: one.value.value for one in found}


def test_values_of_a_paraphrase_are_spotted_by_their_sound(coffee: Grammar, index: PhoneticIndex) -> None:
    text = "could we maybe do the americana thing, a lodge, with some skin milk in it"
    found = spot_values(coffee, "coffee", "orderDrink", text, index=index)
    assert spotted(found) == {"coffeeDrink": "americano", "size": "large", "milkAmount": "some skim milk"}
    assert [one.value.text for one in found] == ["americana", "lodge", "some skin milk"]
    assert all(one.score < 1 for one in found)


def test_a_value_that_is_said_exactly_has_the_full_score(coffee: Grammar, index: PhoneticIndex) -> None:
    found = spot_values(coffee, "coffee", "orderDrink", "the usual cappuccino", index=index)
    assert [(one.slot, one.score) for one in found] == [("coffeeDrink", 1.0)]


def test_the_longer_value_wins_over_one_inside_it(coffee: Grammar, index: PhoneticIndex) -> None:
    found = spot_values(coffee, "coffee", "orderDrink", "mine takes a little bit of soy milk", index=index)
    assert spotted(found) == {"milkAmount": "a little bit of soy milk"}


def test_words_of_the_skills_own_sentences_are_no_values_that_sound_like_them(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("wait for {where}"), lists={"where": {"values": ["Four"]}})
    assert spotted(spot_values(grammar, "lamp", "intent0", "hold on for a moment", index=index)) == {}
    assert spotted(spot_values(grammar, "lamp", "intent0", "hold on fore", index=index)) == {"where": "Four"}


def test_numbers_must_sound_exactly_right(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("{minutes} minutes"), lists={"minutes": {"range": {"from": 1, "to": 9}}})
    assert spotted(spot_values(grammar, "lamp", "intent0", "won of them", index=index)) == {"minutes": 1}
    assert spotted(spot_values(grammar, "lamp", "intent0", "mine is over", index=index)) == {}


def test_a_slot_is_filled_once_by_what_fits_best(coffee: Grammar, index: PhoneticIndex) -> None:
    found = spot_values(coffee, "coffee", "orderDrink", "not the smell kind, the large kind", index=index)
    assert spotted(found) == {"size": "large"}
    assert len(found) == 1


def test_a_value_in_the_middle_of_a_word_is_none(index: PhoneticIndex) -> None:
    grammar = grammar_of(says("play {what}"), lists={"what": {"values": ["art"]}})
    assert spotted(spot_values(grammar, "lamp", "intent0", "some art now", index=index)) == {"what": "art"}
    assert spotted(spot_values(grammar, "lamp", "intent0", "some charts now", index=index)) == {}


def test_the_word_before_a_value_tells_its_slot(index: PhoneticIndex) -> None:
    hours = {"hour": {"range": {"from": 1, "to": 12}}}
    grammar = grammar_of(says("book from {hour:start} until {hour:end}"), lists=hours)
    found = spot_values(grammar, "lamp", "intent0", "it lasts until five and starts from three", index=index)
    assert spotted(found) == {"end": 5, "start": 3}


def test_only_the_lists_of_the_intent_are_spotted(index: PhoneticIndex) -> None:
    lists = {"drink": {"values": ["tea"]}, "room": {"values": ["kitchen"]}}
    grammar = grammar_of(
        says("bring {drink}"),
        says("bring {room}"),
        says("{drink}", requires_context={"open_slot": "drink"}),
        lists=lists,
    )
    text = "tea in the kitchen"
    assert spotted(spot_values(grammar, "lamp", "intent0", text, index=index)) == {"drink": "tea"}
    assert spotted(spot_values(grammar, "lamp", "intent1", text, index=index)) == {"room": "kitchen"}
    assert spotted(spot_values(grammar, "lamp", "intent2", text, index=index)) == {}
    open_slot = {"open_slot": "drink"}
    assert spot_values(grammar, "lamp", "intent2", text, index=index, context=open_slot)


def test_no_value_is_spotted_for_an_unknown_intent_or_skill_or_in_no_words(
    coffee: Grammar, index: PhoneticIndex
) -> None:
    assert spot_values(coffee, "coffee", "no_such_intent", "a latte", index=index) == ()
    assert spot_values(coffee, "no_such_skill", "orderDrink", "a latte", index=index) == ()
    assert spot_values(coffee, "coffee", "orderDrink", "", index=index) == ()
    assert spot_values(coffee, "coffee", "orderDrink", "a latte " * LONGEST_TEXT_WORDS, index=index) == ()
