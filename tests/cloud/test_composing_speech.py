"""How a sentence of a passage is spoken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.composing.sentences import Sentence, sentences_of
from nearfield_cloud.composing.speaking import shortened, spoken
from nearfield_cloud.composing.words import words_of

NOTHING: frozenset[str] = frozenset()


def stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words_of(text) if not word.little)


def said(
    text: str, before: str | None = None, *, document: str = "House rules", longest: int = 40
) -> list[str]:
    (sentence,) = sentences_of(text)
    earlier = sentences_of(before)[0] if before else None
    return list(
        spoken(sentence, earlier, document=document, asked=NOTHING, possible=NOTHING, longest_words=longest)
    )


def test_footnote_marks_are_not_spoken() -> None:
    assert said("The house was built in 1874.[3][citation needed]") == ["The house was built in 1874."]
    assert said("The force is conserved.:199-128") == ["The force is conserved."]


def test_a_time_of_day_is_no_footnote_mark() -> None:
    assert said("The shop opens at 7:30.") == ["The shop opens at 7:30."]


def test_what_points_back_without_a_sentence_before_it_is_said_of_its_document() -> None:
    assert said("It closes at ten.") == ["House rules: It closes at ten."]


def test_a_sentence_before_that_is_too_long_gives_way_to_the_title() -> None:
    assert said("It closes at ten.", "The bar " + "and the other bar " * 12 + "is open.") == [
        "House rules: It closes at ten."
    ]


def test_a_long_sentence_keeps_the_clause_with_the_answer() -> None:
    long = (
        "The house, which was built for a school and later used by the army, the post and a bakery, "
        "among many others that nobody remembers now, has a garden, whose oldest tree, a lime, "
        "was planted by Johann Becker in 1874, before the railway came."
    )
    short = shortened(long, stems("Who planted the oldest lime tree?"), stems("Johann Becker"), 20)
    assert "Johann Becker" in short
    assert len(short.split()) <= 20
    assert short[0].isupper()
    assert short.endswith(".")


def test_asides_go_first_but_none_that_was_asked_about() -> None:
    text = "The pump (model 7, by the door) and the boiler (rated 3 bar) are checked by the caretaker weekly."
    short = shortened(text, stems("At how many bar is the boiler rated?"), stems("3"), 15)
    assert "3 bar" in short
    assert "model 7" not in short


@given(st.text(alphabet="ab ,;:()-.\n", max_size=600), st.integers(10, 40))
def test_no_answer_is_longer_than_may_be_spoken(text: str, longest: int) -> None:
    sentence = Sentence(text=" ".join(text.split()) or "a", place=0, leans=True)
    answer = spoken(sentence, sentence, document="b", asked={"a"}, possible={"b"}, longest_words=longest)
    assert sum(len(one.split()) for one in answer) <= longest
