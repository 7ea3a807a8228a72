"""What a search has to know of single tokens."""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.asr.tokens import END
from nearfield_models.decoding.engine import TokenIds, TokenTable

_MARKS: Final = frozenset({".", ",", "?", "!", ";", ":", "-", "...", "…"})
_SPACE: Final = "▁"


class TokenMarks:
    """Tokens by what they are.

    Attributes:
        end: Ends a text.
        punctuation: ``int64[n]``, the tokens that are punctuation and nothing else.
        stops: ``int64[n + 1]``, those and ``end``.
    """

    def __init__(self, table: TokenTable) -> None:
        texts = [piece.decode("utf-8", errors="replace") for piece in table.pieces]
        self._begins_word = tuple(text.startswith(_SPACE) for text in texts)
        self._letters = tuple("".join(filter(str.isalnum, text)).casefold() for text in texts)
        self.end: int = END
        self.punctuation: TokenIds = np.array(
            [token for token, text in enumerate(texts) if text.removeprefix(_SPACE) in _MARKS], np.int64
        )
        self.stops: TokenIds = np.array([END, *self.punctuation], np.int64)

    def begins_word(self, token: int) -> bool:
        """Whether the token begins with a space."""
        return self._begins_word[token]

    def letters(self, token: int) -> str:
        """The token's letters and digits, in small letters: what is said, however it is written."""
        return self._letters[token]
