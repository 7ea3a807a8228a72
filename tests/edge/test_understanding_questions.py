"""Questions that no skill foresees: known by their beginning, not taken for whole where English goes on."""

from __future__ import annotations

import pytest

from nearfield_edge.turn.content import Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.understanding.questions import is_question
from nearfield_edge.understanding.sentences import sentence_in
from nearfield_models.grammar import SentenceSource, compile_grammar

TEMPLATES = {"language": "en", "intents": {"find": {"data": [{"sentences": ["where is the lift"]}]}}}
GRAMMAR = compile_grammar([SentenceSource(skill="s", templates=TEMPLATES)])


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "when does the library open on sundays",
        "who wrote the theory of relativity",
        "tell me how the lift works",
        "what's the tallest tower in europe",
    ],
)
def test_what_asks_something_is_a_question(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "a large latte with milk",
        "can i get a latte please",
        "what is the",
        "what is the capital of",
        "who is",
        "",
        "tell me about the",
    ],
)
def test_orders_and_beginnings_are_none(text: str) -> None:
    assert not is_question(text)


def test_a_sentence_of_a_skill_is_that_sentence_even_where_it_asks() -> None:
    asked = sentence_in(Transcript(text="where is the lift"), GRAMMAR, [{}], sure=0.8, near=0.3)
    assert asked is Sentence.WHOLE
    other = sentence_in(Transcript(text="where is the eiffel tower"), GRAMMAR, [{}], sure=0.8, near=0.3)
    assert other is Sentence.QUESTION
    begun = sentence_in(Transcript(text="where is the"), GRAMMAR, [{}], sure=0.8, near=0.3)
    assert begun is Sentence.NONE
