"""From the sentences of all skills to a grammar.

Every skill gets an automaton of its own, so that skills do not depend on each other or on their order. Its
lists are compiled apart and found by number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hassil.expression import INLINE_RANGE_PATTERN

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import (
    START,
    Automaton,
    TooManyStatesError,
    determinise,
    minimal,
    reachable_endings,
)
from nearfield_models.grammar.blocks import block_of
from nearfield_models.grammar.document import DataEntry, ListEntry, SentenceDocument, read_document
from nearfield_models.grammar.grammar import Block, Grammar, ListReference, ListValue, SkillGrammar, Template
from nearfield_models.grammar.lists import ListCompiler, PhraseList, literal_list
from nearfield_models.grammar.network import Network, TooManyWordsError
from nearfield_models.grammar.phrases import phrases_of
from nearfield_models.grammar.templates import Rules, TemplateWriter, parse
from nearfield_models.grammar.variants import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSource:
    """A skill's sentences, as parsed from its YAML file."""

    skill: str
    templates: Mapping[str, Any]


def compile_grammar(
    sources: Sequence[SentenceSource],
    lists: Mapping[str, Mapping[str, Sequence[ListValue]]] | None = None,
) -> Grammar:
    """Compile the sentences of all skills.

    Args:
        sources: One a skill, in any order.
        lists: Values by skill and list name that are known only at run time. They replace the file's values
            of that name and are taken literally.

    Raises:
        GrammarError: A document, template, rule or list is wrong; the message names skill, intent, sentence.
    """
    given = lists or {}
    names = [source.skill for source in sources]
    for name in sorted({*names, *given}):
        if names.count(name) != 1:
            raise GrammarError(
                f'skill "{name}": expected its sentences once, got them {names.count(name)} times'
            )
    skills = [
        _SkillCompiler(source, given.get(source.skill, {})).compile()
        for source in sorted(sources, key=lambda source: source.skill)
    ]
    return Grammar(skills=tuple(skills))


class _SkillCompiler:
    """Compiles one skill, once."""

    def __init__(self, source: SentenceSource, given: Mapping[str, Sequence[ListValue]]) -> None:
        self._skill = source.skill
        self._document: SentenceDocument = read_document(source.skill, source.templates)
        self._given = given
        self._rules = Rules(self._document.expansion_rules)
        self._network = Network(self._document.language)
        self._list_compiler = ListCompiler(source.skill, self._document.language, self._rules)
        self._starts: list[int] = []
        """Where each template begins in the network, ascending."""
        self._lists: list[PhraseList] = []
        self._list_numbers: dict[tuple[int | None, str], int] = {}
        self._references: dict[ListReference, int] = {}
        self._blocks: list[Block] = []
        self._templates: list[Template] = []

    def compile(self) -> SkillGrammar:
        for intent, entry in self._document.intents.items():
            for data in entry.data:
                self._add_block(intent, data)
        determinised = self._determinised()
        automaton = minimal(determinised, self._block_of)
        if automaton.endings[START]:
            raise GrammarError(f"{self._where(automaton.endings[START][0])}: it can be said without any word")
        replaceable = {name: number for (block, name), number in self._list_numbers.items() if block is None}
        for name in self._given:
            if name not in replaceable:
                raise GrammarError(
                    f'skill "{self._skill}": no sentence reads the list "{name}" that was given'
                )
        return SkillGrammar(
            skill=self._skill,
            language=self._document.language,
            automaton=automaton,
            open_blocks=reachable_endings(automaton, self._block_of),
            references=tuple(self._references),
            lists=tuple(self._lists),
            replaceable=replaceable,
            blocks=tuple(self._blocks),
            templates=tuple(self._templates),
            skip_phrases=self._skip_phrases(),
            determinised_states=determinised.state_count,
        )

    def _block_of(self, template: int) -> int:
        return self._templates[template].block

    def _determinised(self) -> Automaton:
        try:
            return determinise(self._network.arcs, *self._starts)
        except TooManyWordsError as error:
            raise self._too_large(bisect_right(self._starts, error.state) - 1, error) from error
        except TooManyStatesError as error:
            for template, start in enumerate(self._starts):  # one of them may be to blame
                try:
                    determinise(self._network.arcs, start)
                except (TooManyStatesError, TooManyWordsError) as alone:
                    raise self._too_large(template, alone) from alone
            raise GrammarError(f'skill "{self._skill}": its sentences make {error}; shorten them') from error

    def _too_large(self, template: int, error: Exception) -> GrammarError:
        return GrammarError(f"{self._where(template)}: {error}; say it with fewer optional parts")

    def _where(self, template: int = -1) -> str:
        if not self._templates:
            return f'skill "{self._skill}"'
        at = self._templates[template]
        return f'skill "{self._skill}", intent "{self._blocks[at.block].intent}", sentence "{at.text}"'

    def _skip_phrases(self) -> tuple[Words, ...]:
        where = f'skill "{self._skill}", skip_words'
        phrases: dict[Words, None] = {}
        for text in self._document.skip_words:
            for phrase in phrases_of(text, self._rules, self._document.language, where):
                phrases[phrase] = None
        return tuple(phrases)

    def _add_block(self, intent: str, data: DataEntry) -> None:
        number = len(self._blocks)
        self._blocks.append(block_of(intent, data, self._document.language))
        rules = self._rules
        if data.expansion_rules:
            rules = Rules({**self._document.expansion_rules, **data.expansion_rules})
        for text in data.sentences:
            self._templates.append(Template(text=text, block=number))
            where = self._where()

            def reference(name: str, slot: str, where: str = where) -> int:
                return self._reference(name, slot, number, data, where)

            writer = TemplateWriter(self._network, rules, reference, where)
            try:
                before, after = self._network.state(), self._network.state()
                self._starts.append(before)
                self._network.connect(writer.write(parse(text, where), before), None, after)
                self._network.end(after, len(self._templates) - 1)
            except TooManyStatesError as error:
                raise self._too_large(-1, error) from error

    def _reference(self, name: str, slot: str, block: int, data: DataEntry, where: str) -> int:
        key = (block if name in data.lists else None, name)
        if key not in self._list_numbers:
            entry = data.lists.get(name) or self._document.lists.get(name) or _inline_range(name)
            if name in self._given and name not in data.lists:
                phrases = literal_list(
                    name,
                    self._given[name],
                    skill=self._skill,
                    language=self._document.language,
                    countable=entry is not None and entry.countable,
                )
            elif entry is None:
                raise GrammarError(
                    f"{where}: the list {{{name}}} is neither in the file nor given by the device"
                )
            else:
                phrases = self._list_compiler.compile(name, entry)
            self._list_numbers[key] = len(self._lists)
            self._lists.append(phrases)
        found = ListReference(list_index=self._list_numbers[key], slot=slot)
        return self._references.setdefault(found, len(self._references))


def _inline_range(name: str) -> ListEntry | None:
    """Read ``{0..100:slot}``, which needs no list in the file."""
    found = INLINE_RANGE_PATTERN.match(name)
    if found is None:
        return None
    first, last, step = found.groups()
    return ListEntry.model_validate({"range": {"from": int(first), "to": int(last), "step": int(step or 1)}})
