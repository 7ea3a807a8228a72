from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_models.grammar.numbers import spoken_forms
from nearfield_models.grammar.words import split_words


def words(text: str, language: str = "en") -> list[str]:
    return [word.text for word in split_words(text, language)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("12 oz", "twelve ounce"),
        ("12oz.", "twelve ounce"),
        ("12-ounce", "twelve ounce"),
        ("Twelve\u2011ounce", "twelve ounce"),
        ("3pm", "three pm"),
        ("3 p.m.", "three pm"),
        ("10:30", "ten thirty"),
        ("10:05 a.m.", "ten oh five am"),
        ("10:00", "ten"),
        ("2nd", "second"),
        ("the 21st", "the twenty first"),
        ("$4", "four dollar"),
        ("$1", "one dollar"),
        ("£4.50", "four pound fifty"),
        ("$4.05", "four dollar five"),
        ("1,200", "one thousand two hundred"),
        ("4.5", "four point five"),
        ("007", "zero zero seven"),
        ("5551234567", "five five five one two three four five six seven"),
        ("thirty-four", "thirty four"),
        ("5%", "five percent"),
        ("salt & pepper", "salt and pepper"),
        ("Wi-Fi", "wifi"),
        ("To-morrow", "tomorrow"),
        ("to\u2011day or to-night", "today or tonight"),
        ("up-to-date", "up to date"),
        ("Goodbye, everyone!", "good bye every one"),
        ("O.K.", "okay"),
        ("I\u2019d", "i would"),
        ("Anna's room", "anna 's room"),
        ("ten o'clock", "ten o'clock"),
        ("James'", "james"),
        ("  double-shot,  please! ", "double shot please"),
        ("", ""),
        ("?!…", ""),
    ],
)
def test_what_is_written_becomes_what_is_said(written: str, said: str) -> None:
    assert words(written) == said.split()


def test_a_letter_with_a_combining_accent_is_the_same_as_the_composed_letter() -> None:
    assert words("Cafe\u0301") == words("Café") == ["café"]


def test_a_language_without_number_words_keeps_its_digits() -> None:
    assert words("12.5 wam", "xx") == ["12.5", "wam"]


def test_another_language_has_its_own_number_words() -> None:
    assert words("21 Minuten", "de-DE") == ["einundzwanzig", "minuten"]


def test_words_of_one_number_share_its_stretch_of_text() -> None:
    text = "at 10:30, please"
    assert [text[word.start : word.end] for word in split_words(text)] == ["at", "10:30", "10:30", "please"]


def test_numbers_have_all_their_common_forms() -> None:
    assert {" ".join(form) for form in spoken_forms(110, "en")} == {
        "one hundred ten", "one hundred and ten", "a hundred ten", "a hundred and ten",
    }  # fmt: skip
    assert {" ".join(form) for form in spoken_forms(4.5, "en")} == {"four point five", "four and a half"}
    assert [" ".join(form) for form in spoken_forms(-5, "en")] == ["minus five"]


@given(st.text())
def test_any_text_is_taken_and_every_word_lies_in_it(text: str) -> None:
    before = 0
    for word in split_words(text):
        assert word.text
        assert before <= word.start < word.end <= len(text)
        before = word.start


@given(st.text(alphabet="abAB 0129.,:-'\u2019$%oznd", max_size=30))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once


@given(
    st.lists(st.sampled_from(["12", "oz", "10:30", "Anna's", "double-shot", "$4", "p.m.", "x"]), max_size=6)
)
def test_a_text_may_be_normalised_piece_by_piece(pieces: list[str]) -> None:
    assert words(" ".join(pieces)) == [word for piece in pieces for word in words(piece)]
