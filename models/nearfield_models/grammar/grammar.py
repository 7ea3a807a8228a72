"""All that can be said to a device: one automaton a skill, with the lists it reads.

A grammar is immutable. ``with_list`` gives another grammar that shares everything but the one list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import Automaton, TooManyStatesError, determinise
from nearfield_models.grammar.document import ValueEntry, json_value, read_values
from nearfield_models.grammar.network import Network, TooManyWordsError
from nearfield_sync.messages.turn_record import Json

LARGEST_LIST: Final = 10_000
"""Values that a list given at run time may hold."""

ListValue = str | Mapping[str, Json]
"""A text that means itself, or ``{"in": text, "out": value}`` with optional ``context`` and ``metadata``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a list's value means."""

    value: Json
    context: Mapping[str, Json]
    """Taken for context while the sentence's own conditions are checked."""
    metadata: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseList:
    """A list of what a slot may hold."""

    name: str
    automaton: Automaton | None
    """Its endings are indices of ``meanings``; None for a wildcard, which takes any words."""
    meanings: tuple[Meaning, ...]
    context_keys: frozenset[str] = frozenset()
    """Keys that its values may add to the context."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReference:
    """A place where sentences read a list."""

    list_index: int
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Sentences of one intent that share fixed slots and conditions."""

    intent: str
    slots: Mapping[str, Json]
    requires_context: Mapping[str, Json]
    excludes_context: Mapping[str, Json]
    metadata: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One sentence as its author wrote it."""

    text: str
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillGrammar:
    """What can be said to one skill."""

    skill: str
    language: str
    automaton: Automaton
    """Reads words and, by index, ``references``; its endings are indices of ``templates``."""
    open_blocks: tuple[int, ...]
    """Per state of ``automaton`` a bit mask of the blocks that can still be completed from it."""
    references: tuple[ListReference, ...]
    lists: tuple[PhraseList, ...]
    replaceable: Mapping[str, int]
    """Lists that may be given anew, by name; lists of a single block are not among them."""
    blocks: tuple[Block, ...]
    templates: tuple[Template, ...]
    skip_phrases: tuple[tuple[str, ...], ...]
    """What this skill's file allows around a sentence, as words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The grammars of all skills, ordered by the skill's name."""

    skills: tuple[SkillGrammar, ...]

    def with_list(self, skill: str, name: str, values: Sequence[ListValue]) -> Grammar:
        """Give a list new values: the people of a site, the rooms of a floor.

        The texts are taken literally, template syntax in them has no meaning.

        Raises:
            GrammarError: There is no such list, or a value is no text.
        """
        for position, grammar in enumerate(self.skills):
            if grammar.skill == skill and name in grammar.replaceable:
                changed = list(grammar.lists)
                changed[grammar.replaceable[name]] = literal_list(
                    name, values, skill=skill, language=grammar.language
                )
                skills = list(self.skills)
                skills[position] = replace(grammar, lists=tuple(changed))
                return Grammar(skills=tuple(skills))
        known = sorted(
            name for grammar in self.skills if grammar.skill == skill for name in grammar.replaceable
        )
        raise GrammarError(
            f'skill "{skill}": its sentences read no list "{name}" that could be given values; '
            f"they read {', '.join(known) or 'none'}"
        )


def literal_list(name: str, values: Sequence[ListValue], *, skill: str, language: str) -> PhraseList:
    """Compile values without template syntax.

    Raises:
        GrammarError: A value is no text or has no word in it, or there are more than ``LARGEST_LIST``.
    """
    if len(values) > LARGEST_LIST:
        raise GrammarError(
            f'skill "{skill}", list "{name}": {len(values)} values, at most {LARGEST_LIST} are taken'
        )
    entries = read_values(list(values), skill=skill, name=name)
    network = Network(language)
    start = network.state()
    for number, entry in enumerate(entries):
        network.end(network.text(start, entry.said), number)
    return closed_list(name, network, start, entries, skill=skill)


def closed_list(
    name: str, network: Network, start: int, entries: Sequence[ValueEntry], *, skill: str
) -> PhraseList:
    """Draw a list's automaton from a network that ends with the entries' numbers.

    Raises:
        GrammarError: A value has no word in it, or there are too many.
    """
    where = f'skill "{skill}", list "{name}"'
    try:
        automaton = determinise(network.arcs, start)
    except (TooManyStatesError, TooManyWordsError) as error:
        raise GrammarError(f"{where}: {error}; split it or use a wildcard") from error
    if automaton.endings[0]:
        said = entries[automaton.endings[0][0]].said
        raise GrammarError(f'{where}: the value "{said}" can be said without any word')
    meanings = tuple(
        Meaning(
            value=json_value(entry.out),
            context=dict(entry.context),
            metadata={key: json_value(value) for key, value in entry.metadata.items()},
        )
        for entry in entries
    )
    keys = frozenset(key for meaning in meanings for key in meaning.context)
    return PhraseList(name=name, automaton=automaton, meanings=meanings, context_keys=keys)
