"""Sentences drawn from a grammar: what its templates expand to, as examples to learn from.

The number of expansions is beyond counting, so a few are drawn that differ as much as they can: wherever a
walk through the automaton has a choice, it takes what was taken least often so far, so that all are taken
once before one is taken twice. Templates that go on alike share their way and count as one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nearfield_models.grammar.automaton import START, Arc, Automaton, Symbol, reachable_endings
from nearfield_models.grammar.grammar import SkillGrammar

_TRIES: Final = 3
"""Draws for each sentence that is wanted; small templates soon give the same again."""
_PARTS_OF_NAME: Final = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledSentence:
    """One expansion of a template, with values in its slots."""

    intent: str
    template: str
    """As its author wrote it; where templates go on alike, the first of them."""
    text: str
    """In normalised words."""


def sample_sentences(skill: SkillGrammar, *, per_intent: int, seed: int) -> tuple[SampledSentence, ...]:
    """Draw different sentences for each intent; the same again for the same grammar and seed.

    Args:
        skill: What can be said. A wildcard is filled with the name of its slot; sentences that need a list
            without values cannot be drawn.
        per_intent: At most this many.
        seed: Of the choices among what was taken equally often.
    """
    sampler = _Sampler(skill, seed)
    by_intent: dict[str, list[int]] = {}
    for number in sampler.templates():
        by_intent.setdefault(skill.blocks[skill.templates[number].block].intent, []).append(number)
    found: list[SampledSentence] = []
    for intent, numbers in by_intent.items():
        sentences: dict[str, int] = {}
        for draw in range(_TRIES * per_intent):
            if len(sentences) == per_intent:
                break
            number = numbers[draw % len(numbers)]
            sentences.setdefault(written(sampler.draw(number)), number)
        found += (
            SampledSentence(intent=intent, template=skill.templates[number].text, text=text)
            for text, number in sentences.items()
        )
    return tuple(found)


def written(words: Iterable[str]) -> str:
    """Normalised words as a text: ``'s`` follows its word without a space."""
    return " ".join(words).replace(" 's", "'s")


class _Sampler:
    """Draws from one skill's automaton, and remembers what it has taken."""

    def __init__(self, skill: SkillGrammar, seed: int) -> None:
        self._skill = skill
        self._generator = np.random.default_rng(seed)
        self._taken: Counter[tuple[int, int, object]] = Counter()
        self._sayable = [entry.automaton is None or bool(entry.meanings) for entry in skill.lists]
        self._automaton = replace(
            skill.automaton,
            lists=tuple(
                tuple(arc for arc in arcs if self._sayable[skill.references[arc[0]].list_index])
                for arcs in skill.automaton.lists
            ),
        )
        self._ahead = reachable_endings(self._automaton, lambda ending: ending)

    def templates(self) -> list[int]:
        """The templates that a sentence can be drawn from."""
        mask = self._ahead[START]
        return [number for number in range(len(self._skill.templates)) if mask >> number & 1]

    def draw(self, template: int) -> list[str]:
        """The words of one sentence of a template."""
        words: list[str] = []
        state = START
        while True:
            symbol, state = self._choose(self._automaton, -1, state, self._ahead, template)
            if symbol is None:
                return words
            if isinstance(symbol, str):
                words.append(symbol)
            else:
                words += self._value(symbol)

    def _value(self, reference: int) -> list[str]:
        place = self._skill.references[reference]
        automaton = self._skill.lists[place.list_index].automaton
        if automaton is None:
            return [part.casefold() for part in _PARTS_OF_NAME.split(place.slot) if part]
        words: list[str] = []
        state = START
        while True:
            symbol, state = self._choose(automaton, place.list_index, state)
            if symbol is None:
                return words
            words.append(str(symbol))

    def _choose(
        self,
        automaton: Automaton,
        where: int,
        state: int,
        ahead: Sequence[int] | None = None,
        ending: int | None = None,
    ) -> tuple[Symbol | None, int]:
        """The next symbol and state, among those that still lead to ``ending``; None to stop here."""
        arcs: list[Arc] = [*automaton.words[state].items(), *automaton.lists[state]]
        choices: list[tuple[Symbol | None, int]] = [
            arc for arc in arcs if ahead is None or ending is None or ahead[arc[1]] >> ending & 1
        ]
        ended = automaton.endings[state]
        if ended if ending is None else ending in ended:
            choices.append((None, state))
        counts = [self._taken[where, state, symbol] for symbol, _ in choices]
        least = min(counts)
        rarest = [choice for choice, count in zip(choices, counts, strict=True) if count == least]
        chosen = rarest[int(self._generator.integers(len(rarest)))]
        self._taken[where, state, chosen[0]] += 1
        return chosen
