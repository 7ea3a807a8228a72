"""What people do when they correct themselves in the middle of a sentence: "a latte, no, a mocha".

No template says so. After a value that a sentence has read, a phrase of correction may follow, and the
sentence resumes where that value or an earlier one began, or at the words that led to it ("with milk, no,
with cream"); or one value is said anew, and the sentence goes on where it was interrupted ("a small latte,
sorry, large, with milk"). The value at which it resumes is taken back; those said after it stay, unless they
are said again.

The tables and functions know nothing of how words are heard: a walk of words and a walk of tokens use them
alike. Free text (a wildcard) is never corrected: "no" may well belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from nearfield_models.grammar.filling import Filled, taken_back

MOST_CORRECTIONS: Final = 3
"""Corrections that one sentence may have."""
LONGEST_LEAD: Final = 6
"""Words before a value that are remembered as leading to it: "could you please get me a"."""
MOST_PHRASES: Final = 3
"""Phrases that make up one correction."""
FURTHEST_STEPS: Final = 5
"""Values of the sentence, from the last one back, at which it may resume."""

PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "no", "wait", "sorry", "oh", "i mean", "i meant", "i mean to say", "make that", "make it", "rather",
        "or rather", "or better", "better", "actually", "scratch that", "correction", "let 's say",
        "excuse me", "not that",
    ),
}  # fmt: skip
"""By language: what says that the last words are taken back, in normalised words. Up to ``MOST_PHRASES`` of
them follow each other ("oh no, sorry"), with hesitations between."""

ARTICLES: Final[Mapping[str, frozenset[str]]] = {"en": frozenset({"a", "an", "the"})}
"""By language: words that may come with a value said again, although the sentence had none before it."""

TAILS: Final[Mapping[str, frozenset[str]]] = {"en": frozenset({"one", "ones", "instead"})}
"""By language: words that may follow a single value said anew."""


class Restart(NamedTuple):
    """A place at which a corrected sentence can resume."""

    began: tuple[int, ...]
    """States of the sentence's automaton that led here; it resumes in the last."""
    kept: Filled | None
    """What stays filled."""
    steps: int
    """How many values back it lies; fewer are likelier."""


def restarts(filled: Filled | None, slot_of: Callable[[int], str]) -> Iterator[Restart]:
    """Where a sentence can resume after a correction, the likeliest place first.

    That is the latest value, and of a value said in parts its beginning: slots whose names share what stands
    before the first underscore (``start_hour``, ``start_minute``) are parts of one value. Nowhere before the
    first value has been read, or directly after free text.

    Args:
        filled: What the sentence has read, the last first.
        slot_of: The slot's name of a list reference.
    """
    if filled is None or filled.meaning is None:
        return
    values: list[list[Filled]] = []
    link: Filled | None = filled
    for _ in range(FURTHEST_STEPS):
        if link is None:
            break
        if values and _value_of(slot_of(values[-1][0].reference)) == _value_of(slot_of(link.reference)):
            values[-1].insert(0, link)
        else:
            values.append([link])
        link = link.before
    for steps, part in enumerate(chain.from_iterable(values)):
        if part.meaning is not None:
            kept = taken_back(filled, part)
            for length in range(len(part.began), 0, -1):
                yield Restart(part.began[:length], kept, steps)


def still_meant(filled: Iterable[Filled], slot_of: Callable[[int], str]) -> tuple[Filled, ...]:
    """Leave out what a correction has replaced: a doubtful value of which a part was said again.

    Args:
        filled: In the order in which it was said.
        slot_of: The slot's name of a list reference.
    """
    meant: list[Filled] = []
    for entry in filled:
        value = _value_of(slot_of(entry.reference))
        meant = [
            earlier
            for earlier in meant
            if not earlier.doubtful or entry.doubtful or _value_of(slot_of(earlier.reference)) != value
        ]
        meant.append(entry)
    return tuple(meant)


def _value_of(slot: str) -> str:
    return slot.partition("_")[0]
