"""A network of fragments, from which the automaton over words is drawn.

Templates are written in characters: ``light[s]`` is two words, ``{person}'s`` a value with an ending. So a
template first becomes a network whose arcs carry fragments of text, breaks between words, and lists. Reading
it word by word glues fragments up to the next break and normalises what comes out. Where the words of
``i would`` can be read, ``i'd`` can be read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from nearfield_models.grammar.automaton import Arc, Arcs, Symbol, TooManyStatesError
from nearfield_models.grammar.scripts import IDEOGRAPHS, MARKS
from nearfield_models.grammar.variants import Words, spoken_forms_of
from nearfield_models.grammar.words import split_words

BREAK: Final = " "
LARGEST_NETWORK: Final = 500_000
MOST_GLUED: Final = 16_384
"""Different beginnings of words that one place of a template may have."""
_PIECE: Final = re.compile(rf" |[{IDEOGRAPHS}][{MARKS}]*|[^ {IDEOGRAPHS}]+")
_IDEOGRAPH: Final = re.compile(rf"[{IDEOGRAPHS}]")

Label = str | int | None
"""``None`` reads nothing, ``BREAK`` ends a word, other text is a fragment, a number is a list reference."""

Step = tuple[Symbol | None, int, str]
"""A symbol read (or None), the next state, and the part of a word begun before it."""


class TooManyWordsError(ValueError):
    """Fragments glued together make more than ``MOST_GLUED`` words at one place.

    Attributes:
        state: The place in the network.
    """

    def __init__(self, state: int) -> None:
        super().__init__(f"more than {MOST_GLUED} beginnings of words at one place")
        self.state = state


class Network:
    """States and labelled arcs, grown while templates are read; then read word by word."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._spoken_forms = spoken_forms_of(language)
        self._edges: list[list[tuple[Label, int]]] = []
        self._endings: dict[int, int] = {}
        self._chains: dict[int, Arcs] = {}
        self._known: dict[int, Arcs] = {}
        self._normalised: dict[str, tuple[str, ...]] = {}

    def state(self) -> int:
        """Add a state.

        Raises:
            TooManyStatesError: There would be more than ``LARGEST_NETWORK``.
        """
        if len(self._edges) >= LARGEST_NETWORK:
            raise TooManyStatesError(f"more than {LARGEST_NETWORK} states when written out")
        self._edges.append([])
        return len(self._edges) - 1

    def connect(self, source: int, label: Label, target: int) -> None:
        """Add an arc."""
        self._edges[source].append((label, target))

    def end(self, state: int, ending: int) -> None:
        """Let something be complete in a state."""
        self._endings[state] = ending

    def text(self, source: int, text: str) -> int:
        """Add a stretch of text after ``source`` and give the state behind it."""
        state = source
        for piece in _PIECE.findall(text):
            labels = (BREAK, piece, BREAK) if _IDEOGRAPH.match(piece) else (piece,)
            for label in labels:
                target = self.state()
                self.connect(state, label, target)
                state = target
        return state

    def phrase(self, text: str, ending: int) -> int:
        """Add a text that stands by itself, with what is complete behind it, and give the state before it."""
        end = self.state()
        self._known[end] = (), (ending,)
        return self._chain(tuple(word.text for word in split_words(text, self._language)), end)

    def arcs(self, state: int) -> Arcs:
        """Words and lists that can be read from a state, and what ends there.

        Raises:
            TooManyWordsError: Fragments make too many words.
        """
        if state not in self._known:
            arcs, endings = self._chains.get(state) or self._read(state)
            self._known[state] = (*arcs, *self._forms(arcs)), endings
        return self._known[state]

    def _forms(self, arcs: Iterable[Arc]) -> Iterator[tuple[str, int]]:
        """Arcs that read in one what ``arcs`` and those after them read as several words."""
        for symbol, target in arcs:
            if isinstance(symbol, str) and symbol in self._spoken_forms:
                for words, form in self._spoken_forms[symbol]:
                    yield from ((form, behind) for behind in self._behind(target, words[1:]))

    def _behind(self, state: int, words: Words) -> Iterator[int]:
        if not words:
            yield state
            return
        for symbol, target in self.arcs(state)[0]:
            if symbol == words[0]:
                yield from self._behind(target, words[1:])

    def _read(self, start: int) -> Arcs:
        arcs: dict[tuple[Symbol, int], None] = {}
        endings: set[int] = set()
        seen = {(start, "")}
        waiting = [(start, "")]
        for state, begun in waiting:  # grows while it is read
            if state in self._endings and not begun:
                endings.add(self._endings[state])
            for symbol, target, rest in self._steps(state, begun):
                if symbol is not None:
                    arcs[symbol, target] = None
                elif (target, rest) not in seen:
                    seen.add((target, rest))
                    waiting.append((target, rest))
            if len(seen) > MOST_GLUED:
                raise TooManyWordsError(start)
        return tuple(arcs), tuple(sorted(endings))

    def _steps(self, state: int, begun: str) -> Iterator[Step]:
        if begun and state in self._endings:
            yield self._finish(begun, state)
        for label, target in self._edges[state]:
            if label is None:
                yield None, target, begun
            elif label == BREAK:
                yield self._finish(begun, target)
            elif isinstance(label, str):
                yield None, target, begun + label
            elif begun:
                yield self._finish(begun, state)
            else:
                yield label, target, ""

    def _finish(self, begun: str, target: int) -> Step:
        words = self._normalised.get(begun)
        if words is None:
            words = tuple(word.text for word in split_words(begun, self._language))
            self._normalised[begun] = words
        return (words[0], self._chain(words[1:], target), "") if words else (None, target, "")

    def _chain(self, words: tuple[str, ...], target: int) -> int:
        for word in reversed(words):
            state = self.state()
            self._chains[state] = (((word, target),), ())
            target = state
        return target
