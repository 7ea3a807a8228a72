"""The lists that sentences read: values, ranges of numbers and stretches of any words, compiled apart.

A list is an automaton of its own over words, and so it can be replaced without compiling the sentences
again. Values that mean the same share their meaning, and what remains to be said of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hassil.util import is_template

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import (
    START,
    Automaton,
    TooManyStatesError,
    determinise,
    minimal,
)
from nearfield_models.grammar.document import (
    ListEntry,
    RangeEntry,
    ValueEntry,
    as_entries,
    json_value,
    read_values,
)
from nearfield_models.grammar.network import BREAK, Network, TooManyWordsError
from nearfield_models.grammar.numbers import spoken_forms
from nearfield_models.grammar.templates import Rules, TemplateWriter, parse
from nearfield_models.grammar.variants import plural
from nearfield_sync.messages.turn_record import Json

LARGEST_LIST: Final = 10_000
"""Values that a list given at run time may hold."""
LARGEST_RANGE: Final = 10_000
"""Numbers that a range list may hold."""


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
    countable: bool = False
    """Whether the last word of a value may be said in the plural."""


class ListCompiler:
    """Compiles the lists of one skill's file.

    Args:
        skill: For messages.
        language: Code such as ``en``.
        rules: Expansion rules that templates of values may name.
    """

    def __init__(self, skill: str, language: str, rules: Rules) -> None:
        self._skill = skill
        self._language = language
        self._rules = rules

    def compile(self, name: str, entry: ListEntry) -> PhraseList:
        """Compile a list.

        Raises:
            GrammarError: A value is wrong, or there is too much of them; the message names the list.
        """
        if entry.wildcard:
            return PhraseList(name=name, automaton=None, meanings=())
        draft = _Draft(name, skill=self._skill, language=self._language, countable=entry.countable)
        if entry.range is not None:
            draft.add_range(entry.range)
        for value in as_entries(entry.values or []):
            number = draft.mean(value)
            for text in value.spoken:
                draft.say(text, number)
            for text in value.said:
                if is_template(text):
                    self._write(draft, text, number)
                else:
                    draft.say(text, number)
        return draft.finished()

    def _write(self, draft: _Draft, text: str, number: int) -> None:
        def refuse(inner: str, _slot: str) -> int:
            raise GrammarError(f"{draft.where}: a value cannot read another list, found {{{inner}}}")

        writer = TemplateWriter(draft.network, self._rules, refuse, draft.where)
        after = draft.network.state()
        draft.network.connect(writer.write(parse(text, draft.where), draft.begin()), None, after)
        draft.network.end(after, number)


def literal_list(
    name: str, values: Sequence[object], *, skill: str, language: str, countable: bool = False
) -> PhraseList:
    """Compile values that are given at run time; template syntax in them has no meaning.

    Raises:
        GrammarError: A value is no text or has no word in it, or there are more than ``LARGEST_LIST``.
    """
    if len(values) > LARGEST_LIST:
        raise GrammarError(
            f'skill "{skill}", list "{name}": {len(values)} values, at most {LARGEST_LIST} are taken'
        )
    draft = _Draft(name, skill=skill, language=language, countable=countable)
    for value in read_values(list(values), skill=skill, name=name):
        number = draft.mean(value)
        for text in (*value.said, *value.spoken):
            draft.say(text, number)
    return draft.finished()


class _Draft:
    """A list while its values are read."""

    def __init__(self, name: str, *, skill: str, language: str, countable: bool) -> None:
        self.where = f'skill "{skill}", list "{name}"'
        self.network = Network(language)
        self._name = name
        self._language = language
        self._countable = countable
        self._starts: list[int] = []
        self._meanings: list[Meaning] = []
        self._numbers: dict[object, int] = {}
        self._first_said: list[str] = []

    def begin(self) -> int:
        """Give a state at which a value begins."""
        self._starts.append(self.network.state())
        return self._starts[-1]

    def mean(self, entry: ValueEntry) -> int:
        """Give the number of what a value means."""
        meaning = Meaning(
            value=json_value(entry.out),
            context=dict(entry.context),
            metadata={key: json_value(value) for key, value in entry.metadata.items()},
        )
        plain = isinstance(meaning.value, str) and not meaning.context and not meaning.metadata
        key: object = (meaning.value,)
        if not plain:
            key = json.dumps([meaning.value, meaning.context, meaning.metadata], sort_keys=True)
        number = self._numbers.setdefault(key, len(self._meanings))
        if number == len(self._meanings):
            self._meanings.append(meaning)
            self._first_said.append(entry.said[0])
        return number

    def say(self, text: str, number: int) -> None:
        """Let a text be said for a meaning."""
        self._starts.append(self.network.phrase(text, number))

    def add_range(self, numbers: RangeEntry) -> None:
        """Add the numbers of a range, as they are said."""
        count = (numbers.last - numbers.first) // numbers.step + 1
        steps = {None: [0.0], "halves": [0.0, 0.5], "tenths": [tenth / 10 for tenth in range(10)]}[
            numbers.fractions
        ]
        if count * len(steps) > LARGEST_RANGE:
            raise GrammarError(
                f"{self.where}: {count * len(steps)} numbers, at most {LARGEST_RANGE} are taken"
            )
        language = numbers.words_language or self._language
        for whole in range(numbers.first, numbers.last + 1, numbers.step):
            for fraction in steps:
                said = round(whole + fraction, 1) if fraction else whole
                out = said if numbers.multiplier is None else said * numbers.multiplier
                number = self.mean(ValueEntry.model_construct(said=(str(said),), out=out))
                for form in spoken_forms(said, language):
                    self.say(BREAK.join(form), number)

    def finished(self) -> PhraseList:
        """Draw the automaton.

        Raises:
            GrammarError: A value has no word in it, or there are too many.
        """
        try:
            automaton = determinise(self.network.arcs, *self._starts)
        except (TooManyStatesError, TooManyWordsError) as error:
            raise GrammarError(f"{self.where}: {error}; split it or use a wildcard") from error
        if automaton.endings[START]:
            said = self._first_said[automaton.endings[START][0]]
            raise GrammarError(f'{self.where}: the value "{said}" can be said without any word')
        if self._countable:
            automaton = _with_plurals(automaton, self._language)
        return PhraseList(
            name=self._name,
            automaton=minimal(automaton, lambda meaning: meaning),
            meanings=tuple(self._meanings),
            context_keys=frozenset(key for meaning in self._meanings for key in meaning.context),
            countable=self._countable,
        )


def _with_plurals(automaton: Automaton, language: str) -> Automaton:
    """Let the last word of each value be said in the plural too, unless that is another value."""
    words = [dict(following) for following in automaton.words]
    endings = list(automaton.endings)
    for state, following in enumerate(automaton.words):
        for word, target in following.items():
            several = plural(word, language)
            if automaton.endings[target] and several is not None and several not in following:
                words[state][several] = len(words)
                words.append({})
                endings.append(automaton.endings[target])
    return Automaton(words=tuple(words), lists=((),) * len(words), endings=tuple(endings))
