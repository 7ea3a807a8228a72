"""From a block of a skill's file to what the grammar keeps of it: conditions, fixed slots, keywords."""

from __future__ import annotations

from nearfield_models.grammar.document import ContextCondition, ContextSlot, DataEntry, json_value
from nearfield_models.grammar.grammar import Block
from nearfield_models.grammar.words import split_words
from nearfield_sync.messages.turn_record import Json


def block_of(intent: str, data: DataEntry, language: str) -> Block:
    """Read a block.

    Args:
        intent: The intent that its sentences mean.
        data: The block as checked.
        language: Code such as ``en``; keywords are normalised as it asks for.
    """
    return Block(
        intent=intent,
        slots={name: json_value(value) for name, value in data.slots.items()},
        requires_context={key: _rule(value) for key, value in data.requires_context.items()},
        excludes_context={key: _rule(value) for key, value in data.excludes_context.items()},
        metadata={name: json_value(value) for name, value in data.metadata.items()},
        context_slots=_context_slots(data),
        required_keywords=frozenset(
            tuple(word.text for word in split_words(keyword, language)) for keyword in data.required_keywords
        ),
        response=data.response,
    )


def _rule(value: object) -> Json:
    return json_value(value.value if isinstance(value, ContextCondition) else value)


def _context_slots(data: DataEntry) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, rule in data.requires_context.items():
        if isinstance(rule, ContextSlot) and rule.slot:
            found[rule.slot if isinstance(rule.slot, str) else key] = key
    return found
