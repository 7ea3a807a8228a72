"""Which intents can be meant in a context: those of whose sentences at least one may be said."""

from __future__ import annotations

from collections.abc import Mapping

from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.grammar import Grammar


def possible_intents(grammar: Grammar, context: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Skills and intents whose conditions hold, or may hold once a value has added to the context.

    Args:
        grammar: With all skills.
        context: As for `match_text`.
    """
    found: set[tuple[str, str]] = set()
    for skill in grammar.skills:
        mask = possible_blocks(skill, context)
        found.update((skill.skill, block.intent) for at, block in enumerate(skill.blocks) if mask >> at & 1)
    return frozenset(found)
