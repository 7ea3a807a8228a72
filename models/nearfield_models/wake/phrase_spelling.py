"""A wake phrase as text: what may be one, and the ways in which the recogniser may write it.

The recogniser writes sentences, so a phrase begins with a capital there and may carry a comma after its
first word; within a sentence it may be small. A word that it has no piece for may come out as two
("nearfield", "near field").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_models.asr.tokens import Tokens
from nearfield_models.errors import EngineError, WakePhraseError

LONGEST_WORDS: Final = 6
_SHORTEST_LETTERS: Final = 2
_SHORT_LETTERS: Final = 5
_LONGEST_LETTERS: Final = 60
_SHORTEST_HALF: Final = 3
_MOST_SPELLINGS: Final = 6
_WORDS: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*", re.UNICODE)
_SPACE: Final = "▁"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """One way of writing a phrase, in the recogniser's tokens."""

    text: str
    tokens: tuple[int, ...]
    word_starts: tuple[int, ...]
    """Index of the first token of each word of ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseSpellings:
    """A phrase with its spellings at the beginning of what is said, and after other words."""

    phrase: str
    first: tuple[Spelling, ...]
    later: tuple[Spelling, ...]


def checked_phrase(phrase: str) -> str:
    """Give the phrase with single spaces and without punctuation around its words.

    Raises:
        WakePhraseError: Nobody could say it, or nothing could recognise it.
    """
    words = phrase.split()
    bare = [word.strip('.,;:!?"“”') for word in words]
    if not any(bare):
        raise WakePhraseError("a wake phrase is empty: write what is to be said, such as 'hello nearfield'")
    for word in bare:
        if not _WORDS.fullmatch(word):
            raise WakePhraseError(
                f"wake phrase {phrase!r} cannot be said as it is written: use words of letters, numbers in"
                f" words too, not {word!r}"
            )
    text = " ".join(bare)
    letters = sum(character.isalpha() for character in text)
    if letters < _SHORTEST_LETTERS:
        raise WakePhraseError(
            f"wake phrase {phrase!r} is too short to be told from a cough: take a word or two"
        )
    if letters > _LONGEST_LETTERS or len(bare) > LONGEST_WORDS:
        raise WakePhraseError(
            f"wake phrase {phrase!r} is too long: take at most {LONGEST_WORDS} words of together"
            f" {_LONGEST_LETTERS} letters"
        )
    return text


def is_short(phrase: str) -> bool:
    """Whether a phrase has so few sounds that it lies within other words and much talk."""
    return sum(character.isalpha() for character in phrase) < _SHORT_LETTERS


def spellings(phrase: str, tokens: Tokens) -> PhraseSpellings:
    """The spellings of a phrase in a recogniser's tokens.

    Raises:
        WakePhraseError: The phrase is none, or has letters that the recogniser never writes.
    """
    text = checked_phrase(phrase)
    halves = _in_halves(text, tokens)
    given = [text, *halves]
    first = [_capital(one) for one in given] + [_titled(one) for one in given]
    first += [_capital(one).replace(" ", ", ", 1) for one in (text, _titled(text)) if " " in text]
    later = [*given, *(one.lower() for one in given), *(_titled(one) for one in given)]
    try:
        return PhraseSpellings(phrase=text, first=_distinct(first, tokens), later=_distinct(later, tokens))
    except EngineError as error:
        raise WakePhraseError(
            f"wake phrase {phrase!r} has letters that the recogniser does not know: {error}"
        ) from error


def _distinct(texts: Sequence[str], tokens: Tokens) -> tuple[Spelling, ...]:
    return tuple(_spelling(text, tokens) for text in list(dict.fromkeys(texts))[:_MOST_SPELLINGS])


def _spelling(text: str, tokens: Tokens) -> Spelling:
    ids = tokens.encode(text)
    starts = [at for at, token in enumerate(ids) if tokens.pieces[token].startswith(_SPACE.encode())]
    return Spelling(text=text, tokens=ids, word_starts=tuple(starts))


def _in_halves(text: str, tokens: Tokens) -> list[str]:
    """The phrase with one word taken apart where each half is a word that the recogniser has a piece for."""
    pieces = frozenset(tokens.pieces)
    words = text.split(" ")
    found = []
    for index, word in enumerate(words):
        if f"{_SPACE}{word}".encode() in pieces or f"{_SPACE}{word.lower()}".encode() in pieces:
            continue
        for at in range(_SHORTEST_HALF, len(word) - _SHORTEST_HALF + 1):
            left, right = word[:at], word[at:]
            if all(f"{_SPACE}{half.lower()}".encode() in pieces for half in (left, right)):
                found.append(" ".join([*words[:index], left, right, *words[index + 1 :]]))
    return found[:2]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _titled(text: str) -> str:
    return " ".join(_capital(word) for word in text.split(" "))
