"""Understanding of a transcript: the sentences it makes, checked against the context and ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nearfield_models.grammar.conditions import blocks_with_keywords, possible_blocks
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.matches import GrammarMatch, RankedMatch, distinct, ranked_match
from nearfield_models.grammar.walk import Walk
from nearfield_models.grammar.words import Word, split_words

LONGEST_TEXT_WORDS: Final = 64
"""A longer text is no command and matches nothing."""


def match_text(
    grammar: Grammar, text: str, *, context: Mapping[str, str] | None = None, limit: int = 5
) -> tuple[GrammarMatch, ...]:
    """Understand a transcript.

    Every word must be explained by a template, a list's value, a wildcard or a filler. The best match comes
    first: higher confidence (so fewer words in wildcards), then more words in lists, more conditions met, the
    skill that the conversation is with, the earlier template, the skill's name. What means the same as a
    better match is left out.

    Args:
        grammar: What can be said.
        text: What was heard. Nothing matches an empty text or one of more than ``LONGEST_TEXT_WORDS`` words.
        context: What is known of the conversation: ``active_skill``, ``last_intent``, ``open_intent`` and
            ``open_slot``.
        limit: The most matches to give, at least 1.
    """
    known = context or {}
    heard: dict[str, tuple[Word, ...]] = {}
    ranked: list[RankedMatch] = []
    for skill in grammar.skills:
        if skill.language not in heard:
            heard[skill.language] = split_words(text, skill.language)
        words = heard[skill.language]
        if 0 < len(words) <= LONGEST_TEXT_WORDS:
            ranked.extend(_matches(skill, text, words, known))
    return tuple(distinct(ranked))[:limit]


def may_go_on(grammar: Grammar, skill: str, text: str, *, context: Mapping[str, str] | None = None) -> bool:
    """Whether a sentence of a skill could go on behind what was said so far.

    Args:
        grammar: What can be said.
        skill: The one that the sentence is for.
        text: A sentence, whole or not. What only a filler follows ("a latte please") does not go on.
        context: As in `match_text`.
    """
    found = next(each for each in grammar.skills if each.skill == skill)
    words = [word.text for word in split_words(text, found.language)]
    if not 0 < len(words) <= LONGEST_TEXT_WORDS:
        return False
    return Walk(found, words, possible_blocks(found, context or {})).may_go_on()


def _matches(
    skill: SkillGrammar, text: str, words: Sequence[Word], known: Mapping[str, str]
) -> Iterator[RankedMatch]:
    said = [word.text for word in words]
    blocks = possible_blocks(skill, known) & blocks_with_keywords(skill, said)
    if not blocks:
        return

    def spoken(first: int, last: int) -> str:
        return text[words[first].start : words[last - 1].end]

    for number, way in Walk(skill, said, blocks).completed():
        found = ranked_match(
            skill,
            number,
            way.filled,
            known,
            unexplained=way.cost / (100 * len(words)),
            words_outside_lists=way.words_outside_lists,
            spoken=spoken,
        )
        if found is not None:
            yield found
