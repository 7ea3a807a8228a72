"""Text as words: the one normalisation that templates, list values and transcripts go through.

Case, punctuation and hyphens do not matter, typographic apostrophes are plain ones, and what is written as
digits or signs is spelled out as it is said (``12oz`` and ``twelve-ounce`` are both ``twelve ounce``). The
ending ``'s`` is a word of its own, so that ``{person}'s room`` works for every person. Each word remembers
which stretch of the text it came from. Nothing here looks at neighbouring words but for digits: a text may
be normalised piece by piece at its spaces with the same result.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from nearfield_models.grammar.numbers import cardinal, clock_time, ordinal


@dataclass(frozen=True, slots=True)
class Word:
    """One normalised word."""

    text: str
    start: int
    """First character in the original text."""
    end: int
    """One past the last character; words spelled out of one number share their stretch."""


_TOKEN: Final = re.compile(
    r"""
      (?P<money>[$£€]\d+(?:,\d{3})*(?:\.\d\d)?)
    | (?P<time>\d{1,2}:[0-5]\d)(?!\d)
    | (?P<ordinal>\d+(?=(?:st|nd|rd|th)\b))(?:st|nd|rd|th)
    | (?P<number>\d+(?:,\d{3}(?!\d))*(?:\.\d+)?)
    | (?P<compound>(?:wi[-\u2011]fi|e[-\u2011]mail|to[-\u2011](?:day|morrow|night)|o\.?k\.?)\b)
    | (?P<initials>(?:LETTER\.){2,})
    | (?P<word>LETTER+(?:['\u2019]LETTER+)*)
    | (?P<ending>['\u2019]s\b)
    | (?P<sign>[%&+@°])
    """.replace("LETTER", r"(?:[^\W\d_][\u0300-\u036f]*)"),
    re.VERBOSE | re.IGNORECASE,
)

_ENGLISH: Final[Mapping[str, str]] = {
    "%": "percent", "&": "and", "+": "plus", "@": "at", "°": "degrees",
    "ok": "okay", "oz": "ounce", "alright": "all right", "cannot": "can not",
    "anyone": "any one", "everyone": "every one", "someone": "some one", "goodbye": "good bye",
}  # fmt: skip
_CURRENCIES: Final[Mapping[str, str]] = {"$": "dollar", "£": "pound", "€": "euro"}


def split_words(text: str, language: str = "en") -> tuple[Word, ...]:
    """Cut a text into normalised words.

    Args:
        text: What was said or what a template says; any string is taken.
        language: Code such as ``en``; decides the words for digits and signs.
    """
    found: list[Word] = []
    for token in _TOKEN.finditer(text):
        kind = str(token.lastgroup)
        found.extend(Word(said, *token.span()) for said in _READINGS[kind](token.group(), language))
    return tuple(found)


def _money(token: str, language: str) -> tuple[str, ...]:
    whole, _, cents = token[1:].partition(".")
    if not language.startswith("en"):
        return cardinal(token[1:], language)
    unit = _CURRENCIES[token[0]] + ("" if whole == "1" else "s")
    rest = cardinal(cents.lstrip("0"), language) if cents.strip("0") else ()
    return (*cardinal(whole, language), unit, *rest)


def _letters(token: str, language: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFC", token).casefold().replace("\u2019", "'")
    if plain.endswith("'s"):
        return (*_letters(plain[:-2], language), "'s")
    spelled = _ENGLISH.get(plain, plain) if language.startswith("en") else plain
    return tuple(spelled.split())


def _joined(token: str, language: str) -> tuple[str, ...]:
    return _letters(re.sub(r"[-\u2011.]", "", token), language)


_READINGS: Final[Mapping[str, Callable[[str, str], tuple[str, ...]]]] = {
    "money": _money,
    "time": clock_time,
    "ordinal": lambda token, language: ordinal(token[:-2], language),
    "number": cardinal,
    "compound": _joined,
    "initials": _joined,
    "word": _letters,
    "ending": lambda _token, _language: ("'s",),
    "sign": _letters,
}
