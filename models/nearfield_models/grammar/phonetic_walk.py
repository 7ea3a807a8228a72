"""The walk of sounds through a skill's automaton.

As ``walk``, but from phone to phone: where a word of the automaton was found in the transcript by its sound,
the walk goes on behind it, at the cost of what differs. Phones between words may be left over, and small
words may be missing. A walk is bounded whatever the text and the grammar are: from each place ``WIDEST_BEAM``
ways go on, ``MOST_WAYS`` of a state, and the search for a list's values takes ``MOST_STEPS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.filling import Filled
from nearfield_models.grammar.grammar import SkillGrammar
from nearfield_models.grammar.variants import Words

LONGEST_WILDCARD_WORDS: Final = 12
WIDEST_BEAM: Final = 80
FURTHEST_BEHIND: Final = 2.0
"""Cost by which a way may lie behind the best at its place."""
MOST_WAYS: Final = 3
MOST_STEPS: Final = 400

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
    begins: frozenset[int]
    """Places before which there are only fillers."""
    ends: frozenset[int]
    """Places behind which there are only fillers."""
    boundaries: tuple[int, ...]
    """Places between the words of the transcript, ascending; first 0, last the end."""

    def cost_between(self, first: int, last: int) -> float:
        """Cost of leaving everything over."""
        return sum(self.left_over[first:last])


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What is known of words beside their sound."""

    forms: Mapping[str, Words]
    """Contractions and the like: the words of each, as automata read them."""
    missing: Mapping[str, float]
    """Words that may go unheard, and at what cost."""


class Way(NamedTuple):
    """A way through the automaton; the smallest is the best."""

    cost: float
    outside: int
    """Phones that belong to no value."""
    state: int
    values: int
    """Number of the sequence of values filled; two ways with the same mean the same."""
    filled: Filled | None


class Move(NamedTuple):
    """A step that is possible from a state at a place."""

    end: int
    target: int
    cost: float
    reference: int | None = None
    meaning: int | None = None


