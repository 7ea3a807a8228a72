"""Wake phrases as text: what may be one, and how the recogniser may write it."""

from __future__ import annotations

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.asr.tokens import Tokens
from nearfield_models.errors import WakePhraseError
from nearfield_models.wake.phrase_sensitivity import Calibration, shipped_calibration
from nearfield_models.wake.phrase_spelling import checked_phrase, is_short, spellings

WORDS = ("hello", "Hello", "near", "Near", "field", "Field", "Alex", "alex", "computer", "Computer")


def small_table() -> Tokens:
    """Letters, and some words as pieces of their own, each with and without a space before it."""
    pieces = [b"<unk>", b"<s>", b"</s>", b",", "▁".encode()]
    pieces += [letter.encode() for letter in string.ascii_letters]
    for word in WORDS:
        for end in range(2, len(word) + 1):
            pieces += [word[:end].encode(), f"▁{word[:end]}".encode()]
    pieces += [f"▁{letter}".encode() for letter in string.ascii_letters]
    return Tokens(list(dict.fromkeys(pieces)))


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("", "is empty"),
        (" ... ", "is empty"),
        ("a", "too short"),
        ("h4llo", "'h4llo'"),
        ("42", "numbers in words"),
        ("one two three four five six seven", "too long"),
        ("x" * 61, "too long"),
        ("hello 🙂", "cannot be said"),
    ],
)
def test_what_nobody_could_say_is_refused_with_the_reason(phrase: str, told: str) -> None:
    with pytest.raises(WakePhraseError, match=told) as caught:
        checked_phrase(phrase)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [("  hello   nearfield. ", "hello nearfield"), ("Hey, Joe!", "Hey Joe"), ("rock'n'roll", "rock'n'roll")],
)
def test_a_phrase_keeps_its_words_and_loses_what_is_not_spoken(given_text: str, kept: str) -> None:
    assert checked_phrase(given_text) == kept


def test_only_phrases_of_few_letters_are_short() -> None:
    assert is_short("hi")
    assert is_short("stop")
    assert not is_short("Alexa")
    assert not is_short("hey Joe")


def test_a_phrase_is_spelt_as_a_sentence_begins_and_as_it_goes_on() -> None:
    found = spellings("hello computer", small_table())
    assert {spelling.text for spelling in found.first} == {
        "Hello computer",
        "Hello Computer",
        "Hello, computer",
        "Hello, Computer",
    }
    assert {spelling.text for spelling in found.later} == {"hello computer", "Hello Computer"}


def test_a_word_without_a_piece_may_be_written_as_two_that_have_one() -> None:
    texts = {spelling.text for spelling in spellings("hello nearfield", small_table()).first}
    assert {"Hello nearfield", "Hello near field"} <= texts
    whole = {spelling.text for spelling in spellings("computer", small_table()).first}
    assert whole == {"Computer"}


def test_the_tokens_of_each_word_are_known() -> None:
    table = small_table()
    for spelling in spellings("hello nearfield", table).first:
        starts = [*spelling.word_starts, len(spelling.tokens)]
        words = [table.decode(spelling.tokens[a:b]).strip(" ") for a, b in itertools.pairwise(starts)]
        assert words == spelling.text.split(" ")


def test_letters_that_the_recogniser_never_writes_are_refused_by_name() -> None:
    with pytest.raises(WakePhraseError, match="'grüezi'"):
        spellings("grüezi", small_table())


CALIBRATION = Calibration(evidence=(0.7, 0.4, 0.2))


def test_the_measured_points_are_kept() -> None:
    assert [CALIBRATION.threshold(value) for value in (0.0, 0.5, 1.0)] == [0.7, 0.4, 0.2]


@given(st.floats(0, 1))
def test_a_threshold_leads_back_to_its_sensitivity(sensitivity: float) -> None:
    assert CALIBRATION.sensitivity(CALIBRATION.threshold(sensitivity)) == pytest.approx(sensitivity)


@given(st.floats(-2, 2))
def test_a_threshold_beyond_the_measured_ones_has_the_nearest_sensitivity(threshold: float) -> None:
    assert 0.0 <= CALIBRATION.sensitivity(threshold) <= 1.0


def test_more_sensitivity_needs_less_evidence() -> None:
    with pytest.raises(ValueError, match="less evidence"):
        Calibration(evidence=(0.2, 0.4, 0.7))
    evidence = shipped_calibration().evidence
    assert 0.0 < evidence[2] < evidence[0] < 1.0
