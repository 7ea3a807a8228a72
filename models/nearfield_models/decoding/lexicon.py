"""An automaton over words, spelled in the tokens of a recogniser.

Every state has a trie of the token sequences that its words may be written in; a leaf names the state behind
the words. Tries are made when a search first comes there and kept as long as the automaton is in use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nearfield_models.decoding.engine import TokenIds, TokenTable
from nearfield_models.decoding.spelling import spellings
from nearfield_models.grammar.automaton import Automaton


class TokenNode:
    """A place in a trie of spellings."""

    __slots__ = ("_ids", "children", "targets")

    def __init__(self) -> None:
        self.children: dict[int, TokenNode] = {}
        self.targets: list[int] = []
        """States of the automaton reached when a spelling ends here."""
        self._ids: TokenIds | None = None

    @property
    def ids(self) -> TokenIds:
        """``int64[n]``, the tokens that may follow."""
        if self._ids is None:
            self._ids = np.fromiter(self.children, np.int64, len(self.children))
        return self._ids

    def add(self, tokens: Sequence[int], target: int) -> None:
        """Let a sequence of tokens lead to a state."""
        node = self
        for token in tokens:
            node = node.children.setdefault(token, TokenNode())
        if target not in node.targets:
            node.targets.append(target)


class WordTokens:
    """The tokens of single words, kept: most words stand in many places."""

    def __init__(self, table: TokenTable) -> None:
        self._table = table
        self._spaced: dict[str, tuple[int, ...]] = {}
        self._glued: dict[str, tuple[int, ...]] = {}
        self._stem = table.encode("x")

    def spaced(self, text: str) -> tuple[int, ...]:
        """Tokens of a text that stands after a space or at the beginning."""
        found = self._spaced.get(text)
        if found is None:
            found = self._spaced[text] = self._table.encode(text)
        return found

    def glued(self, text: str) -> tuple[int, ...]:
        """Tokens of a text that goes on where a word stopped."""
        found = self._glued.get(text)
        if found is None:
            found = self._glued[text] = self._table.encode(f"x{text}")[len(self._stem) :]
        return found


class Lexicon:
    """The tries of one automaton."""

    def __init__(self, automaton: Automaton, words: WordTokens, language: str) -> None:
        self.automaton = automaton
        self._words = words
        self._language = language
        self._roots: dict[int, TokenNode] = {}

    def root(self, state: int) -> TokenNode:
        """Where the spellings of what a state reads begin."""
        found = self._roots.get(state)
        if found is None:
            found = TokenNode()
            for spelling in spellings(self.automaton, state, self._language):
                tokens = (self._words.glued if spelling.glued else self._words.spaced)(spelling.text)
                found.add(tokens, spelling.target)
            self._roots[state] = found
        return found
