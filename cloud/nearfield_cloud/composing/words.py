"""Words of questions and passages: stems, numbers, names, and which of them say little."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import snowballstemmer

_WORD: Final = re.compile(r"[^\W_]+(?:[.,'\u2019/&-][^\W_]+)*[%°]?", re.UNICODE)
_DIGITS: Final = re.compile(r"\d")
_LONGEST_WORD: Final = 40
"""Characters; what is longer is no word of a language and keeps only its beginning."""


def listed(words: str) -> frozenset[str]:
    """The words of a line or several."""
    return frozenset(words.split())


LITTLE: Final = listed(
    """a an the and or but nor so yet of in on at to from by for with without about into onto over under as
    than then that this these those there here it its itself he him his himself she her hers herself
    they them their theirs themselves we us our ours you your yours i me my mine who whom whose
    which what when where why how is are was were be been being am do does did doing done has have
    had having will would shall should can could may might must not no nor n't also just only very
    too such some any each every all both either neither if because while during until unless
    although though however up down out off again further once s t re ve ll d m one ones's other
    others same own more most much many few less least it's"""
)
"""Words that are in nearly every text: that a question shares them with a sentence says nothing."""

NEGATIONS: Final = listed(
    """not no never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't aren't
    wasn't weren't won't wouldn't shouldn't couldn't hasn't haven't hadn't hardly rarely seldom fail
    failed fails lack lacked lacks except excluding"""
)

NUMBER_WORDS: Final = listed(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    thousand million billion trillion dozen half third thirds quarter quarters fifth fourth first
    second twice double triple percent zero several"""
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word where it stands."""

    text: str
    lower: str
    stem: str
    start: int
    """First character in the text it was read from."""
    end: int
    little: bool
    """Whether it is one of the words that say nothing by themselves."""
    capital: bool
    """Whether it begins with a capital letter though no sentence begins with it: part of a name."""
    number: bool
    """Written in digits, or a number word."""


def words_of(text: str) -> tuple[Word, ...]:
    """Give the words of a text in order; the first word is no name for its capital alone."""
    return tuple(_read(text))


def _read(text: str) -> Iterator[Word]:
    first = True
    for match in _WORD.finditer(text):
        written = match.group()
        for suffix in ("'s", "\u2019s"):
            written = written.removesuffix(suffix)
        lower = written.lower().replace("\u2019", "'")[:_LONGEST_WORD]
        plain = lower.isascii() and lower.islower() and lower.isalpha()
        yield Word(
            text=written,
            lower=lower,
            stem=stem_of(lower) if plain else lower,
            start=match.start(),
            end=match.start() + len(written),
            little=lower in LITTLE,
            capital=written[0].isupper()
            and not (first and lower in LITTLE)
            and (not first or _is_name(written)),
            number=bool(_DIGITS.search(lower)) or lower in NUMBER_WORDS,
        )
        first = False


def _is_name(written: str) -> bool:
    """Whether a sentence's first word would be written with capitals anywhere: an abbreviation."""
    return len(written) > 1 and written[1:2].isupper()


@lru_cache(maxsize=32_768)
def stem_of(lower: str) -> str:
    """The stem of a word in small letters."""
    # An English stemmer keeps the word that it works on: each thread has its own for as long as one word.
    stemmed: str = snowballstemmer.stemmer("english").stemWord(lower)
    return stemmed
