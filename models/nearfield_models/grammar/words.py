"""Text as words: the one normalisation that templates, list values and transcripts go through.

Case, punctuation and hyphens do not matter, typographic apostrophes are plain ones, and what is written as
digits or signs is spelled out as it is said (``12oz`` and ``twelve-ounce`` are both ``twelve ounce``).
Contractions and the like are replaced by their words (``variants``). After other words the ending ``'s`` is a
word of its own, so that ``{person}'s room`` works for every person. In scripts that put no spaces between
words, each ideograph is a word; where articles are elided (``l'entrée``), they are words. Each word
remembers which stretch of the text it came from. Nothing here looks at neighbouring words but for digits: a
text may be normalised piece by piece at its spaces with the same result.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nearfield_models.grammar.numbers import cardinal, clock_time, ordinal
from nearfield_models.grammar.scripts import ELIDING, IDEOGRAPHS, MARKS
from nearfield_models.grammar.variants import read_as


@dataclass(frozen=True, slots=True)
class Word:
    """One normalised word."""

    text: str
    start: int
    """First character in the original text."""
    end: int
    """One past the last character; words spelled out of one number share their stretch."""


_PATTERN: Final = r"""
      (?P<money>[$£€]\d+(?:,\d{3})*(?:\.\d\d)?)
    | (?P<time>\d{1,2}:[0-5]\d)(?!\d)
    | (?P<ordinal>\d+(?=(?:st|nd|rd|th)\b))(?:st|nd|rd|th)
    | (?P<number>\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)
    | (?P<compound>(?:wi[-\u2011]fi|e[-\u2011]mail|to[-\u2011](?:day|morrow|night)|o\.?k\.?)\b)
    | (?P<ideograph>[IDEOGRAPHS][MARKS]*)
    | (?P<initials>(?:LETTER\.){2,})
    | (?P<word>LETTER+AFTER)
    | (?P<ending>['\u2019]s\b)
    | (?P<sign>[%&+@°])
    """
_LETTER: Final = rf"(?:[^\W\d_{IDEOGRAPHS}][{MARKS}]*)"


def _compiled(after_word: str) -> re.Pattern[str]:
    parts = {"AFTER": after_word, "LETTER": _LETTER, "IDEOGRAPHS": IDEOGRAPHS, "MARKS": MARKS}
    pattern = _PATTERN
    for name, part in parts.items():
        pattern = pattern.replace(name, part)
    return re.compile(pattern, re.VERBOSE | re.IGNORECASE)


_TOKEN: Final = _compiled(r"(?:['\u2019]LETTER+)*")
_ELIDED_TOKEN: Final = _compiled("")

_ENGLISH: Final[Mapping[str, str]] = {
    "%": "percent", "&": "and", "+": "plus", "@": "at", "°": "degree",
}  # fmt: skip
_CURRENCIES: Final[Mapping[str, str]] = {"$": "dollar", "£": "pound", "€": "euro"}


def split_words(text: str, language: str = "en") -> tuple[Word, ...]:
    """Cut a text into normalised words.

    Args:
        text: What was said or what a template says; any string is taken.
        language: Code such as ``en``; decides the words for digits and signs.
    """
    found: list[Word] = []
    pattern = _ELIDED_TOKEN if language.split("-")[0] in ELIDING else _TOKEN
    for token in pattern.finditer(text):
        kind = str(token.lastgroup)
        found.extend(Word(said, *token.span()) for said in _READINGS[kind](token.group(), language))
    return tuple(found)


def _money(token: str, language: str) -> tuple[str, ...]:
    whole, _, cents = token[1:].partition(".")
    if not language.startswith("en"):
        return cardinal(token[1:], language)
    rest = cardinal(cents.lstrip("0"), language) if cents.strip("0") else ()
    return (*cardinal(whole, language), _CURRENCIES[token[0]], *rest)


def _letters(token: str, language: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFC", token).casefold().replace("\u2019", "'")
    words = read_as(language).get(plain)
    if words is not None:
        return words
    if plain.endswith("'s"):
        return (*_letters(plain[:-2], language), "'s")
    return (_ENGLISH.get(plain, plain) if language.startswith("en") else plain,)


def _joined(token: str, language: str) -> tuple[str, ...]:
    return _letters(re.sub(r"[-\u2011.]", "", token), language)


_READINGS: Final[Mapping[str, Callable[[str, str], tuple[str, ...]]]] = {
    "money": _money,
    "time": clock_time,
    "ordinal": lambda token, language: ordinal(token[:-2], language),
    "number": cardinal,
    "compound": _joined,
    "ideograph": _letters,
    "initials": _joined,
    "word": _letters,
    "ending": lambda _token, _language: ("'s",),
    "sign": _letters,
}
