"""How questions and passages are read: words, kinds of questions, sentences, opposites."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.composing.asked import KINDS, LONGEST_QUESTION, AnswerKind, analysed
from nearfield_cloud.composing.cues import has_opposite, opposites, possible_answers
from nearfield_cloud.composing.sentences import sentences_of
from nearfield_cloud.composing.words import stem_of, words_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many litres does the tank hold?", "number"),
        ("When does the shop open?", "date"),
        ("Who repairs the coffee machine?", "person"),
        ("Where is the fire extinguisher?", "place"),
        ("Why is the door locked?", "reason"),
        ("How is the filter changed?", "way"),
        ("Is the garden open to guests?", "yes or no"),
        ("What is a decibel?", "definition"),
        ("Which two valves must be closed?", "list"),
        ("What does the red lamp tell?", "thing"),
    ],
)
def test_a_question_says_what_kind_of_answer_it_wants(question: str, kind: AnswerKind) -> None:
    assert analysed(question).kind == kind
    assert kind in KINDS


def test_what_the_answer_is_one_of_is_the_last_noun_after_the_question_word() -> None:
    focus = analysed("Which spare parts supplier is named?").focus
    assert focus is not None
    assert focus.lower == "supplier"


def test_of_an_endless_question_only_the_beginning_is_looked_at() -> None:
    assert len(analysed("why " * 10_000).text) <= LONGEST_QUESTION


def test_abbreviations_initials_and_decimals_end_no_sentence() -> None:
    text = "Dr. J. Smith set it to 3.5 bar, e.g. for milk. It held. See Art. 5 of the rules."
    assert [one.text for one in sentences_of(text)] == [
        "Dr. J. Smith set it to 3.5 bar, e.g. for milk.",
        "It held.",
        "See Art. 5 of the rules.",
    ]


def test_a_sentence_that_points_back_is_known_to_lean() -> None:
    first, second = sentences_of("The pump is by the door. It weighs nine kilograms.")
    assert (first.leans, second.leans) == (False, True)


def test_rows_of_a_table_are_read_out_with_the_names_of_their_columns() -> None:
    table = "| Room | Seats | Screen |\n|---|---|---|\n| Elbe | 8 | yes |\n| Oder | 20 | no |"
    assert [one.text for one in sentences_of(table)] == [
        "Elbe: Seats 8, Screen yes.",
        "Oder: Seats 20, Screen no.",
    ]


def test_items_of_a_list_are_sentences_without_their_bullets() -> None:
    assert [one.text for one in sentences_of("Before closing:\n- empty the tray\n- lock the door")] == [
        "Before closing:",
        "empty the tray",
        "lock the door",
    ]


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading_and_none_of_its_letters_is_lost(text: str) -> None:
    def letters(of: str) -> list[str]:
        return [character for character in of if character.isalpha()]

    sentences = sentences_of(text.replace("|", " ").replace("#", " "))
    assert letters("".join(one.text for one in sentences)) == letters(text)
    for word in words_of(text):
        assert text[word.start : word.end] == word.text


def test_names_and_numbers_are_told_apart_from_words() -> None:
    words = {word.lower: word for word in words_of("The engineer Maria paid 40 euros to IBM in two days")}
    assert words["maria"].capital
    assert words["ibm"].capital
    assert not words["the"].capital
    assert words["40"].number
    assert words["two"].number
    assert not words["days"].number


@pytest.mark.parametrize(
    ("asked", "there"),
    [("first", "last"), ("illegal", "legal"), ("legal", "illegal"), ("minimum", "maximum")],
)
def test_opposites_are_seen_in_either_direction(asked: str, there: str) -> None:
    assert has_opposite(stem_of(asked), {stem_of(there)})
    assert not has_opposite(stem_of(asked), {stem_of("water")})


def test_no_word_is_its_own_opposite() -> None:
    assert all(stem not in others for stem, others in opposites().items())


def test_a_date_is_no_answer_to_who_and_no_name_one_to_when() -> None:
    words = words_of("It was opened by Maria Lopez in 1998")
    assert [words[at].lower for at in possible_answers("date", words, set())] == ["1998"]
    assert [words[at].lower for at in possible_answers("person", words, set())] == ["maria", "lopez"]
    assert possible_answers("date", words, {"1998"}) == []
