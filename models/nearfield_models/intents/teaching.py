"""What the classifier learns from: the templates' own expansions, the skills' examples, and talk for nobody.

Sentences go through the grammar's normalisation, so that a template and a transcript are written alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from nearfield_models.grammar.grammar import Grammar
from nearfield_models.grammar.sampling import sample_sentences, written
from nearfield_models.grammar.words import split_words

SENTENCES_AN_INTENT: Final = 100
"""Of templates' expansions; beyond that an intent gains little and training takes longer."""
_GENERAL_TALK: Final = "general_talk.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A sentence that means an intent."""

    skill: str
    intent: str
    text: str
    family: str = ""
    """Sentences of a family vary one wording: none of them is tested with what the others taught. Empty for
    a sentence that stands for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """Everything that a classifier is trained from."""

    examples: tuple[Example, ...]
    out_of_scope: tuple[str, ...]
    """Sentences that are for no skill."""


def teaching_of(
    grammar: Grammar,
    given: Sequence[Example] = (),
    out_of_scope: Sequence[str] = (),
    *,
    language: str = "en",
    sentences_an_intent: int = SENTENCES_AN_INTENT,
    seed: int = 0,
) -> Teaching:
    """Collect what a device's classifier is to learn.

    Args:
        grammar: Its skills' templates give at most ``sentences_an_intent`` sentences for each intent.
        given: Example sentences of the skills.
        out_of_scope: Sentences that are for none of them, beside the general talk that comes with Nearfield.
        language: Of the examples and the general talk; skills in other languages teach nothing.
        sentences_an_intent: Bound of what is sampled.
        seed: Of the sampling.
    """
    examples = [
        Example(skill=example.skill, intent=example.intent, text=normalised(example.text, language))
        for example in given
    ]
    for skill in grammar.skills:
        if skill.language.split("-")[0] == language:
            examples += (
                Example(skill=skill.skill, intent=one.intent, text=one.text, family=one.template)
                for one in sample_sentences(skill, per_intent=sentences_an_intent, seed=seed)
            )
    others = [*out_of_scope, *(general_talk() if language == "en" else ())]
    wanted = {example.text for example in examples}
    strange = dict.fromkeys(normalised(text, language) for text in others)
    return Teaching(
        examples=tuple(dict.fromkeys(examples)),
        out_of_scope=tuple(text for text in strange if text not in wanted),
    )


def normalised(text: str, language: str = "en") -> str:
    """A sentence as templates' expansions are written: spelled-out numbers, no case, no punctuation."""
    return written(word.text for word in split_words(text, language))


def general_talk() -> tuple[str, ...]:
    """English sentences that people say to an assistant or to each other, and that no kiosk is for."""
    text = resources.files(__package__).joinpath(_GENERAL_TALK).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line)
