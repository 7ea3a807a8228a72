"""Understanding of a transcript by its sound: for recognisers that give text and nothing else.

What such a recogniser writes is often wrong and mostly sounds right ("a triple shot americana with skin
milk"). So words and sentences are compared by phones, and where words are parted does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.fillers import between_fillers, filler_phrases
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.matches import GrammarMatch, RankedMatch, distinct, ranked_match
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.phonetic_index import PhoneticIndex
from nearfield_models.grammar.phonetic_steps import Sound, Steps
from nearfield_models.grammar.phonetic_walk import PhoneticWalk
from nearfield_models.grammar.pronounced import PronouncedText, pronounced

LEAST_CONFIDENCE: Final = 0.5
"""Nothing below is given: it is as likely to be another sentence."""
FURTHEST_BEHIND_BEST: Final = 0.15
"""Confidence by which a match of another skill may lie behind the best."""


def match_phonetically(
    grammar: Grammar,
    text: str,
    *,
    index: PhoneticIndex,
    context: Mapping[str, str] | None = None,
    limit: int = 5,
) -> tuple[GrammarMatch, ...]:
    """Understand a transcript by its sound.

    The confidence is 1.0 where every word is as expected, and falls with the share of the phones that differ
    or are left over; fillers and wildcards count as for ``match_text``, by phones instead of words.

    Args:
        grammar: What can be said.
        text: What was heard. Nothing matches an empty text or one of more than ``LONGEST_TEXT_WORDS`` words.
        index: Remembers how the words of grammars sound; one that has prepared this grammar is fast.
        context: What is known of the conversation: ``active_skill``, ``open_intent``, ``open_slot``.
        limit: The most matches to give, at least 1.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    known = context or {}
    ranked: list[RankedMatch] = []
    for language, vocabulary in index.vocabularies(grammar).items():
        heard = pronounced(text, language)
        if not heard.phones or len(heard.words) > LONGEST_TEXT_WORDS:
            continue
        sound = vocabulary.sound(heard)
        steps = Steps(sound)
        for skill in grammar.skills:
            if skill.language == language:
                best = min((match.rank[0] for match in ranked), default=1.0)
                most = min(1 - LEAST_CONFIDENCE, best + FURTHEST_BEHIND_BEST)
                ranked.extend(_matches(skill, heard, sound, steps, known, most))
    return tuple(distinct(ranked))[:limit]


def _matches(
    skill: SkillGrammar,
    heard: PronouncedText,
    sound: Sound,
    steps: Steps,
    known: Mapping[str, str],
    most_unexplained: float,
) -> Iterator[RankedMatch]:
    blocks = possible_blocks(skill, known)
    if not blocks:
        return
    phrases = filler_phrases(skill.language, skill.skip_phrases)
    begins, ends = between_fillers([word.text for word in heard.words], phrases)
    everything = sound.cost_between(0, len(heard.phones))
    walk = PhoneticWalk(skill, sound, steps, blocks, everything * most_unexplained)
    places = {heard.places[position] for position in begins}, {heard.places[position] for position in ends}
    for number, way in walk.completed(*places):
        found = ranked_match(
            skill,
            number,
            way.filled,
            known,
            unexplained=way.cost / everything,
            words_outside_lists=way.outside,
            spoken=heard.spoken,
        )
        if found is not None:
            yield found
