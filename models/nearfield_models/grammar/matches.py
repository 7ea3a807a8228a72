"""What a way through a grammar means, if the context allows it, and which of two matches is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nearfield_models.grammar.conditions import conditions_hold, value_context
from nearfield_models.grammar.corrections import still_meant
from nearfield_models.grammar.filling import Filled, in_order
from nearfield_models.grammar.grammar import Block, SkillGrammar
from nearfield_sync.messages.turn_record import Json

Spoken = Callable[[int, int], str]
"""The stretch of a transcript between two places of a walk, as it was written."""


_EXPECTED: Final = 0.999
"""A confidence of 1, as far as a mean of floating-point numbers reaches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue:
    """What fills a slot."""

    value: Json
    text: str
    """As it stands in the transcript; empty for a slot that the template fixes or the context fills."""
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
    """The sentence template as its author wrote it; of several of one block that end alike, the first."""
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_as_expected(self) -> bool:
        """Whether every word stands in a template or is a list's value."""
        return self.confidence >= _EXPECTED


Rank = tuple[float, int, int, bool, int, str]


class RankedMatch(NamedTuple):
    """A match and its place among others: the smallest rank is the best."""

    rank: Rank
    match: GrammarMatch


def ranked_match(
    skill: SkillGrammar,
    template_number: int,
    last_filled: Filled | None,
    known: Mapping[str, str],
    *,
    unexplained: float,
    words_outside_lists: int,
    spoken: Spoken,
) -> RankedMatch | None:
    """Read a completed way, or None if its sentence may not be said in this context.

    Args:
        skill: Whose grammar was walked.
        template_number: Index of the template that was completed.
        last_filled: The slots filled on the way.
        known: The context of the conversation.
        unexplained: Share of the text that nothing explains, 0 to 1; the confidence is the rest.
        words_outside_lists: Words that belong to no value.
        spoken: Gives the text of a slot.
    """
    template = skill.templates[template_number]
    block = skill.blocks[template.block]
    filled = still_meant(in_order(last_filled), lambda reference: skill.references[reference].slot)
    context = {**known, **value_context(skill, filled)}
    if not conditions_hold(block, context):
        return None
    rank = (
        unexplained,
        words_outside_lists,
        -len(block.requires_context),
        known.get("active_skill") != skill.skill,
        template_number,
        skill.skill,
    )
    match = GrammarMatch(
        skill=skill.skill,
        intent=block.intent,
        slots=_slots(skill, block, filled, context, spoken),
        confidence=1.0 - unexplained,
        template=template.text,
        metadata=block.metadata,
    )
    return RankedMatch(rank, match)


def distinct(ranked: Iterable[RankedMatch]) -> Iterator[GrammarMatch]:
    """The matches from the best on, without those that mean the same as a better one."""
    seen: set[tuple[str, str, str]] = set()
    for _, match in sorted(ranked, key=lambda found: found.rank):
        values = repr(sorted((name, slot.value) for name, slot in match.slots.items()))
        if (match.skill, match.intent, values) not in seen:
            seen.add((match.skill, match.intent, values))
            yield match


def _slots(
    skill: SkillGrammar,
    block: Block,
    filled: Iterable[Filled],
    context: Mapping[str, Json],
    spoken: Spoken,
) -> dict[str, SlotValue]:
    fixed = {**block.slots, **{slot: context[key] for slot, key in block.context_slots.items()}}
    slots = {name: SlotValue(value=value, text="") for name, value in fixed.items()}
    for entry in filled:
        reference = skill.references[entry.reference]
        text = spoken(entry.first, entry.last)
        if entry.meaning is None:
            slots[reference.slot] = SlotValue(value=text, text=text)
        else:
            meaning = skill.lists[reference.list_index].meanings[entry.meaning]
            slots[reference.slot] = SlotValue(value=meaning.value, text=text, metadata=meaning.metadata)
    return slots
