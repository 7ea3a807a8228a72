from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_cloud.knowledge.rewriting import standing_alone
from nearfield_cloud.orchestrator.question import Exchange


def after(*questions: str) -> list[Exchange]:
    return [Exchange(question=question, answer="An answer.") for question in questions]


@pytest.mark.parametrize(
    ("before", "query", "expected"),
    [
        ("Do you have oat milk?", "How much is it?", "How much is oat milk?"),
        ("Do you have oat milk?", "How much is that?", "How much is oat milk?"),
        ("Where is the Elm Street library?", "What's it called?", "What's Elm Street library called?"),
        ("Where is the Elm Street library?", "Can I park there?", "Can I park Elm Street library?"),
        ("Who wrote the fire regulations?", "Where do they apply?", "Where do fire regulations apply?"),
        ("Tell me about the espresso machine.", "How do I clean it?", "How do I clean espresso machine?"),
        ("What is the guest wifi?", "And its password?", "its password: What is the guest wifi?"),
        ("Is the sauna open?", "What does its use cost?", "What does sauna open use cost?"),
    ],
)
def test_a_pronoun_is_replaced_by_what_was_asked_about(before: str, query: str, expected: str) -> None:
    assert standing_alone(query, after(before)) == expected


@pytest.mark.parametrize(
    ("before", "query", "expected"),
    [
        (
            "When does the library open on Mondays?",
            "And on Sundays?",
            "When does the library open on Sundays?",
        ),
        ("When does the library open?", "and on Sundays?", "When does the library open on Sundays?"),
        ("When does the library open?", "What about the annex?", "the annex: When does the library open?"),
        ("How much is a large latte?", "how about a small one?", "a small one: How much is a large latte?"),
        ("Can I bring my dog?", "Why?", "Can I bring my dog Why?"),
        ("Can I bring my dog?", "And a cat?", "a cat: Can I bring my dog?"),
    ],
)
def test_what_an_elliptical_question_leaves_out_comes_from_the_one_before(
    before: str, query: str, expected: str
) -> None:
    assert standing_alone(query, after(before)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "When does the library open?",
        "What time is it?",
        "Is there a gym?",
        "Is it raining in Berlin today?",
        "What does the museum charge for its tours?",
        "Which mountain is the highest that people have climbed?",
        "How do I get from the station to the hotel?",
    ],
)
def test_a_question_that_stands_alone_is_left_as_it_is(query: str) -> None:
    assert standing_alone(query, after("Do you have oat milk?")) == query
    assert standing_alone(query, []) == query


def test_a_conversation_is_followed_over_several_questions() -> None:
    asked = after("When does the library open on Mondays?", "And on Sundays?")
    assert standing_alone("and on holidays?", asked) == "When does the library open on holidays?"
    asked = after("Do you have oat milk?", "How much is it?")
    assert standing_alone("Is it organic?", asked) == "Is oat milk organic?"


def test_without_a_conversation_nothing_can_be_resolved() -> None:
    assert standing_alone("How much is it?", []) == "How much is it?"


@given(st.lists(st.text(max_size=80), max_size=6), st.text(max_size=80))
def test_whatever_was_said_the_words_of_the_question_stay_or_are_resolved(
    before: list[str], query: str
) -> None:
    found = standing_alone(query, after(*before))
    assert len(found) <= len(query) + 4 * 700
    if query.strip():
        assert found.strip()
