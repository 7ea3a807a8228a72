"""From the sentences of all skills to a grammar.

Every skill gets an automaton of its own, so that skills do not depend on each other or on their order. Its
lists are compiled apart and found by number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hassil.expression import INLINE_RANGE_PATTERN
from hassil.util import is_template

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import TooManyStatesError, determinise, reachable_endings
from nearfield_models.grammar.document import (
    DataEntry,
    ListEntry,
    RangeEntry,
    SentenceDocument,
    ValueEntry,
    as_entries,
    json_value,
    read_document,
)
from nearfield_models.grammar.grammar import (
    Block,
    Grammar,
    ListReference,
    ListValue,
    PhraseList,
    SkillGrammar,
    Template,
    closed_list,
    literal_list,
)
from nearfield_models.grammar.network import BREAK, Network, TooManyWordsError
from nearfield_models.grammar.numbers import spoken_forms
from nearfield_models.grammar.templates import Rules, TemplateWriter, parse
from nearfield_models.grammar.words import split_words

LARGEST_RANGE: Final = 10_000
"""Numbers that a range list may hold."""


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
        self._lists: list[PhraseList] = []
        self._list_numbers: dict[tuple[int | None, str], int] = {}
        self._references: dict[ListReference, int] = {}
        self._blocks: list[Block] = []
        self._templates: list[Template] = []

    def compile(self) -> SkillGrammar:
        start = self._network.state()
        for intent, entry in self._document.intents.items():
            for data in entry.data:
                self._add_block(intent, data, start)
        try:
            automaton = determinise(self._network.arcs, start)
        except TooManyStatesError as error:
            raise GrammarError(f'skill "{self._skill}": its sentences make {error}; shorten them') from error
        if automaton.endings[0]:
            raise GrammarError(f"{self._where(automaton.endings[0][0])}: it can be said without any word")
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
            open_blocks=reachable_endings(automaton, lambda ending: self._templates[ending].block),
            references=tuple(self._references),
            lists=tuple(self._lists),
            replaceable=replaceable,
            blocks=tuple(self._blocks),
            templates=tuple(self._templates),
            skip_phrases=self._skip_phrases(),
        )

    def _where(self, template: int = -1) -> str:
        if not self._templates:
            return f'skill "{self._skill}"'
        at = self._templates[template]
        return f'skill "{self._skill}", intent "{self._blocks[at.block].intent}", sentence "{at.text}"'

    def _skip_phrases(self) -> tuple[tuple[str, ...], ...]:
        phrases = [self._split(phrase) for phrase in self._document.skip_words]
        return tuple(phrase for phrase in phrases if phrase)

    def _split(self, text: str) -> tuple[str, ...]:
        return tuple(word.text for word in split_words(text, self._document.language))

    def _add_block(self, intent: str, data: DataEntry, start: int) -> None:
        number = len(self._blocks)
        self._blocks.append(
            Block(
                intent=intent,
                slots={name: json_value(value) for name, value in data.slots.items()},
                requires_context={key: json_value(rule) for key, rule in data.requires_context.items()},
                excludes_context={key: json_value(rule) for key, rule in data.excludes_context.items()},
                metadata={name: json_value(value) for name, value in data.metadata.items()},
            )
        )
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
                self._network.connect(writer.write(parse(text, where), before), None, after)
                self._network.end(after, len(self._templates) - 1)
                self._network.connect(start, None, before)
                determinise(self._network.arcs, before)  # alone, so that what is too large is named
            except (TooManyStatesError, TooManyWordsError) as error:
                raise GrammarError(f"{where}: {error}; say it with fewer optional parts") from error

    def _reference(self, name: str, slot: str, block: int, data: DataEntry, where: str) -> int:
        key = (block if name in data.lists else None, name)
        if key not in self._list_numbers:
            if name in self._given and name not in data.lists:
                phrases = literal_list(
                    name, self._given[name], skill=self._skill, language=self._document.language
                )
            else:
                entry = data.lists.get(name) or self._document.lists.get(name) or _inline_range(name)
                phrases = self._phrase_list(name, entry, where)
            self._list_numbers[key] = len(self._lists)
            self._lists.append(phrases)
        found = ListReference(list_index=self._list_numbers[key], slot=slot)
        return self._references.setdefault(found, len(self._references))

    def _phrase_list(self, name: str, entry: ListEntry | None, where: str) -> PhraseList:
        if entry is None:
            raise GrammarError(f"{where}: the list {{{name}}} is neither in the file nor given by the device")
        if entry.wildcard:
            return PhraseList(name=name, automaton=None, meanings=())
        network = Network(self._document.language)
        start = network.state()
        if entry.range is not None:
            entries = self._write_range(name, entry.range, network, start)
        else:
            entries = as_entries(entry.values or [])
            self._write_values(name, entries, network, start)
        return closed_list(name, network, start, entries, skill=self._skill)

    def _write_values(self, name: str, entries: Sequence[ValueEntry], network: Network, start: int) -> None:
        where = f'skill "{self._skill}", list "{name}"'

        def refuse(inner: str, _slot: str) -> int:
            raise GrammarError(f"{where}: a value cannot read another list, found {{{inner}}}")

        for number, entry in enumerate(entries):
            before, after = network.state(), network.state()
            network.connect(start, None, before)
            if is_template(entry.said):
                writer = TemplateWriter(network, self._rules, refuse, where)
                network.connect(writer.write(parse(entry.said, where), before), None, after)
            else:
                network.connect(network.text(before, entry.said), None, after)
            network.end(after, number)

    def _write_range(
        self, name: str, numbers: RangeEntry, network: Network, start: int
    ) -> tuple[ValueEntry, ...]:
        steps = {None: [0.0], "halves": [0.0, 0.5], "tenths": [tenth / 10 for tenth in range(10)]}[
            numbers.fractions
        ]
        count = len(range(numbers.first, numbers.last + 1, numbers.step)) * len(steps)
        if count > LARGEST_RANGE:
            raise GrammarError(
                f'skill "{self._skill}", list "{name}": {count} numbers, at most {LARGEST_RANGE} are taken'
            )
        entries: list[ValueEntry] = []
        for whole in range(numbers.first, numbers.last + 1, numbers.step):
            for fraction in steps:
                said = round(whole + fraction, 1) if fraction else whole
                out = said if numbers.multiplier is None else said * numbers.multiplier
                for form in spoken_forms(said, self._document.language):
                    network.end(network.text(start, BREAK.join(form)), len(entries))
                entries.append(ValueEntry.model_validate({"in": str(said), "out": out}))
        return tuple(entries)


def _inline_range(name: str) -> ListEntry | None:
    """Read ``{0..100:slot}``, which needs no list in the file."""
    found = INLINE_RANGE_PATTERN.match(name)
    if found is None:
        return None
    first, last, step = found.groups()
    return ListEntry.model_validate({"range": {"from": int(first), "to": int(last), "step": int(step or 1)}})
