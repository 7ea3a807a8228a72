"""When two questions are the same one, and when a question means the same without what was said before."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_KEPT: Final = "%‰"
_LEANING: Final = frozenset(
    """
    it its it's that that's this these those they they're them their he she him her his hers there then
    one ones same other others another else more again too also instead either both yes no okay and or but so
    former latter first second last next previous
    """.split()
)
"""English words that may point back at what was said before."""
_FEWEST_WORDS: Final = 4


def normalised(text: str) -> str:
    """The question without case, spaces and the marks around its words; ``-5``, ``3.5`` and ``10%`` stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(word for word in map(_bare, folded.split()) if word)


def stands_alone(text: str, language: str) -> bool:
    """Whether a question surely means the same whatever was said before.

    Only English can be judged; elsewhere no question does.
    """
    words = [re.sub(r"[’`]", "'", word) for word in normalised(text).split()]
    english = language.split("-")[0] == "en"
    return english and len(words) >= _FEWEST_WORDS and not _LEANING.intersection(words)


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
    return word[position] in "-−" and word[position + 1 : position + 2].isdigit()
