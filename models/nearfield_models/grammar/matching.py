"""Understanding of a transcript: the sentences it makes, checked against the context and ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nearfield_models.grammar.conditions import conditions_hold, possible_blocks, value_context
from nearfield_models.grammar.corrections import still_meant
from nearfield_models.grammar.filling import Filled, in_order
from nearfield_models.grammar.grammar import Block, Grammar, SkillGrammar
from nearfield_models.grammar.walk import Walk
from nearfield_models.grammar.words import Word, split_words
from nearfield_sync.messages.turn_record import Json

LONGEST_TEXT_WORDS: Final = 64
"""A longer text is no command and matches nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue:
    """What fills a slot."""

    value: Json
    text: str
    """As it stands in the transcript; empty for a slot that the template fixes."""
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrammarMatch:
    """One way to understand a text."""

    skill: str
    intent: str
    slots: Mapping[str, SlotValue]
    """Where a sentence fills a slot twice, or corrects itself, the later words count."""
    confidence: float
    """The mean over the words of the text of how well each is explained: 1.0 by a template or a list's
    value, 0.9 as a filler or a phrase of correction, 0.75 inside a wildcard. So 1.0 says that every word was
    expected, in one go."""
    template: str
    """The sentence template as its author wrote it."""
    metadata: Mapping[str, Json] = field(default_factory=dict)


Rank = tuple[float, int, int, bool, int, str]


class _Ranked(NamedTuple):
    rank: Rank
    match: GrammarMatch


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
        context: What is known of the conversation: ``active_skill``, ``open_intent``, ``open_slot``.
        limit: The most matches to give, at least 1.
    """
    known = context or {}
    heard: dict[str, tuple[Word, ...]] = {}
    ranked: list[_Ranked] = []
    for skill in grammar.skills:
        if skill.language not in heard:
            heard[skill.language] = split_words(text, skill.language)
        words = heard[skill.language]
        if 0 < len(words) <= LONGEST_TEXT_WORDS:
            ranked.extend(_matches(skill, text, words, known))
    ranked.sort(key=lambda found: found.rank)
    return tuple(_distinct(ranked))[:limit]


def _distinct(ranked: Sequence[_Ranked]) -> Iterator[GrammarMatch]:
    seen: set[tuple[str, str, str]] = set()
    for _, match in ranked:
        values = repr(sorted((name, slot.value) for name, slot in match.slots.items()))
        if (match.skill, match.intent, values) not in seen:
            seen.add((match.skill, match.intent, values))
            yield match


def _matches(
    skill: SkillGrammar, text: str, words: Sequence[Word], known: Mapping[str, str]
) -> Iterator[_Ranked]:
    blocks = possible_blocks(skill, known)
    if not blocks:
        return

    def slot_of(reference: int) -> str:
        return skill.references[reference].slot

    for number, way in Walk(skill, [word.text for word in words], blocks).completed():
        template = skill.templates[number]
        block = skill.blocks[template.block]
        filled = still_meant(in_order(way.filled), slot_of)
        if not conditions_hold(block, {**known, **value_context(skill, filled)}):
            continue
        rank = (
            way.cost / len(words),
            way.words_outside_lists,
            -len(block.requires_context),
            known.get("active_skill") != skill.skill,
            number,
            skill.skill,
        )
        match = GrammarMatch(
            skill=skill.skill,
            intent=block.intent,
            slots=_slots(skill, block, filled, text, words),
            confidence=1.0 - way.cost / (100 * len(words)),
            template=template.text,
            metadata=block.metadata,
        )
        yield _Ranked(rank, match)


def _slots(
    skill: SkillGrammar, block: Block, filled: Sequence[Filled], text: str, words: Sequence[Word]
) -> dict[str, SlotValue]:
    slots = {name: SlotValue(value=value, text="") for name, value in block.slots.items()}
    for entry in filled:
        reference = skill.references[entry.reference]
        spoken = text[words[entry.first].start : words[entry.last - 1].end]
        if entry.meaning is None:
            slots[reference.slot] = SlotValue(value=spoken, text=spoken)
        else:
            meaning = skill.lists[reference.list_index].meanings[entry.meaning]
            slots[reference.slot] = SlotValue(value=meaning.value, text=spoken, metadata=meaning.metadata)
    return slots
