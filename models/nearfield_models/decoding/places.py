"""Where a hypothesis stands in a grammar, token by token.

A sequence of tokens may be read in several ways at once (two intents that begin alike, a size or a roast), so
a hypothesis holds a *spot*: all the places it may be at. Nothing here knows of sound or scores, and nothing
of meaning: whatever can be walked to an end makes a sentence, and what it means is read from its words by
``grammar.matching``, as if they had been typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

import numpy as np

from nearfield_models.decoding.engine import TokenIds
from nearfield_models.decoding.lexicon import Lexicon, TokenNode
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.grammar.automaton import START
from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.corrections import LONGEST_LEAD
from nearfield_models.grammar.walk import LONGEST_WILDCARD_WORDS

MOST_PLACES: Final = 256
"""Places of one hypothesis that are followed; a grammar that has more is ambiguous beyond use."""
MOST_FILLERS: Final = 2
"""Phrases without meaning in a row."""
MOST_CORRECTIONS: Final = 1
"""Corrections that one sentence may have while it is heard."""
MOST_RESTARTS: Final = 16
"""States to which a correction may go back."""


class History(NamedTuple):
    """What a sentence has been through, as far as it decides what may follow."""

    entered: tuple[int, ...] = ()
    """States at which its latest values began, and those before the words that led to them: a correction may
    go back to any."""
    lead: tuple[int, ...] = ()
    """States before the words since the latest value."""
    corrections: int = 0


class InSentence(NamedTuple):
    """Within a word of a sentence."""

    skill: int
    state: int
    """Of the sentence, before the word."""
    history: History


class InValue(NamedTuple):
    """Within a word of a list's value."""

    lexicon: Lexicon
    skill: int
    returns: int
    """State of the sentence behind the value."""
    anew: bool
    """Whether it replaces a value that was taken back."""
    history: History


class InWildcard(NamedTuple):
    """Within a stretch of any words."""

    skill: int
    returns: int
    words: int
    history: History


class InFiller(NamedTuple):
    """Within words that mean nothing."""

    lexicon: Lexicon
    skill: int
    state: int
    """Of the sentence, where it goes on."""
    ends: bool
    """Whether the sentence is complete before it."""
    left: int
    """Fillers that may follow it."""
    history: History


class InCorrection(NamedTuple):
    """Within words that take back what was said last."""

    lexicon: Lexicon
    skill: int
    state: int
    """Of the sentence, where it was interrupted."""
    history: History


Frame = InSentence | InValue | InWildcard | InFiller | InCorrection
_EMPTY: Final = (InFiller, InCorrection)


class Place(NamedTuple):
    """A node in a trie of spellings, and what the spelled word belongs to."""

    node: TokenNode | None
    """None within a wildcard: any token may follow."""
    frame: Frame


@dataclass(slots=True)
class Spot:
    """All that a hypothesis may be in the middle of."""

    places: tuple[Place, ...]
    complete: bool
    """Whether a sentence may end here."""
    boundary: bool
    """Whether a word may end here."""
    empty: bool
    """Whether the token that led here means nothing in every reading."""
    corrections: int = 0
    """Times that the sentence took something back, in the reading that did so least."""
    _ids: TokenIds | None = None

    @property
    def ids(self) -> TokenIds:
        """``int64[n]``, the tokens that may follow; those of wildcards are not among them."""
        if self._ids is None:
            parts = [place.node.ids for place in self.places if place.node is not None]
            if len(parts) == 1:
                self._ids = parts[0]
            else:
                self._ids = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
        return self._ids

    @property
    def any_token(self) -> bool:
        """Whether any token may follow."""
        return any(place.node is None for place in self.places)


_COMPLETE: Final = None
_Found = Place | None
"""A place, or ``_COMPLETE``."""


