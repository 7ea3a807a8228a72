"""How a recogniser may write the words of a grammar: the inverse of ``grammar.words``.

A grammar reads normalised words; a recogniser writes text: a capital at the start, ``12-ounce``, ``10:30``,
``OK``. For each word, and for each sequence of words that is written in one piece, this gives the texts that
normalise to it. Whatever is given here comes back as the same words from ``split_words`` (tested).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.numbers import clock_time, ordinal, spoken_forms
from nearfield_models.grammar.variants import read_as

LARGEST_SPELLED_NUMBER: Final = 999
_LONGEST_DAY: Final = 31
_WRITTEN_MINUTES: Final = range(60)

_OTHER_SPELLINGS: Final[Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]] = {
    "en": {
        ("okay",): ("OK",),
        ("percent",): ("%",),
        ("and",): ("&",),
        ("wifi",): ("Wi-Fi", "WiFi", "wi-fi"),
        ("email",): ("e-mail", "E-mail"),
    },
}
"""By language: written forms that the table of variants does not hold, because letters alone do not make
them. Normalising gives the words back."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A text that the recogniser may write for an arc, or for several in a row."""

    text: str
    target: int
    """The automaton's state behind the words written."""
    glued: bool
    """Whether it follows the word before it without a space."""


@dataclass(slots=True)
class _Phrases:
    """A trie over words; in its nodes the texts for the words on the way there."""

    texts: list[str] = field(default_factory=list)
    following: dict[str, _Phrases] = field(default_factory=dict)

    def add(self, words: tuple[str, ...], text: str) -> None:
        node = self
        for word in words:
            node = node.following.setdefault(word, _Phrases())
        if text not in node.texts:
            node.texts.append(text)


def spellings(automaton: Automaton, state: int, language: str) -> Iterator[Spelling]:
    """Give every text that the words read from a state may be written as.

    Args:
        automaton: Of sentences or of a list's values.
        state: Where reading goes on.
        language: Code such as ``en``.
    """
    inside = state != 0
    for word, target in automaton.words[state].items():
        if word == "'s":
            yield Spelling("'s", target, glued=True)
            continue
        for text in _cases(word):
            yield Spelling(text, target, glued=False)
        if inside:
            yield Spelling(f"-{word}", target, glued=True)
    yield from _in_one_piece(automaton, state, _phrases(language.split("-")[0]))


def _cases(word: str) -> tuple[str, ...]:
    capital = word[:1].upper() + word[1:]
    if word == "i" or word.startswith("i'"):
        return (capital,)
    return (word,) if capital == word else (word, capital)


def _in_one_piece(automaton: Automaton, state: int, phrases: _Phrases) -> Iterator[Spelling]:
    waiting = [(state, phrases)]
    for at, node in waiting:  # grows while it is read
        for text in node.texts:
            yield Spelling(text, at, glued=False)
        words = automaton.words[at]
        smaller, larger = sorted((words, node.following), key=len)
        waiting.extend((words[word], node.following[word]) for word in smaller if word in larger)


@cache  # a table of constants, made in some ten milliseconds
def _phrases(language: str) -> _Phrases:
    found = _Phrases()
    for words, texts in _OTHER_SPELLINGS.get(language, {}).items():
        for text in texts:
            found.add(words, text)
    for written, words in read_as(language).items():
        for text in _cases(written):
            found.add(words, text)
    for number in range(LARGEST_SPELLED_NUMBER + 1):
        for form in spoken_forms(number, language):
            found.add(form, str(number))
    if language == "en":
        _add_english_numbers(found)
    return found


def _add_english_numbers(found: _Phrases) -> None:
    for day in range(1, _LONGEST_DAY + 1):
        ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        found.add(ordinal(str(day), "en"), f"{day}{ending}")
    for number in range(1, LARGEST_SPELLED_NUMBER + 1):
        form = spoken_forms(number, "en")[0]
        found.add((*form, "dollar"), f"${number}")
        found.add((*form, "percent"), f"{number}%")
        found.add((*form, "ounce"), f"{number}oz")
    for hour in range(24):
        for minute in _WRITTEN_MINUTES:
            text = f"{hour}:{minute:02d}"
            found.add(clock_time(text, "en"), text)
