"""Which sentences may be said: a block's conditions against the context and the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from nearfield_models.grammar.grammar import Block, SkillGrammar
from nearfield_sync.messages.turn_record import Json


class FilledSlot(Protocol):
    """A slot filled on the way, whatever it was filled from."""

    @property
    def reference(self) -> int:
        """Index of the list reference."""
        ...

    @property
    def meaning(self) -> int | None:
        """Index of the list's meaning, or None for a wildcard."""
        ...


def value_context(skill: SkillGrammar, filled: Iterable[FilledSlot]) -> dict[str, Json]:
    """What the values said add to the context."""
    context: dict[str, Json] = {}
    for entry in filled:
        if entry.meaning is not None:
            phrases = skill.lists[skill.references[entry.reference].list_index]
            context.update(phrases.meanings[entry.meaning].context)
    return context


def blocks_with_keywords(skill: SkillGrammar, words: Sequence[str]) -> int:
    """A bit mask of the blocks that ask for no keyword, or of whose keywords one was heard."""
    mask = 0
    for number, block in enumerate(skill.blocks):
        if not block.required_keywords or any(_heard(keyword, words) for keyword in block.required_keywords):
            mask |= 1 << number
    return mask


def _heard(phrase: Sequence[str], words: Sequence[str]) -> bool:
    length = len(phrase)
    return any(tuple(words[at : at + length]) == phrase for at in range(len(words) - length + 1))


def possible_blocks(skill: SkillGrammar, known: Mapping[str, str]) -> int:
    """A bit mask of the blocks whose conditions hold, or may hold once values have added their context."""
    added: frozenset[str] = frozenset().union(*(phrases.context_keys for phrases in skill.lists))
    mask = 0
    for number, block in enumerate(skill.blocks):
        required = {key: rule for key, rule in block.requires_context.items() if key not in added}
        excluded = {key: rule for key, rule in block.excludes_context.items() if key not in added}
        if _all_met(required, known) and not _any_met(excluded, known):
            mask |= 1 << number
    return mask


def conditions_hold(block: Block, context: Mapping[str, Json]) -> bool:
    """Whether a block's sentences may be said in a context."""
    return _all_met(block.requires_context, context) and not _any_met(block.excludes_context, context)


def _all_met(rules: Mapping[str, Json], context: Mapping[str, Json]) -> bool:
    return all(_is_met(key, rule, context) for key, rule in rules.items())


def _any_met(rules: Mapping[str, Json], context: Mapping[str, Json]) -> bool:
    return any(_is_met(key, rule, context) for key, rule in rules.items())


def _is_met(key: str, rule: Json, context: Mapping[str, Json]) -> bool:
    if key not in context or rule is None:
        return key in context
    return context[key] in rule if isinstance(rule, list) else context[key] == rule