class GrammarWalk:
    """The walk of tokens through a grammar in given contexts.

    Args:
        grammar: What can be said, spelled in tokens.
        contexts: What is known of the conversation's threads; what may be said in any of them is walked.
    """

    def __init__(self, grammar: SpokenGrammar, contexts: Sequence[Mapping[str, str]] = ({},)) -> None:
        self._grammar = grammar
        self._skills = grammar.grammar.skills
        self._blocks = [
            reduce(or_, (possible_blocks(skill, context) for context in contexts), 0)
            for skill in self._skills
        ]

    def begin(self) -> Spot:
        """Before the first token."""
        starts = (
            place
            for skill, blocks in enumerate(self._blocks)
            if blocks
            for place in self._at(skill, START, History())
        )
        return _spot(starts, boundary=False, empty=False, taken_back=0)

    def advance(self, spot: Spot, token: int, *, begins_word: bool) -> Spot:
        """Read a token.

        Args:
            spot: Where the hypothesis stands.
            token: One of ``spot.ids``, or any where ``spot.any_token``.
            begins_word: Whether the token begins with a space.
        """
        found: list[_Found] = []
        boundary, empty = False, True
        for node, frame in spot.places:
            if isinstance(frame, InWildcard):
                ahead = list(self._in_wildcard(frame, begins_word))
                found.extend(ahead)
                boundary, empty = boundary or bool(ahead), empty and not ahead
                continue
            child = node.children.get(token) if node is not None else None
            if child is None:
                continue
            empty = empty and isinstance(frame, _EMPTY)
            if child.children:
                found.append(Place(child, frame))
            for target in child.targets:
                boundary = True
                found.extend(self._after_word(frame, target))
        return _spot(found, boundary=boundary, empty=empty, taken_back=spot.corrections)

    def _at(self, skill: int, state: int, history: History, fillers: int = MOST_FILLERS) -> Iterator[_Found]:
        """At a state of a skill's sentences, where a word has just ended."""
        sentences = self._skills[skill]
        blocks = self._blocks[skill]
        if not sentences.open_blocks[state] & blocks:
            return
        yield from _into(self._grammar.sentences[skill].root(state), InSentence(skill, state, history))
        yield from self._values(skill, state, None, history)
        filler = (self._grammar.fillers if state == START else self._grammar.hesitations)[skill]
        if fillers:
            frame = InFiller(filler, skill, state, False, fillers - 1, history)
            yield from _into(filler.root(START), frame)
        if history.entered and history.corrections < MOST_CORRECTIONS:
            correction = self._grammar.corrections[skill]
            yield from _into(correction.root(START), InCorrection(correction, skill, state, history))
        for template in sentences.automaton.endings[state]:
            if blocks >> sentences.templates[template].block & 1:
                yield from self._complete(skill, state, history, MOST_FILLERS)
                break

    def _values(self, skill: int, state: int, returns: int | None, history: History) -> Iterator[_Found]:
        """Enter the lists that are read at a state; behind them the sentence goes on at ``returns``."""
        sentences = self._skills[skill]
        for reference, target in sentences.automaton.lists[state]:
            if not sentences.open_blocks[target] & self._blocks[skill]:
                continue
            behind = target if returns is None else returns
            lexicon = self._grammar.lists[skill][sentences.references[reference].list_index]
            if lexicon is not None:
                entered = (*history.entered, *history.lead, state)[-MOST_RESTARTS:]
                frame = InValue(
                    lexicon, skill, behind, returns is not None, History(entered, (), history.corrections)
                )
                yield from _into(lexicon.root(START), frame)
            elif returns is None:
                yield Place(None, InWildcard(skill, behind, 0, history))

    def _complete(self, skill: int, state: int, history: History, fillers: int) -> Iterator[_Found]:
        yield _COMPLETE
        if fillers:
            lexicon = self._grammar.fillers[skill]
            yield from _into(lexicon.root(START), InFiller(lexicon, skill, state, True, fillers - 1, history))

    def _after_word(self, frame: Frame, target: int) -> Iterator[_Found]:
        """Where a word leads that ends in a state of its automaton."""
        match frame:
            case InSentence():
                lead = (*frame.history.lead, frame.state)[-LONGEST_LEAD:]
                yield from self._at(frame.skill, target, frame.history._replace(lead=lead))
            case InValue():
                yield from _into(frame.lexicon.root(target), frame)
                if frame.lexicon.automaton.endings[target]:
                    yield from self._after_value(frame)
            case InFiller():
                yield from _into(frame.lexicon.root(target), frame)
                if frame.lexicon.automaton.endings[target]:
                    yield from self._after_filler(frame)
            case InCorrection():
                yield from _into(frame.lexicon.root(target), frame)
                if frame.lexicon.automaton.endings[target]:
                    yield from self._after_correction(frame)
            case InWildcard():
                raise AssertionError("a wildcard spells no words")

    def _after_value(self, frame: InValue) -> Iterator[_Found]:
        yield from self._at(frame.skill, frame.returns, frame.history)
        if frame.anew:
            tails = self._grammar.tails[frame.skill]
            filler = InFiller(tails, frame.skill, frame.returns, False, 0, frame.history)
            yield from _into(tails.root(START), filler)

    def _after_filler(self, frame: InFiller) -> Iterator[_Found]:
        if frame.ends:
            yield from self._complete(frame.skill, frame.state, frame.history, frame.left)
        else:
            yield from self._at(frame.skill, frame.state, frame.history, frame.left)

    def _after_correction(self, frame: InCorrection) -> Iterator[_Found]:
        entered = frame.history.entered
        history = History(entered, (), frame.history.corrections + 1)
        for state in dict.fromkeys(reversed(entered)):
            yield from self._at(frame.skill, state, history, fillers=0)
            yield from self._values(frame.skill, state, frame.state, history)

    def _in_wildcard(self, frame: InWildcard, begins_word: bool) -> Iterator[_Found]:
        words = frame.words + begins_word
        if 0 < words <= LONGEST_WILDCARD_WORDS:
            yield Place(None, frame._replace(words=words))
            yield from self._at(frame.skill, frame.returns, frame.history)


def _into(root: TokenNode, frame: Frame) -> Iterator[Place]:
    if root.children:
        yield Place(root, frame)


def _spot(found: Iterable[_Found], *, boundary: bool, empty: bool, taken_back: int) -> Spot:
    """Collect places; where there are none any more, nothing is known but what was taken back before."""
    places: dict[Place, None] = {}
    complete = False
    for each in found:
        if each is None:
            complete = True
        elif len(places) < MOST_PLACES:
            places[each] = None
    corrections = min((_corrections(place.frame) for place in places), default=taken_back)
    return Spot(
        places=tuple(places), complete=complete, boundary=boundary, empty=empty, corrections=corrections
    )


def _corrections(frame: Frame) -> int:
    return frame.history.corrections + isinstance(frame, InCorrection)
