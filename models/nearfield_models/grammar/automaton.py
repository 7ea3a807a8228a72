"""The compiled form of sentences: a deterministic automaton over words.

It has no loops and knows nothing of text. Whoever walks it decides what a word is made of: the text matcher
looks words up in a transcript, a speech decoder spells each word in its recogniser's tokens. States are
small integers, 0 is the start. Lists are not spliced in: an arc names a *reference* (list and slot), the
list is an automaton of its own, and so a list can be replaced without compiling the sentences again. The
slot begins where such an arc is entered and ends where it is left, with the value that the list's automaton
ends in. Sentences share their beginnings; what is complete in a state stands in ``endings``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

START: Final = 0
LARGEST_STATES: Final = 50_000
"""More states than this are a mistake in a template rather than a language."""

Symbol = str | int
"""What an arc reads: a word (``str``), or a list by the number of its reference (``int``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """States and arcs as tuples indexed by state.

    An automaton of sentences ends with template numbers and may read lists; an automaton of a list's values
    ends with value numbers and reads words only.
    """

    words: tuple[Mapping[str, int], ...]
    """Per state: the next state by word. Not to be changed."""
    lists: tuple[tuple[tuple[int, int], ...], ...]
    """Per state: pairs of a list reference's number and the next state."""
    endings: tuple[tuple[int, ...], ...]
    """Per state: the numbers of what is complete here, ascending."""

    @property
    def state_count(self) -> int:
        """How many states there are."""
        return len(self.words)


class TooManyStatesError(ValueError):
    """Determinising went over ``LARGEST_STATES``."""


Arc = tuple[Symbol, int]
Arcs = tuple[tuple[Arc, ...], tuple[int, ...]]
"""Of one nondeterministic state: its arcs as (symbol, next state), and what ends in it."""


def determinise(arcs_of: Callable[[int], Arcs], *starts: int) -> Automaton:
    """Build the automaton of all that can be read from ``starts``, by the subset construction.

    Args:
        arcs_of: Arcs and endings of a state of the nondeterministic network.
        starts: Where reading begins.

    Raises:
        TooManyStatesError: The result would be larger than ``LARGEST_STATES``.
    """
    numbers: dict[frozenset[int], int] = {}
    subsets: list[frozenset[int]] = []

    def number_of(subset: frozenset[int]) -> int:
        if subset not in numbers:
            if len(subsets) >= LARGEST_STATES:
                raise TooManyStatesError(f"more than {LARGEST_STATES} states")
            numbers[subset] = len(subsets)
            subsets.append(subset)
        return numbers[subset]

    words: list[Mapping[str, int]] = []
    lists: list[tuple[tuple[int, int], ...]] = []
    endings: list[tuple[int, ...]] = []
    number_of(frozenset(starts))
    for subset in subsets:  # grows while it is read
        targets: dict[Symbol, set[int]] = {}
        ended: set[int] = set()
        for state in sorted(subset):
            arcs, ends = arcs_of(state)
            ended.update(ends)
            for symbol, target in arcs:
                targets.setdefault(symbol, set()).add(target)
        following = {symbol: number_of(frozenset(states)) for symbol, states in targets.items()}
        words.append({symbol: state for symbol, state in following.items() if isinstance(symbol, str)})
        lists.append(tuple((symbol, state) for symbol, state in following.items() if isinstance(symbol, int)))
        endings.append(tuple(sorted(ended)))
    return Automaton(words=tuple(words), lists=tuple(lists), endings=tuple(endings))


def minimal(automaton: Automaton, class_of: Callable[[int], int]) -> Automaton:
    """Merge states from which the same can be read with the same endings.

    Args:
        automaton: Free of loops, as all here are.
        class_of: Endings of one class may take each other's place; in a state that several were merged into
            the lowest of each class stands for all.
    """
    merged: dict[object, int] = {}
    into = [-1] * automaton.state_count
    endings: list[dict[int, int]] = []
    sources: list[int] = []
    for state in _children_first(automaton):
        words, lists = automaton.words[state], automaton.lists[state]
        ended: dict[int, int] = {}
        for ending in automaton.endings[state]:
            ended.setdefault(class_of(ending), ending)
        key = (
            frozenset(ended),
            frozenset((word, into[target]) for word, target in words.items()),
            frozenset((reference, into[target]) for reference, target in lists),
        )
        number = into[state] = merged.setdefault(key, len(merged))
        if number == len(sources):
            sources.append(state)
            endings.append(ended)
        else:
            kept = endings[number]
            kept.update((group, ending) for group, ending in ended.items() if ending < kept[group])
    last = len(sources) - 1  # the start was numbered last and becomes 0
    return Automaton(
        words=tuple(
            {word: last - into[target] for word, target in automaton.words[state].items()}
            for state in reversed(sources)
        ),
        lists=tuple(
            tuple((reference, last - into[target]) for reference, target in automaton.lists[state])
            for state in reversed(sources)
        ),
        endings=tuple(tuple(sorted(ended.values())) for ended in reversed(endings)),
    )


def _children_first(automaton: Automaton) -> list[int]:
    """All states, each after every state that can be reached from it."""
    order: list[int] = []
    seen = bytearray(automaton.state_count)
    waiting = [START]
    while waiting:
        state = waiting.pop()
        if state < 0:  # all behind it is done
            order.append(~state)
        elif not seen[state]:
            seen[state] = True
            waiting.append(~state)
            waiting.extend(automaton.words[state].values())
            waiting.extend(target for _, target in automaton.lists[state])
    return order


def reachable_endings(automaton: Automaton, group_of: Callable[[int], int]) -> tuple[int, ...]:
    """Say for each state, as a bit mask, which groups of endings can still be reached from it.

    Args:
        automaton: Free of loops, as all here are.
        group_of: The number of the bit that stands for an ending.
    """
    masks = [sum({1 << group_of(ending) for ending in ended}) for ended in automaton.endings]
    changed = True
    while changed:
        changed = False
        for state in reversed(range(automaton.state_count)):
            mask = masks[state]
            for target in automaton.words[state].values():
                mask |= masks[target]
            for _, target in automaton.lists[state]:
                mask |= masks[target]
            if mask != masks[state]:
                masks[state], changed = mask, True
    return tuple(masks)
