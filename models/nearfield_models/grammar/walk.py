"""The walk of words through a skill's automaton.

A dynamic programme over the places between the words: for each place it keeps the states that the words
before it can reach, and for each state the few best ways there. It is bounded whatever the text and the
grammar are: by ``WIDEST_BEAM`` states a place, ``MOST_WAYS`` ways a state and ``LONGEST_WILDCARD_WORDS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START
from nearfield_models.grammar.fillers import ANYWHERE, AT_THE_ENDS
from nearfield_models.grammar.grammar import SkillGrammar

LONGEST_WILDCARD_WORDS: Final = 12
WIDEST_BEAM: Final = 128
MOST_WAYS: Final = 8

FILLER_COST: Final = 10
WILDCARD_COST: Final = 25


class Filled(NamedTuple):
    """A slot filled on the way, linked to the one before it."""

    reference: int
    """Index of the list reference."""
    meaning: int | None
    """Index of the list's meaning, or None for a wildcard: the words themselves."""
    first: int
    last: int
    """The words ``first`` to ``last``, the last excluded."""
    before: Filled | None


class Way(NamedTuple):
    """A way through the automaton. Smaller is better."""

    cost: int
    """Hundredths of words left unexplained."""
    words_outside_lists: int
    filled: Filled | None


Column = dict[int, list[Way]]


class Walk:
    """One text walking through one skill's automaton.

    Args:
        skill: What can be said.
        words: What was said, normalised.
        blocks: Bit mask of the blocks that may be completed; other sentences are not followed.
    """

    def __init__(self, skill: SkillGrammar, words: Sequence[str], blocks: int) -> None:
        self._skill = skill
        self._words = words
        self._blocks = blocks
        language = skill.language.split("-")[0]
        self._hesitations = ANYWHERE.get(language, frozenset())
        phrases = [tuple(phrase.split()) for phrase in AT_THE_ENDS.get(language, ())]
        self._phrases = frozenset([*phrases, *skill.skip_phrases])
        self._longest_phrase = max(map(len, self._phrases), default=0)
        self._columns: list[Column] = [{} for _ in range(len(words) + 1)]
        self._spans: dict[tuple[int, int], list[tuple[int, int, int]]] = {}

    def completed(self) -> Iterator[tuple[int, Way]]:
        """Give every sentence that the words make, as a template's number and the way through it."""
        count = len(self._words)
        begins, ends = self._absorbed_at_start(), self._absorbed_at_end()
        for place, column in enumerate(self._columns):
            if place in begins:
                column.setdefault(START, []).append(Way(place * FILLER_COST, 0, None))
            kept = _best(column)
            for state, ways in kept:
                if place in ends:
                    rest = (count - place) * FILLER_COST
                    for template in self._skill.automaton.endings[state]:
                        if self._blocks >> self._skill.templates[template].block & 1:
                            yield from ((template, way._replace(cost=way.cost + rest)) for way in ways)
                if place < count:
                    self._advance(place, state, ways)
            column.clear()

    def _absorbed_at_start(self) -> set[int]:
        places = {0}
        for place in range(len(self._words)):
            if place in places:
                places.update(self._after_filler(place))
        return places

    def _absorbed_at_end(self) -> set[int]:
        count = len(self._words)
        places = {count}
        for place in reversed(range(count)):
            if not places.isdisjoint(self._after_filler(place)):
                places.add(place)
        return places

    def _after_filler(self, place: int) -> list[int]:
        lengths = [
            length
            for length in range(1, self._longest_phrase + 1)
            if tuple(self._words[place : place + length]) in self._phrases
        ]
        hesitation = [1] if self._words[place] in self._hesitations else []
        return [place + length for length in {*lengths, *hesitation} if place + length <= len(self._words)]

    def _advance(self, place: int, state: int, ways: Collection[Way]) -> None:
        word = self._words[place]
        target = self._skill.automaton.words[state].get(word)
        if target is not None:
            self._reach(
                place + 1,
                target,
                (way._replace(words_outside_lists=way.words_outside_lists + 1) for way in ways),
            )
        if word in self._hesitations and state != START:
            self._reach(place + 1, state, (way._replace(cost=way.cost + FILLER_COST) for way in ways))
        for reference, target in self._skill.automaton.lists[state]:
            if self._skill.open_blocks[target] & self._blocks:
                self._advance_list(place, reference, target, ways)

    def _advance_list(self, place: int, reference: int, target: int, ways: Collection[Way]) -> None:
        number = self._skill.references[reference].list_index
        if self._skill.lists[number].automaton is None:
            longest = min(LONGEST_WILDCARD_WORDS, len(self._words) - place)
            for length in range(1, longest + 1):
                ahead = place + length
                self._reach(
                    ahead, target, _filling(ways, reference, None, place, ahead, length * WILDCARD_COST)
                )
        else:
            for end, meaning, hesitations in self._values_at(number, place):
                self._reach(
                    end, target, _filling(ways, reference, meaning, place, end, hesitations * FILLER_COST)
                )

    def _values_at(self, number: int, place: int) -> list[tuple[int, int, int]]:
        """Values of a list that start at a place: where each ends, its meaning, hesitations inside."""
        if (number, place) in self._spans:
            return self._spans[number, place]
        found: list[tuple[int, int, int]] = []
        automaton = self._skill.lists[number].automaton
        state, hesitations, end = START, 0, place
        while automaton is not None and end < len(self._words):
            word = self._words[end]
            end += 1
            if word in automaton.words[state]:
                state = automaton.words[state][word]
                found.extend((end, meaning, hesitations) for meaning in automaton.endings[state])
            elif word in self._hesitations and state != START:
                hesitations += 1
            else:
                break
        self._spans[number, place] = found
        return found

    def _reach(self, place: int, state: int, ways: Iterator[Way]) -> None:
        if self._skill.open_blocks[state] & self._blocks:
            self._columns[place].setdefault(state, []).extend(ways)


def _filling(
    ways: Collection[Way], reference: int, meaning: int | None, first: int, last: int, cost: int
) -> Iterator[Way]:
    """Go on with a slot filled by the words ``first`` to ``last``."""
    outside = last - first if meaning is None else 0
    for way in ways:
        filled = Filled(reference, meaning, first, last, way.filled)
        yield Way(way.cost + cost, way.words_outside_lists + outside, filled)


def _best(column: Column) -> list[tuple[int, list[Way]]]:
    """Keep the best ways of each state and the best states; what was found first wins a tie."""
    kept = [(state, sorted(ways, key=_quality)[:MOST_WAYS]) for state, ways in column.items()]
    kept.sort(key=lambda entry: _quality(entry[1][0]))
    return kept[:WIDEST_BEAM]


def _quality(way: Way) -> tuple[int, int]:
    return way[:2]
