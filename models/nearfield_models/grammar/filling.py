"""The slots that a way through an automaton has filled, as a chain from the last to the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Filled(NamedTuple):
    """A slot filled on the way, linked to the one before it."""

    reference: int
    """Index of the list reference."""
    meaning: int | None
    """Index of the list's meaning, or None for a wildcard: the words themselves."""
    first: int
    last: int
    """The words ``first`` to ``last``, the last excluded."""
    began: tuple[int, ...]
    """States of the sentence: before each of the words that led to the list ("with"), and where it was
    entered."""
    doubtful: bool
    """Whether the speaker has since gone back to what was said before it."""
    before: Filled | None


def in_order(last: Filled | None) -> Iterator[Filled]:
    """The chain from its first slot to ``last``."""
    if last is not None:
        yield from in_order(last.before)
        yield last


def taken_back(last: Filled | None, link: Filled) -> Filled | None:
    """The chain without one of its own links; what was said after that becomes doubtful."""
    if last is None or last is link:
        return None if last is None else last.before
    return last._replace(before=taken_back(last.before, link), doubtful=True)
