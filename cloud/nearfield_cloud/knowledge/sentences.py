"""Where a sentence ends, and where a text may be cut."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Final

_END: Final = re.compile(
    r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+(?=[\"'\u201c\u2018(\[]*[A-Z0-9\u00c0-\u00de\u0370-\U0003ffff])"
    r"|(?<=[\u3002\uff01\uff1f])"
)
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(\[\"'])(?:[A-Z]|[A-Za-z]\.[A-Za-z]|Dr|Mr|Mrs|Ms|Prof|St|Nos?|vs|etc|approx|cf|al|Fig|Art|Sec|vol|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$",
)
Count = Callable[[str], int]


def sentences(text: str) -> list[str]:
    """The sentences of a text in one line; an abbreviation ends none."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.end()].strip()
        if _ABBREVIATION.search(piece) is None and piece:
            found.append(piece)
            start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def cut(text: str, most: int, count: Count) -> list[str]:
    """Pieces of at most so many tokens and of about the same size, cut between sentences.

    A sentence that is longer is cut between words.
    """
    tokens = count(text)
    if tokens <= most:
        return [text]
    pieces: list[str] = []
    for sentence in sentences(text):
        pieces += [sentence] if count(sentence) <= most else _by_words(sentence, most, count)
    return packed(pieces, " ", _even(tokens, most), most, count)


def packed(pieces: Sequence[str], joint: str, enough: int, most: int, count: Count) -> list[str]:
    """Join neighbours until they have about enough tokens, and never more than the most."""
    joined: list[str] = []
    filled = 0
    for piece in pieces:
        tokens = count(piece)
        # Half of a piece over is as near to enough as half of it short.
        if joined and filled + tokens <= most and filled + tokens / 2 <= enough:
            joined[-1] += joint + piece
            filled += tokens
        else:
            joined.append(piece)
            filled = tokens
    return joined


def _even(tokens: int, most: int) -> int:
    """The size of pieces of a text if they are of one size."""
    return math.ceil(tokens / math.ceil(tokens / most))


def _by_words(sentence: str, most: int, count: Count) -> list[str]:
    words: list[str] = []
    for word in sentence.split():
        # A "word" without spaces may be a whole page of another script, or of nonsense.
        words += [word[at : at + 2 * most] for at in range(0, len(word), 2 * most)]
    return packed(words, " ", most, most, count)
