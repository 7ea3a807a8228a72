"""The walk of words through a skill's automaton.

A dynamic programme over the places between the words: for each place it keeps the states that the words
before it can reach, and for each state the few best ways there. It is bounded whatever the text and the
grammar are: by ``WIDEST_BEAM`` states a place, ``MOST_WAYS`` ways a state and ``LONGEST_WILDCARD_WORDS``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START
from nearfield_models.grammar.corrections import (
    ARTICLES,
    LONGEST_LEAD,
    MOST_CORRECTIONS,
    MOST_PHRASES,
    PHRASES,
    TAILS,
    restarts,
)
from nearfield_models.grammar.fillers import between_fillers, filler_phrases, hesitation_words
from nearfield_models.grammar.filling import Filled
from nearfield_models.grammar.grammar import SkillGrammar

LONGEST_WILDCARD_WORDS: Final = 12
WIDEST_BEAM: Final = 128
MOST_WAYS: Final = 8
MOST_CORRECTED: Final = 3
"""Of the ways to a state, the best so many may be corrected."""

FILLER_COST: Final = 10
WILDCARD_COST: Final = 25
STEP_COST: Final = 1
"""Of each value that a correction reaches back over, and of an article said with it: a little, so that
what is nearest counts where several places would do."""


class Way(NamedTuple):
    """A way through the automaton. Smaller is better."""

    cost: int
    """Hundredths of words left unexplained."""
    words_outside_lists: int
    filled: Filled | None
    lead: tuple[int, ...] = ()
    """States before each of the last words since the slot."""
    corrections: int = 0


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
        self._hesitations = hesitation_words(skill.language)
        self._corrections = frozenset(tuple(phrase.split()) for phrase in PHRASES.get(language, ()))
        self._articles = ARTICLES.get(language, frozenset())
        self._tails = TAILS.get(language, frozenset())
        self._resumed: dict[int, dict[int, int]] = {}
        self._columns: list[Column] = [{} for _ in range(len(words) + 1)]
        self._spans: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        self._last: tuple[int, ...] = ()

    def may_go_on(self) -> bool:
        """Whether a sentence that has begun goes on behind the words, fillers and corrections aside."""
        for _ in self.completed():
            pass
        return any(self._goes_on(state) for state in self._last if state != START)

    def _goes_on(self, state: int) -> bool:
        automaton, open_blocks = self._skill.automaton, self._skill.open_blocks
        ahead = (*automaton.words[state].values(), *(target for _, target in automaton.lists[state]))
        return any(open_blocks[target] & self._blocks for target in ahead)

    def completed(self) -> Iterator[tuple[int, Way]]:
        """Give every sentence that the words make, as a template's number and the way through it."""
        count = len(self._words)
        phrases = filler_phrases(self._skill.language, self._skill.skip_phrases)
        begins, ends = between_fillers(self._words, phrases)
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
            self._last = tuple(state for state, _ in kept)

    def _advance(self, place: int, state: int, ways: Collection[Way]) -> None:
        word = self._words[place]
        target = self._skill.automaton.words[state].get(word)
        if target is not None:
            self._reach(
                place + 1,
                target,
                (
                    way._replace(
                        words_outside_lists=way.words_outside_lists + 1,
                        lead=(*way.lead, state)[-LONGEST_LEAD:],
                    )
                    for way in ways
                ),
            )
        if word in self._hesitations and state != START:
            self._reach(place + 1, state, (way._replace(cost=way.cost + FILLER_COST) for way in ways))
        self._correct(place, state, ways)
        for reference, target in self._skill.automaton.lists[state]:
            if self._skill.open_blocks[target] & self._blocks:
                self._advance_list(place, state, reference, target, ways)

    def _advance_list(
        self, place: int, state: int, reference: int, target: int, ways: Collection[Way]
    ) -> None:
        number = self._skill.references[reference].list_index
        if self._skill.lists[number].automaton is None:
            longest = min(LONGEST_WILDCARD_WORDS, len(self._words) - place)
            for length in range(1, longest + 1):
                ahead = place + length
                filled = Filled(reference, None, place, ahead, (state,), False, None)
                self._reach(ahead, target, _filling(ways, filled, length * WILDCARD_COST))
        else:
            for end, meaning, hesitations in self._values_at(number, place):
                filled = Filled(reference, meaning, place, end, (state,), False, None)
                self._reach(end, target, _filling(ways, filled, hesitations * FILLER_COST))

    def _correct(self, place: int, state: int, ways: Collection[Way]) -> None:
        """Go on after words that take back what was said last."""
        for ahead, cost in self._resumptions(place).items():
            for way in list(ways)[:MOST_CORRECTED]:
                if way.corrections == MOST_CORRECTIONS:
                    continue
                for restart in restarts(way.filled, self._slot_of):
                    taken_back = Way(
                        way.cost + cost + restart.steps * STEP_COST,
                        way.words_outside_lists + ahead - place,
                        restart.kept,
                        restart.began[:-1],
                        way.corrections + 1,
                    )
                    self._reach(ahead, restart.began[-1], iter((taken_back,)))
                    self._replace(ahead, restart.began[-1], state, taken_back)

    def _slot_of(self, reference: int) -> str:
        return self._skill.references[reference].slot

    def _replace(self, place: int, entered: int, interrupted: int, way: Way) -> None:
        """Let one value be said anew, and go on where the sentence was interrupted."""
        for reference, _ in self._skill.automaton.lists[entered]:
            number = self._skill.references[reference].list_index
            for end, meaning, hesitations in self._values_at(number, place):
                filled = Filled(reference, meaning, place, end, (entered,), False, None)
                cost = STEP_COST + hesitations * FILLER_COST
                self._reach(end, interrupted, _filling((way,), filled, cost))
                if end < len(self._words) and self._words[end] in self._tails:
                    self._reach(end + 1, interrupted, _filling((way,), filled, cost + STEP_COST))

    def _resumptions(self, place: int) -> dict[int, int]:
        """Where the sentence may go on after a correction that begins at a place, and at what cost."""
        if place not in self._resumed:
            ends: dict[int, int] = {}
            begins = {place}
            for _ in range(MOST_PHRASES):
                begins = {end for begin in begins for end in self._after_correction(begin)}
                ends.update({end: (end - place) * FILLER_COST for end in begins})
            for end in sorted(ends):
                if end < len(self._words) and self._words[end] in self._articles:
                    ends.setdefault(end + 1, ends[end] + STEP_COST)
            self._resumed[place] = {end: ends[end] for end in sorted(ends) if end < len(self._words)}
        return self._resumed[place]

    def _after_correction(self, place: int) -> Iterator[int]:
        while place < len(self._words) and self._words[place] in self._hesitations:
            place += 1
        for phrase in self._corrections:
            if tuple(self._words[place : place + len(phrase)]) == phrase:
                yield place + len(phrase)

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


def _filling(ways: Collection[Way], filled: Filled, cost: int) -> Iterator[Way]:
    """Go on with another slot filled, as each way's own link."""
    outside = filled.last - filled.first if filled.meaning is None else 0
    for way in ways:
        yield way._replace(
            cost=way.cost + cost,
            words_outside_lists=way.words_outside_lists + outside,
            filled=filled._replace(began=way.lead + filled.began, before=way.filled),
            lead=(),
        )


def _best(column: Column) -> list[tuple[int, list[Way]]]:
    """Keep the best ways of each state and the best states; what was found first wins a tie."""
    kept = [(state, sorted(ways, key=_quality)[:MOST_WAYS]) for state, ways in column.items()]
    kept.sort(key=lambda entry: _quality(entry[1][0]))
    return kept[:WIDEST_BEAM]


def _quality(way: Way) -> tuple[int, int]:
    return way[:2]
