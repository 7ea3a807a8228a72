"""The walk of sounds through a skill's automaton.

As ``walk``, but from phone to phone: where a word of the automaton was found in the transcript by its sound,
the walk goes on behind it, at the cost of what differs. Phones between words may be left over, and small
words may be missing. A walk is bounded whatever the text and the grammar are: from each place ``WIDEST_BEAM``
ways go on, and ``MOST_WAYS`` of a state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START
from nearfield_models.grammar.filling import Filled
from nearfield_models.grammar.grammar import SkillGrammar
from nearfield_models.grammar.phonetic_steps import FILLER_SHARE, Sound, Steps

WIDEST_BEAM: Final = 80
FURTHEST_BEHIND: Final = 2.0
"""Cost by which a way may lie behind the best at its place."""
MOST_WAYS: Final = 3


class Way(NamedTuple):
    """A way through the automaton; the smallest is the best."""

    cost: float
    outside: int
    """Phones that belong to no value."""
    state: int
    values: int
    """Number of the sequence of values filled; two ways with the same mean the same."""
    filled: Filled | None


Column = dict[tuple[int, int], Way]


class _Move(NamedTuple):
    """A step from a state, perhaps over a list."""

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
        steps: What can be read in that sound.
        blocks: Bit mask of the blocks that may be completed; other sentences are not followed.
        most_cost: Ways that cost more are given up.
    """

    def __init__(
        self, skill: SkillGrammar, sound: Sound, steps: Steps, blocks: int, most_cost: float
    ) -> None:
        self._skill = skill
        self._sound = sound
        self._steps = steps
        self._blocks = blocks
        self._most_cost = most_cost
        self._columns: list[Column] = [{} for _ in range(len(sound.left_over) + 1)]
        self._sequences: dict[tuple[int, int, int | None], int] = {}

    def completed(self, begins: Collection[int], ends: Collection[int]) -> Iterator[tuple[int, Way]]:
        """Give every sentence that the sounds make, as a template's number and the way through it.

        Args:
            begins: Places before which there are only fillers.
            ends: Places behind which there are only fillers.
        """
        for place, column in enumerate(self._columns):
            if place in begins:
                cost = self._sound.cost_between(0, place) * FILLER_SHARE
                _reach(column, Way(cost, 0, START, 0, None))
            rest = self._sound.cost_between(place, len(self._columns)) * FILLER_SHARE
            for way in self._going_on(place, column):
                if place in ends and way.cost + rest <= self._most_cost:
                    for template in self._skill.automaton.endings[way.state]:
                        if self._blocks >> self._skill.templates[template].block & 1:
                            yield template, way._replace(cost=way.cost + rest)
            column.clear()

    def _going_on(self, place: int, column: Column) -> Iterator[Way]:
        """The best ways at a place, each after it has gone on; some come in from others at the same place."""
        waiting = list(column.values())
        heapify(waiting)
        gone: dict[int, int] = {}
        moves: dict[int, list[_Move]] = {}
        most = waiting[0].cost + FURTHEST_BEHIND if waiting else 0.0
        for _ in range(WIDEST_BEAM):
            if not waiting or waiting[0].cost > most:
                return
            way = heappop(waiting)
            if column[way.state, way.values] is not way or gone.get(way.state, 0) == MOST_WAYS:
                continue
            gone[way.state] = gone.get(way.state, 0) + 1
            if way.state not in moves:
                moves[way.state] = list(self._moves(place, way.state))
            for move in moves[way.state]:
                if way.cost + move.cost <= self._most_cost:
                    reached = self._after(place, way, move)
                    if _reach(self._columns[move.end], reached) and move.end == place:
                        heappush(waiting, reached)
            yield way

    def _after(self, place: int, way: Way, move: _Move) -> Way:
        values, filled, outside = way.values, way.filled, way.outside
        if move.reference is not None:
            key = (way.values, move.reference, move.meaning)
            values = self._sequences.setdefault(key, len(self._sequences) + 1)
            filled = Filled(move.reference, move.meaning, place, move.end, (way.state,), False, way.filled)
        if move.meaning is None:
            outside += move.end - place
        return Way(way.cost + move.cost, outside, move.target, values, filled)

    def _moves(self, place: int, state: int) -> Iterator[_Move]:
        automaton = self._skill.automaton
        for step in self._steps.words(automaton, state, place):
            if self._is_open(step.target):
                yield _Move(*step)
        for step in self._steps.nothing(state, place):
            yield _Move(*step)
        for reference, target in automaton.lists[state]:
            if self._is_open(target):
                phrases = self._skill.lists[self._skill.references[reference].list_index]
                for end, meaning, cost in self._steps.values(phrases.automaton, place):
                    yield _Move(end, target, cost, reference, meaning)

    def _is_open(self, state: int) -> bool:
        return bool(self._skill.open_blocks[state] & self._blocks)


def _reach(column: Column, way: Way) -> bool:
    """Put a way into a column, unless one that means the same is there already and no worse."""
    known = column.get((way.state, way.values))
    if known is not None and known[:2] <= way[:2]:
        return False
    column[way.state, way.values] = way
    return True
