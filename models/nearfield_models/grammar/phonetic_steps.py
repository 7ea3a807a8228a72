"""What can be read next in a stretch of sound: words, values of lists, or nothing.

A *place* is the number of a phone of what was heard, or of the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.variants import Words
from nearfield_models.grammar.walk import LONGEST_WILDCARD_WORDS

MOST_STEPS: Final = 400
"""Steps of the search for a list's values at one place."""
FURTHEST_VALUE: Final = 2.0
"""Cost above which a value is not found."""

FILLER_SHARE: Final = 0.1
"""What a filler costs, of what it would cost to leave its phones over."""
WILDCARD_SHARE: Final = 0.25

Hits = tuple[tuple[int, float], ...]
"""Where a word that was found ends, and at what cost; it may end at several places."""


class Found(NamedTuple):
    """What of the vocabulary begins at a place."""

    words: Mapping[str, Hits]
    forms: tuple[tuple[Words, Hits], ...]
    """Contractions and the like, as the words that automata read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What was heard, and what of the vocabulary was found in it."""

    found: tuple[Found, ...]
    """Per place."""
    left_over: tuple[float, ...]
    """Cost of leaving the phone at a place over."""
    hesitations: Mapping[int, int]
    """Places where a sound of hesitation begins, and where it ends."""
    boundaries: tuple[int, ...]
    """Places between the words of the transcript, ascending; first 0, last the end."""
    missing: Mapping[str, float]
    """Words that may go unheard anywhere, and at what cost."""

    def cost_between(self, first: int, last: int) -> float:
        """Cost of leaving everything over."""
        return sum(self.left_over[first:last])


class Step(NamedTuple):
    """What can be read at a place."""

    end: int
    """The place behind it."""
    target: int
    """The state behind it."""
    cost: float


class Value(NamedTuple):
    """A value of a list that can be read at a place."""

    end: int
    meaning: int | None
    """Index of the list's meaning, or None for a wildcard: the words themselves."""
    cost: float


class Steps:
    """What can be read of any automaton, at any place of a sound; what was found out is remembered."""

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._length = len(sound.left_over)
        self._unheard: dict[tuple[int, int], list[tuple[int, float]]] = {}
        self._values: dict[tuple[int, int], list[Value]] = {}

    def words(self, automaton: Automaton, state: int, place: int) -> Iterator[Step]:
        """Words that were heard, and words that may be missing."""
        arcs = automaton.words[state]
        if not arcs:
            return
        if place < self._length:
            found = self._sound.found[place]
            for word in sorted(found.words.keys() & arcs.keys()):
                for end, cost in found.words[word]:
                    yield Step(end, arcs[word], cost)
            for form, hits in found.forms:
                target = _behind(automaton, state, form) if form[0] in arcs else None
                if target is not None:
                    for end, cost in hits:
                        yield Step(end, target, cost)
        for target, cost in self._missed(automaton, state):
            yield Step(place, target, cost)

    def nothing(self, state: int, place: int) -> Iterator[Step]:
        """A phone that is left over, or a sound of hesitation."""
        if place < self._length:
            yield Step(place + 1, state, self._sound.left_over[place])
        end = self._sound.hesitations.get(place)
        if end is not None:
            yield Step(end, state, self._sound.cost_between(place, end) * FILLER_SHARE)

    def values(self, automaton: Automaton | None, place: int) -> list[Value]:
        """Values of a list, or the stretches that a wildcard may take where there is no automaton."""
        key = (id(automaton), place)
        if key not in self._values:
            found = self._wildcards(place) if automaton is None else self._closed(automaton, place)
            self._values[key] = list(found)
        return self._values[key]

    def _missed(self, automaton: Automaton, state: int) -> list[tuple[int, float]]:
        key = (id(automaton), state)
        if key not in self._unheard:
            arcs, missing = automaton.words[state], self._sound.missing
            self._unheard[key] = [
                (arcs[word], missing[word]) for word in sorted(missing.keys() & arcs.keys())
            ]
        return self._unheard[key]

    def _wildcards(self, place: int) -> Iterator[Value]:
        if place in self._sound.boundaries:
            after = self._sound.boundaries.index(place) + 1
            for end in self._sound.boundaries[after : after + LONGEST_WILDCARD_WORDS]:
                yield Value(end, None, self._sound.cost_between(place, end) * WILDCARD_SHARE)

    def _closed(self, automaton: Automaton, place: int) -> Iterator[Value]:
        ended: set[tuple[int, int]] = set()
        waiting = [(0.0, place, START)]
        seen: set[tuple[int, int]] = set()
        while waiting and len(seen) < MOST_STEPS:
            cost, at, state = heappop(waiting)
            if (at, state) in seen:
                continue
            seen.add((at, state))
            for meaning in automaton.endings[state] if at > place else ():
                if (at, meaning) not in ended:
                    ended.add((at, meaning))
                    yield Value(at, meaning, cost)
            steps = list(self.words(automaton, state, at))
            if state != START and automaton.words[state]:
                steps.extend(self.nothing(state, at))
            for step in steps:
                if cost + step.cost <= FURTHEST_VALUE:
                    heappush(waiting, (cost + step.cost, step.end, step.target))


def _behind(automaton: Automaton, state: int, words: Words) -> int | None:
    """The state behind several words."""
    reached: int | None = state
    for word in words:
        if reached is None:
            return None
        reached = automaton.words[reached].get(word)
    return reached
