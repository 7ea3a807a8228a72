"""Words as all stores see them: cut, lower-cased and stemmed by one tokenizer, SQLite's own."""

from __future__ import annotations

import re
from typing import Final

import apsw

TOKENIZER: Final = ("porter", "unicode61", "remove_diacritics", "2")
"""FTS5's names: Porter's stems over words of letters and digits without their accents."""

MOST_WORDS: Final = 64
"""Of a question; what it has beyond them is not looked for."""

_WORD: Final = re.compile(r"\w+")
_UNTELLING: Final = frozenset(
    {
        "a", "an", "the", "of", "in", "on", "at", "to", "for", "from", "by", "with", "and", "or", "as",
        "about", "is", "are", "was", "were", "be", "been", "being", "do", "does", "did", "has", "have",
        "had", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "what",
        "which", "who", "whom", "whose", "when", "where", "why", "how", "that", "this", "these", "those",
        "it", "its", "there", "he", "him", "his", "she", "her", "they", "them", "their", "i", "me", "my",
        "you", "your", "we", "us", "our", "please", "tell",
    }
)  # fmt: skip
"""Words that questions have and that tell no passage from another."""


class Stems:
    """Stems of words; used by one thread at a time."""

    def __init__(self) -> None:
        self._connection = apsw.Connection(":memory:")
        self._tokenizer = self._connection.fts5_tokenizer(TOKENIZER[0], list(TOKENIZER[1:]))

    def __call__(self, text: str) -> list[str]:
        """The stems in the order of the text, repeated ones repeated."""
        found = self._tokenizer(
            text.encode("utf-8", "replace"),
            apsw.FTS5_TOKENIZE_DOCUMENT,
            None,
            include_offsets=False,
            include_colocated=False,
        )
        return [str(stem) for stem in found]


def telling_words(question: str) -> tuple[str, ...]:
    """The words of a question by which passages can be told apart; all of them where there are none such."""
    words = tuple(dict.fromkeys(_WORD.findall(question.casefold())))[: 4 * MOST_WORDS]
    telling = tuple(word for word in words if word not in _UNTELLING)
    return (telling or words)[:MOST_WORDS]
