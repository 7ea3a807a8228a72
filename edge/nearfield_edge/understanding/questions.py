"""Whether words ask something, by how they begin and end: for questions that no skill foresees."""

from __future__ import annotations

import re
from typing import Final

_LEAST_WORDS: Final = 4
_BEGINNINGS: Final = frozenset(
    {
        "what", "when", "where", "who", "whom", "whose", "which", "why", "how",
        "is", "are", "was", "were", "do", "does", "did", "has", "have", "will", "tell me", "explain",
    }
)  # fmt: skip
"""Not those with which something is ordered: "can I", "could you"."""
_NOT_LAST: Final = frozenset(
    {
        "a", "an", "the", "my", "your", "his", "her", "its", "our", "their", "this", "these", "those",
        "of", "to", "in", "on", "at", "by", "for", "from", "with", "about", "between", "than", "as", "into",
        "and", "or", "but", "if", "that", "because", "is", "are", "was", "were", "does", "did", "do", "has",
        "have", "can", "could", "would", "should", "will", "very", "um", "uh", "er",
    }
)  # fmt: skip
"""Words after which English goes on."""
_WORD: Final = re.compile(r"[a-z0-9']+")


def is_question(text: str) -> bool:
    """Whether these words may be a whole question.

    Args:
        text: English, as a recogniser writes it.
    """
    words = _WORD.findall(text.lower())
    if len(words) < _LEAST_WORDS or words[-1] in _NOT_LAST:
        return False
    first = words[0].partition("'")[0]
    return first in _BEGINNINGS or " ".join(words[:2]) in _BEGINNINGS
