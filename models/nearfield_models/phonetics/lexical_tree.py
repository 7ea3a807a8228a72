"""A vocabulary as a tree of phones, and the search for its words anywhere in a string of phones.

The search aligns every path of the tree with the string from every place at once, one phone of the tree a
step, and keeps of each alignment a band around the diagonal. A path that is too far from what was heard is
dropped with all the words behind it, so the time hardly grows with the vocabulary. It is bounded whatever was
heard: ``MOST_PATHS`` are followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfield_models.phonetics.distance import skip_costs, substitution_costs
from nearfield_models.phonetics.phones import Phone

MOST_PATHS: Final = 2_500
FURTHEST: Final = 0.45
"""A word farther from what was heard is not found: its cost over what it costs to miss the word."""
HEAD_START: Final = 0.4
"""Cost that the beginning of a word may have beyond its share: its first phone may be misheard."""
_BAND: Final = 3
"""Phones by which a word and what was heard of it may differ in length."""
_OUT_OF_REACH: Final = 1e6

Numbers = NDArray[np.intp]
Rows = NDArray[np.float64]


class Spotted(NamedTuple):
    """A word found in a string of phones."""

    word: str
    end: int
    """One past its last phone."""
    cost: float


class LexicalTree:
    """The words of a vocabulary, sharing the beginnings of their pronunciations.

    Args:
        pronunciations: Each word's phones, at least one.
    """

    def __init__(self, pronunciations: Mapping[str, Sequence[Phone]]) -> None:
        self.inventory = tuple(sorted({phone for phones in pronunciations.values() for phone in phones}))
        self._skips = skip_costs(self.inventory)
        number = {phone: position for position, phone in enumerate(self.inventory)}
        entries = sorted(
            (tuple(number[phone] for phone in phones), word) for word, phones in pronunciations.items()
        )
        self._words: dict[int, tuple[str, ...]] = {}
        self._phones: Numbers
        self._first: Numbers
        self._count: Numbers
        self._weights: Rows
        self._grow(entries)
        self._ends_word = np.zeros(self._phones.size, dtype=bool)
        self._ends_word[list(self._words)] = True

    def _grow(self, entries: Sequence[tuple[tuple[int, ...], str]]) -> None:
        """Number the nodes level by level, so that the children of each follow one another.

        A node's weight is what it costs to miss everything from the root to it.
        """
        phones, weights, first, count = [0], [0.0], [], []
        skips = self._skips.tolist()
        spans = [(0, len(entries), 0)]  # of each node: its entries, and how many phones they share
        for node, (begin, end, depth) in enumerate(spans):  # grows while it is read
            at = begin
            while at < end and len(entries[at][0]) == depth:
                at += 1
            if at > begin:
                self._words[node] = tuple(word for _, word in entries[begin:at])
            first.append(len(spans))
            while at < end:
                phone, since = entries[at][0][depth], at
                while at < end and entries[at][0][depth] == phone:
                    at += 1
                phones.append(phone)
                weights.append(weights[node] + skips[phone])
                spans.append((since, at, depth + 1))
            count.append(len(spans) - first[-1])
        self._phones, self._weights = np.array(phones, dtype=np.intp), np.array(weights)
        self._first, self._count = np.array(first, dtype=np.intp), np.array(count, dtype=np.intp)

    def words_in(self, phones: Sequence[Phone]) -> tuple[tuple[Spotted, ...], ...]:
        """Find the words that may begin at each place, by what follows it; a word may have several ends.

        A word begins and ends with phones of its own: what was heard between two words is left to the caller.
        """
        search = _Search(self, phones)
        found: list[list[Spotted]] = [[] for _ in phones]
        paths = search.begin()
        depth = 0
        while paths.nodes.size:
            depth += 1
            paths, ended = search.step(paths, depth)
            for node, start, end, cost in ended:
                found[start].extend(Spotted(word, end, cost) for word in self._words[node])
        return tuple(map(tuple, found))


class _Paths(NamedTuple):
    """Paths through the tree, each with the alignments of its phones from one place on."""

    nodes: Numbers
    """``intp[p]``."""
    starts: Numbers
    """``intp[p]``: where in the string each begins."""
    rows: Rows
    """``float64[p, 2 * _BAND + 1]``: cost by the number of phones heard, which is the column less ``_BAND``
    plus the depth of the path."""


class _Search:
    """One string of phones against one tree."""

    def __init__(self, tree: LexicalTree, phones: Sequence[Phone]) -> None:
        self._tree = tree
        self._length = len(phones)
        self._columns = np.arange(2 * _BAND + 1)
        inside = substitution_costs(tree.inventory, phones)
        self._substituted = np.pad(inside, ((0, 0), (1, 1)), constant_values=_OUT_OF_REACH)
        self._before = np.concatenate(([0.0], np.cumsum(skip_costs(phones)), [_OUT_OF_REACH]))

    def begin(self) -> _Paths:
        rows = np.full((self._length, 2 * _BAND + 1), _OUT_OF_REACH)
        rows[:, _BAND] = 0.0
        return _Paths(np.zeros(self._length, dtype=np.intp), np.arange(self._length), rows)

    def step(self, paths: _Paths, depth: int) -> tuple[_Paths, list[tuple[int, int, int, float]]]:
        """Go one phone down the tree: what is left, and (node, start, end, cost) of words found."""
        tree = self._tree
        counts = tree._count[paths.nodes]
        parents = np.repeat(np.arange(counts.size), counts)
        behind = np.arange(parents.size) - np.repeat(np.cumsum(counts) - counts, counts)
        nodes = tree._first[paths.nodes][parents] + behind
        starts, old = paths.starts[parents], paths.rows[parents]
        phones = tree._phones[nodes]
        ends = starts[:, None] + (depth - _BAND + self._columns)
        heard = np.clip(ends, 0, self._length + 1)
        rows = old + self._substituted[phones[:, None], heard]
        missed = old[:, 1:] + tree._skips[phones][:, None]
        np.minimum(rows[:, :-1], missed, out=rows[:, :-1])
        weights = tree._weights[nodes]
        ended = self._ended(nodes, starts, ends, rows, weights)
        before = self._before[heard]
        rows = np.minimum.accumulate(rows - before, axis=1) + before
        slack = rows.min(axis=1) - FURTHEST * weights
        kept = np.flatnonzero((slack <= HEAD_START) & (tree._count[nodes] > 0))
        if kept.size > MOST_PATHS:
            kept = kept[np.argsort(slack[kept], kind="stable")[:MOST_PATHS]]
        return _Paths(nodes[kept], starts[kept], rows[kept]), ended

    def _ended(
        self, nodes: Numbers, starts: Numbers, ends: NDArray[Any], rows: Rows, weights: Rows
    ) -> list[tuple[int, int, int, float]]:
        near = (rows <= FURTHEST * weights[:, None]) & (ends > starts[:, None])
        path, column = np.nonzero(near & self._tree._ends_word[nodes][:, None])
        return list(
            zip(
                nodes[path].tolist(),
                starts[path].tolist(),
                ends[path, column].tolist(),
                rows[path, column].tolist(),
                strict=True,
            )
        )
