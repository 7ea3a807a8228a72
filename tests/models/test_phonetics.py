# ruff: noqa: RUF001 (phones are spelt in the International Phonetic Alphabet)
from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.phonetics.distance import alignment_cost, phonetic_distance
from nearfield_models.phonetics.lexical_tree import LexicalTree
from nearfield_models.phonetics.phones import UNRELATED, plain_phones, skip_cost, substitution_cost
from nearfield_models.phonetics.pronunciation import load_pronunciations, phones_of

PHONES = "pbtdkɡmnŋfvszʃʒhɹljwiɪeɛæɑɔoʊuəʌ"
strings = st.lists(st.sampled_from(PHONES), max_size=6)
words = st.lists(st.sampled_from(PHONES), min_size=1, max_size=6)


@pytest.fixture(scope="module", autouse=True)
def english() -> None:
    load_pronunciations("en")


def test_a_word_has_the_phones_of_the_lexicon_without_stress_and_length() -> None:
    assert "".join(phones_of("americano", "en")) == "ɐmɛɹɪkɑnoʊ"


def test_a_word_that_the_lexicon_lacks_is_guessed() -> None:
    assert "".join(phones_of("blorptag", "en")) == "bloɹptəɡ"


def test_an_ending_of_its_own_is_spelled() -> None:
    assert phones_of("'s", "en") == ("s",)


def test_a_language_without_data_is_spelled_in_letters_without_accents() -> None:
    assert phones_of("šálek", "cs") == tuple("salek")
    assert phonetic_distance("salek", "šálek", "cs") == 0
    assert 0 < phonetic_distance("bar", "par", "cs") < phonetic_distance("bar", "sil", "cs")


def test_marks_are_no_phones() -> None:
    assert plain_phones(["ˈɑː", "n̩", "t͡ʃ", "ɑ̃"]) == ("ɑ", "n", "t", "ʃ", "ɑ")


@pytest.mark.parametrize(
    ("heard", "near", "far"),
    [("p", "b", "s"), ("m", "n", "k"), ("i", "ɪ", "ɑ"), ("ɚ", "ə", "i"), ("w", "u", "t"), ("s", "z", "m")],
)
def test_sounds_that_differ_in_one_feature_are_nearer_than_others(heard: str, near: str, far: str) -> None:
    assert substitution_cost(heard, near) < substitution_cost(heard, far) <= UNRELATED


@given(one=st.sampled_from(PHONES), other=st.sampled_from([*PHONES, "№"]))
def test_hearing_one_for_another_costs_the_same_both_ways(one: str, other: str) -> None:
    assert substitution_cost(one, other) == substitution_cost(other, one)
    assert (substitution_cost(one, other) == 0) == (one == other)


@pytest.mark.parametrize(
    ("heard", "meant", "other"),
    [
        ("gave us", "jarvis", "computer"),
        ("mocker", "mocha", "latte"),
        ("cup of chino", "cappuccino", "americano"),
        ("skin milk", "skim milk", "soy milk"),
        ("dark rose", "dark roast", "light roast"),
        ("sixty nouns", "sixteen ounce", "twenty ounce"),
        ("on the milk", "almond milk", "whole milk"),
    ],
)
def test_what_was_meant_is_nearer_than_what_was_not(heard: str, meant: str, other: str) -> None:
    assert phonetic_distance(heard, meant) < phonetic_distance(heard, other)


def test_where_words_are_parted_does_not_matter() -> None:
    assert phonetic_distance("to day", "today") < 0.2
    assert phonetic_distance("ice mocha", "iced mocha") < 0.15


def test_nothing_is_as_far_from_something_as_can_be() -> None:
    assert phonetic_distance("", "latte") == 1
    assert phonetic_distance("", "...") == 0


@given(a=st.text(alphabet="aeiou bcdfg", max_size=12), b=st.text(alphabet="aeiou bcdfg", max_size=12))
def test_a_distance_lies_between_nothing_and_one_and_is_symmetric(a: str, b: str) -> None:
    assert 0 <= phonetic_distance(a, b) <= 1
    assert phonetic_distance(a, b) == pytest.approx(phonetic_distance(b, a))
    assert phonetic_distance(a, a) == 0


@given(first=strings, second=strings)
def test_an_alignment_is_the_cheapest_there_is(first: list[str], second: list[str]) -> None:
    @cache
    def cheapest(i: int, j: int) -> float:
        if i == 0 or j == 0:
            return sum(map(skip_cost, first[:i])) + sum(map(skip_cost, second[:j]))
        return min(
            cheapest(i - 1, j) + skip_cost(first[i - 1]),
            cheapest(i, j - 1) + skip_cost(second[j - 1]),
            cheapest(i - 1, j - 1) + substitution_cost(first[i - 1], second[j - 1]),
        )

    assert alignment_cost(first, second) == pytest.approx(cheapest(len(first), len(second)))


@given(vocabulary=st.lists(words, min_size=1, max_size=12), before=strings, after=strings, data=st.data())
def test_a_word_is_found_wherever_it_was_heard(
    vocabulary: list[list[str]], before: list[str], after: list[str], data: st.DataObject
) -> None:
    tree = LexicalTree({str(number): phones for number, phones in enumerate(vocabulary)})
    number = data.draw(st.integers(0, len(vocabulary) - 1))
    found = tree.words_in([*before, *vocabulary[number], *after])[len(before)]
    assert min(one.cost for one in found if one.word == str(number)) == 0


@given(vocabulary=st.lists(words, min_size=1, max_size=12), heard=strings)
def test_no_word_is_found_for_less_than_it_differs(vocabulary: list[list[str]], heard: list[str]) -> None:
    tree = LexicalTree({str(number): phones for number, phones in enumerate(vocabulary)})
    for start, found in enumerate(tree.words_in(heard)):
        for word, end, cost in found:
            least = alignment_cost(vocabulary[int(word)], heard[start:end])
            assert start < end <= len(heard)
            assert cost >= least - 1e-9


def test_a_misheard_word_is_found_and_another_is_not() -> None:
    tree = LexicalTree({word: phones_of(word, "en") for word in ("mocha", "milk", "cappuccino")})
    found = tree.words_in(phones_of("mocker", "en"))
    assert {one.word for one in found[0]} == {"mocha"}


def test_words_that_sound_alike_are_all_found() -> None:
    tree = LexicalTree({word: phones_of(word, "en") for word in ("two", "too")})
    assert {one.word for one in tree.words_in(phones_of("two", "en"))[0]} == {"two", "too"}


def test_nothing_is_found_in_nothing_or_by_no_vocabulary() -> None:
    assert LexicalTree({"a": ("a",)}).words_in(()) == ()
    assert LexicalTree({}).words_in(("a",)) == ((),)
