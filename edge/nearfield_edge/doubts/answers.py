"""The answers to the device's own questions: their sentences, and which meaning they choose."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import Any, Final

import yaml

from nearfield_edge.doubts.doubt import ASKED, Doubt, Meaning
from nearfield_edge.doubts.offers import OWN, decided
from nearfield_models.errors import GrammarError
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.grammar import ListValue
from nearfield_sync.messages.turn_record import Understanding

CONFIRM: Final = "confirm"
DENY: Final = "deny"
_CHOOSE: Final = "choose"
_CHOICE: Final = "choice"
_AGAIN: Final = ("no", "nope", "I said", "I meant", "I mean")
"""What people put before a sentence that they say again."""


def with_answers(grammar: Grammar) -> Grammar:
    """Add to the sentences of the skills those that answer the device.

    They can be said only while it waits for an answer: in a context in which `ASKED` is set.

    Raises:
        GrammarError: A skill has the device's name.
    """
    if any(skill.skill == OWN for skill in grammar.skills):
        raise GrammarError(f'skill "{OWN}": the device itself has this name, give the skill another')
    text = resources.files("nearfield_edge.doubts").joinpath("answers.yaml").read_text("utf-8")
    templates: dict[str, Any] = yaml.safe_load(text)
    own = compile_grammar([SentenceSource(skill=OWN, templates=templates)])
    together = sorted((*grammar.skills, *own.skills), key=lambda skill: skill.skill)
    return replace(grammar, skills=tuple(together))


def expecting(grammar: Grammar, doubt: Doubt) -> Grammar:
    """Let the words of a question be its answer, or the sentence be said again; takes about a millisecond.

    Args:
        grammar: One that ``with_answers`` gave.
        doubt: What is asked about.
    """
    again = grammar.with_skip_phrases(_AGAIN)
    if doubt.asked != "choice":
        return again
    values: list[ListValue] = []
    for number, meaning in enumerate(doubt.meanings):
        values.append({"in": meaning.words, "out": number})
    return again.with_list(OWN, _CHOICE, values)


def answer_to(doubt: Doubt, grammar: Grammar, text: str) -> Understanding | None:
    """Understand the answer to a question; None where the words are none.

    What is confirmed or chosen is understood as if it had been said. Other answers are the device's own:
    a denial, or a "yes" that says nothing because a choice was asked for.

    Args:
        doubt: What was asked about.
        grammar: One that ``expecting`` gave for it.
        text: What was said.
    """
    if doubt.asked is None:
        return None
    own = replace(grammar, skills=tuple(skill for skill in grammar.skills if skill.skill == OWN))
    matches = match_text(own, text, context={ASKED: doubt.asked}, limit=1)
    if not matches:
        return None
    answer = matches[0]
    if answer.intent in (CONFIRM, DENY):
        offer = decided(doubt, accepted=answer.intent == CONFIRM, confidence=answer.confidence)
        if offer is not None:
            return offer
    meant = _meant(doubt, answer)
    return Understanding(
        intent=answer.intent if meant is None else meant.intent,
        skill=OWN if meant is None else meant.skill,
        slots={} if meant is None else dict(meant.slots),
        confidence=answer.confidence,
        source="clarified",
    )


def _meant(doubt: Doubt, answer: GrammarMatch) -> Meaning | None:
    if answer.intent == CONFIRM and doubt.asked == "confirm":
        return doubt.meanings[0]
    if answer.intent == _CHOOSE:
        return doubt.meanings[0 if answer.slots[_CHOICE].value == 0 else 1]
    return None
