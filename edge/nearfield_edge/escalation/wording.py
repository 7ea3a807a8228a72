"""When two questions are the same one, and when a question means the same without what was said before."""

from __future__ import annotations

import unicodedata
from typing import Final

_KEPT: Final = "%‰"
_LEANING: Final = frozenset(
    {
        "it", "its", "it's", "that", "that's", "this", "these", "those", "they", "they're", "them", "their",
        "he", "she", "him", "her", "his", "hers", "there", "then", "one", "ones", "same", "other", "others",
        "another", "else", "more", "again", "too", "also", "instead", "either", "both", "former", "latter",
        "first", "second", "last", "next", "previous",
    }
)  # fmt: skip
"""English words that may point back at what was said before."""
_GOING_ON: Final = frozenset({"and", "but", "or", "so", "yes", "no", "okay", "what about", "how about"})
"""English words that go on with it where a question begins with them."""
_FEWEST_WORDS: Final = 4


def normalised(text: str) -> str:
    """The question without case, spaces and the marks around its words; ``-5``, ``3.5`` and ``10%`` stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(word for word in map(_bare, folded.split()) if word)


def stands_alone(text: str, language: str) -> bool:
    """Whether a question surely means the same whatever was said before.

    Only English can be judged; elsewhere no question does.
    """
    words = [word.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'") for word in normalised(text).split()]
    if language.split("-")[0] != "en" or len(words) < _FEWEST_WORDS:
        return False
    beginnings = {words[0], " ".join(words[:2])}
    return not _LEANING.intersection(words) and not _GOING_ON.intersection(beginnings)


def _bare(word: str) -> str:
    begin, end = 0, len(word)
    while begin < end and _is_mark(word[begin]) and not _is_sign(word, begin):
        begin += 1
    while end > begin and _is_mark(word[end - 1]):
        end -= 1
    return word[begin:end]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("P") and character not in _KEPT


def _is_sign(word: str, position: int) -> bool:
    return word[position] in "-\N{MINUS SIGN}" and word[position + 1 : position + 2].isdigit()
