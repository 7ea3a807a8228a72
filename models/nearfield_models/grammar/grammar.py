"""All that can be said to a device: one automaton a skill, with the lists it reads.

A grammar is immutable. ``with_list`` gives another grammar that shares everything but the one list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.lists import PhraseList, literal_list
from nearfield_models.grammar.words import split_words
from nearfield_sync.messages.turn_record import Json

ListValue = str | Mapping[str, Json]
"""A text that means itself, or ``{"in": text or texts, "out": value}`` with optional ``spoken``, ``context``
and ``metadata``."""


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
    context_slots: Mapping[str, str] = field(default_factory=dict)
    """Slots that the context fills where no words do: the context's key by slot. The keys are required."""
    required_keywords: frozenset[tuple[str, ...]] = frozenset()
    """Unless empty, one of these, as words, must be heard."""
    response: str | None = None
    """The name of the reply that the file asks for."""


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
    """Reads words and, by index, ``references``; its endings are indices of ``templates``. It is minimal but
    for blocks: where sentences of one block go on alike, the first of them stands for all."""
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
    determinised_states: int
    """States of the automaton before it was made minimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """The grammars of all skills, ordered by the skill's name."""

    skills: tuple[SkillGrammar, ...]

    def with_skip_phrases(self, phrases: Sequence[str]) -> Grammar:
        """Let phrases stand before and after every sentence: the wake words of the device."""
        skills = []
        for grammar in self.skills:
            added = (tuple(w.text for w in split_words(phrase, grammar.language)) for phrase in phrases)
            together = dict.fromkeys((*grammar.skip_phrases, *filter(None, added)))
            skills.append(replace(grammar, skip_phrases=tuple(together)))
        return Grammar(skills=tuple(skills))

    def with_list(self, skill: str, name: str, values: Sequence[ListValue]) -> Grammar:
        """Give a list new values: the people of a site, the rooms of a floor.

        The texts are taken literally, template syntax in them has no meaning.

        Raises:
            GrammarError: There is no such list, or a value is no text.
        """
        for position, grammar in enumerate(self.skills):
            if grammar.skill == skill and name in grammar.replaceable:
                changed = list(grammar.lists)
                number = grammar.replaceable[name]
                changed[number] = literal_list(
                    name,
                    values,
                    skill=skill,
                    language=grammar.language,
                    countable=changed[number].countable,
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
