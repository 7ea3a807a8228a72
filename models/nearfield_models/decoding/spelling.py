"""How a recogniser may write the words of a grammar: the inverse of ``grammar.words``.

A grammar reads normalised words; a recogniser writes text: a capital at the start, ``12-ounce``, ``10:30``,
``OK``. For each word, and for each sequence of words that is written in one piece, this gives the texts that
normalise to it. Whatever is given here comes back as the same words from ``split_words`` (tested).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.numbers import ordinal, spoken_forms
from nearfield_models.grammar.scripts import ELIDING, IDEOGRAPHS
from nearfield_models.grammar.variants import read_as

LARGEST_SPELLED_NUMBER: Final = 999
_LONGEST_DAY: Final = 31
_HOURS: Final = range(24)
_MINUTES: Final = range(60)

_OTHER_SPELLINGS: Final[Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]] = {
    "en": {
        ("okay",): ("OK", "O.K."),
        ("percent",): ("%",),
        ("and",): ("&",),
        ("wifi",): ("Wi-Fi", "WiFi", "wi-fi"),
        ("email",): ("e-mail", "E-mail"),
        ("today",): ("to-day",),
        ("am",): ("a.m.", "AM"),
        ("pm",): ("p.m.", "PM"),
    },
}
"""By language: written forms that the table of variants does not hold, because letters alone do not make
them. Normalising gives the words back."""

_SIGNS: Final[Mapping[str, Mapping[str, str]]] = {"en": {"percent": "%", "degree": "°"}}
"""By language: signs that are written for words, without a space before them."""
_AFTER_DIGITS: Final[Mapping[str, frozenset[str]]] = {"en": frozenset({"am", "pm", "oz"})}
"""By language: words that are written without a space after digits (``3pm``), and only there."""
_ORDINAL_ENDINGS: Final = frozenset({"st", "nd", "rd", "th"})
_LONGEST_MARKING: Final = 3
"""Letters that are written in one piece with a number (``4A``, ``MP3``) and in capitals (``TV``)."""

_SIGMA, _FINAL_SIGMA = "\u03c3", "\u03c2"
_IDEOGRAPH: Final = re.compile(f"[{IDEOGRAPHS}]")
_NAME_PREFIX: Final = re.compile(r"(?:[^\W\d_]'|mc)(?=[^\W\d_]{2})")
"""The beginning of names with a second capital: ``O'Hara``, ``McDonald``."""


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
    language = language.split("-")[0]
    inside = state != START
    signs, after_digits = _SIGNS.get(language, {}), _AFTER_DIGITS.get(language, frozenset())
    for word, target in automaton.words[state].items():
        if word == "'s":
            yield Spelling("'s", target, glued=True)
            continue
        for text in _cases(word, language):
            yield Spelling(text, target, glued=False)
        if _IDEOGRAPH.match(word):
            yield Spelling(word, target, glued=True)
        elif inside:
            for text in _first_letter(word):
                yield Spelling(f"-{text}", target, glued=True)
                if language in ELIDING and word != "s":
                    yield Spelling(f"'{text}", target, glued=True)
        if word in signs:
            yield Spelling(signs[word], target, glued=True)
        if word in after_digits:
            yield Spelling(word, target, glued=True)
    yield from _in_one_piece(automaton, state, language, inside=inside)


def _first_letter(word: str) -> tuple[str, ...]:
    capital = word[:1].upper() + word[1:]
    return (word,) if capital == word else (word, capital)


def _cases(word: str, language: str) -> tuple[str, ...]:
    """A word in the letters in which it may be written where it stands alone."""
    if language == "en" and (word == "i" or word.startswith("i'")):
        return (word[:1].upper() + word[1:],)
    found = dict.fromkeys(_first_letter(word))
    prefix = _NAME_PREFIX.match(word)
    if prefix:
        at = prefix.end()
        found[word[:1].upper() + word[1:at] + word[at:].capitalize()] = None
        found[word[:at] + word[at:].capitalize()] = None
    elif 1 < len(word) <= _LONGEST_MARKING:
        found[word.upper()] = None
    if "ss" in word and language == "de":  # normalising makes the one of the other
        found.update(dict.fromkeys(text.replace("ss", "ß") for text in tuple(found)))
    if word.endswith(_SIGMA):
        found.update(dict.fromkeys(text[:-1] + _FINAL_SIGMA for text in tuple(found)))
    return tuple(found)


def _in_one_piece(automaton: Automaton, state: int, language: str, *, inside: bool) -> Iterator[Spelling]:
    """Several words in one text, a number's words before all."""
    for text, at in _phrases_at(automaton, state, _phrases(language)):
        yield Spelling(text, at, glued=False)
        digits = text.isdigit()
        if inside and digits:
            yield Spelling(f"-{text}", at, glued=True)
        if digits:
            for word, target in automaton.words[at].items():
                if _is_marking(word) and word not in _ORDINAL_ENDINGS:
                    yield Spelling(f"{text}{word}", target, glued=False)
                    yield Spelling(f"{text}{word.upper()}", target, glued=False)
    for word, target in automaton.words[state].items():
        if _is_marking(word):
            for text, at in _phrases_at(automaton, target, _phrases(language)):
                if text.isdigit():
                    yield Spelling(f"{word.upper()}{text}", at, glued=False)


def _is_marking(word: str) -> bool:
    return len(word) <= _LONGEST_MARKING and word.isascii() and word.isalpha()


def _phrases_at(automaton: Automaton, state: int, phrases: _Phrases) -> Iterator[tuple[str, int]]:
    waiting = [(state, phrases)]
    for at, node in waiting:  # grows while it is read
        for text in node.texts:
            yield text, at
        words = automaton.words[at]
        smaller, larger = sorted((words, node.following), key=len)
        waiting.extend((words[word], node.following[word]) for word in smaller if word in larger)


@cache  # a table of constants, made in less than a tenth of a second
def _phrases(language: str) -> _Phrases:
    found = _Phrases()
    for words, texts in _OTHER_SPELLINGS.get(language, {}).items():
        for text in texts:
            found.add(words, text)
    for written, words in read_as(language).items():
        for text in _cases(written, language):
            found.add(words, text)
    numbers = [spoken_forms(number, language) for number in range(LARGEST_SPELLED_NUMBER + 1)]
    for number, forms in enumerate(numbers):
        for form in forms:
            found.add(form, str(number))
    if language == "en":
        _add_english_numbers(found, [forms[0] for forms in numbers])
    return found


def _add_english_numbers(found: _Phrases, numbers: Sequence[tuple[str, ...]]) -> None:
    for day in range(1, _LONGEST_DAY + 1):
        ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        found.add(ordinal(str(day), "en"), f"{day}{ending}")
    for number, form in enumerate(numbers):
        found.add((*form, "dollar"), f"${number}")
        found.add((*form, "percent"), f"{number}%")
        found.add((*form, "ounce"), f"{number}oz")
    for hour in _HOURS:
        found.add(numbers[hour], f"{hour}:00")
        for minute in _MINUTES[1:]:
            oh = ("oh",) if minute < 10 else ()
            found.add((*numbers[hour], *oh, *numbers[minute]), f"{hour}:{minute:02d}")