class PhoneticWalk:
    """One text walking through one skill's automaton.

    Args:
        skill: What can be said.
        sound: What was heard.
        vocabulary: The words that it was searched for.
        blocks: Bit mask of the blocks that may be completed; other sentences are not followed.
        most_cost: Ways that cost more are given up.
    """

    def __init__(
        self, skill: SkillGrammar, sound: Sound, vocabulary: Vocabulary, blocks: int, most_cost: float
    ) -> None:
        self._skill = skill
        self._sound = sound
        self._vocabulary = vocabulary
        self._blocks = blocks
        self._most_cost = most_cost
        self._length = len(sound.left_over)
        self._columns: list[dict[tuple[int, int], Way]] = [{} for _ in range(self._length + 1)]
        self._values: dict[tuple[int, int], list[Move]] = {}
        self._sequences: dict[tuple[int, int, int | None], int] = {}

    def completed(self) -> Iterator[tuple[int, Way]]:
        """Give every sentence that the sounds make, as a template's number and the way through it."""
        for place, column in enumerate(self._columns):
            if place in self._sound.begins:
                cost = self._sound.cost_between(0, place) * FILLER_SHARE
                self._reach(column, Way(cost, 0, START, 0, None))
            rest = self._sound.cost_between(place, self._length) * FILLER_SHARE
            for way in self._leading(place, column):
                if place in self._sound.ends and way.cost + rest <= self._most_cost:
                    for template in self._skill.automaton.endings[way.state]:
                        if self._blocks >> self._skill.templates[template].block & 1:
                            yield template, way._replace(cost=way.cost + rest)
            column.clear()

    def _leading(self, place: int, column: dict[tuple[int, int], Way]) -> Iterator[Way]:
        """The best ways at a place, each after it has gone on; ways may still come in while this runs."""
        waiting = list(column.values())
        heapify(waiting)
        taken: dict[int, int] = {}
        moves: dict[int, list[Move]] = {}
        most = waiting[0].cost + FURTHEST_BEHIND if waiting else 0.0
        for _ in range(WIDEST_BEAM):
            way = heappop(waiting) if waiting else None
            if way is None or way.cost > most:
                return
            if column[way.state, way.values] is not way or taken.get(way.state, 0) == MOST_WAYS:
                continue
            taken[way.state] = taken.get(way.state, 0) + 1
            if way.state not in moves:
                moves[way.state] = self._moves(place, way.state)
            for move in moves[way.state]:
                self._go(place, way, move, waiting)
            yield way

    def _go(self, place: int, way: Way, move: Move, waiting: list[Way]) -> None:
        cost = way.cost + move.cost
        if cost > self._most_cost:
            return
        values, filled, outside = way.values, way.filled, way.outside
        if move.reference is not None:
            key = (way.values, move.reference, move.meaning)
            values = self._sequences.setdefault(key, len(self._sequences) + 1)
            filled = Filled(move.reference, move.meaning, place, move.end, (way.state,), False, way.filled)
        if move.reference is None or move.meaning is None:
            outside += move.end - place
        reached = Way(cost, outside, move.target, values, filled)
        if self._reach(self._columns[move.end], reached) and move.end == place:
            heappush(waiting, reached)

    @staticmethod
    def _reach(column: dict[tuple[int, int], Way], way: Way) -> bool:
        known = column.get((way.state, way.values))
        if known is not None and known[:2] <= way[:2]:
            return False
        column[way.state, way.values] = way
        return True

    def _moves(self, place: int, state: int) -> list[Move]:
        automaton = self._skill.automaton
        moves = [move for move in self._by_words(automaton, place, state) if self._is_open(move.target)]
        moves.extend(self._leaving_over(place, state))
        for reference, target in automaton.lists[state]:
            if self._is_open(target):
                number = self._skill.references[reference].list_index
                moves.extend(
                    move._replace(target=target, reference=reference)
                    for move in self._values_at(number, place)
                )
        return moves

    def _is_open(self, state: int) -> bool:
        return bool(self._skill.open_blocks[state] & self._blocks)

    def _by_words(self, automaton: Automaton, place: int, state: int) -> Iterator[Move]:
        arcs = automaton.words[state]
        if not arcs:
            return
        if place < self._length:
            found = self._sound.found[place]
            for word in sorted(found.words.keys() & arcs.keys()):
                for end, cost in found.words[word]:
                    yield Move(end, arcs[word], cost)
            for form, hits in found.forms:
                target = self._follow(automaton, state, form)
                if target is not None:
                    for end, cost in hits:
                        yield Move(end, target, cost)
        for word in sorted(self._vocabulary.missing.keys() & arcs.keys()):
            yield Move(place, arcs[word], self._vocabulary.missing[word])

    @staticmethod
    def _follow(automaton: Automaton, state: int, words: Words) -> int | None:
        """The state behind several words."""
        reached: int | None = state
        for word in words:
            if reached is None:
                return None
            reached = automaton.words[reached].get(word)
        return reached

    def _leaving_over(self, place: int, state: int) -> Iterator[Move]:
        if place < self._length:
            yield Move(place + 1, state, self._sound.left_over[place])
        end = self._sound.hesitations.get(place)
        if end is not None and state != START:
            yield Move(end, state, self._sound.cost_between(place, end) * FILLER_SHARE)

    def _values_at(self, number: int, place: int) -> list[Move]:
        """Values of a list that begin at a place; their targets are of the list's own automaton."""
        if (number, place) not in self._values:
            automaton = self._skill.lists[number].automaton
            self._values[number, place] = (
                list(self._wildcards(place)) if automaton is None else self._closed(automaton, place)
            )
        return self._values[number, place]

    def _wildcards(self, place: int) -> Iterator[Move]:
        if place in self._sound.boundaries:
            position = self._sound.boundaries.index(place)
            for end in self._sound.boundaries[position + 1 : position + 1 + LONGEST_WILDCARD_WORDS]:
                yield Move(end, START, self._sound.cost_between(place, end) * WILDCARD_SHARE)

    def _closed(self, automaton: Automaton, place: int) -> list[Move]:
        ended: dict[tuple[int, int], Move] = {}
        waiting = [(0.0, place, START)]
        seen: set[tuple[int, int]] = set()
        most = min(self._most_cost, FURTHEST_BEHIND)
        while waiting and len(seen) < MOST_STEPS:
            cost, at, state = heappop(waiting)
            if (at, state) in seen:
                continue
            seen.add((at, state))
            if at > place:
                for meaning in automaton.endings[state]:
                    ended.setdefault((at, meaning), Move(at, START, cost, None, meaning))
            steps = list(self._by_words(automaton, at, state))
            if state != START and automaton.words[state]:
                steps.extend(self._leaving_over(at, state))
            for step in steps:
                if cost + step.cost <= most:
                    heappush(waiting, (cost + step.cost, step.end, step.target))
        return list(ended.values())
