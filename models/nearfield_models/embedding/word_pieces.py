"""BERT's tokens: words lower-cased, stripped of accents, and cut into the longest pieces that are known.

Source: google-research/bert, ``tokenization.py``; Hugging Face ``tokenizers``, ``BertNormalizer`` and
``BertPreTokenizer``, whose output is the reference in the tests.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from nearfield_models.errors import PackDamagedError

LONGEST_TOKENS: Final = 128
_LONGEST_WORD: Final = 100
"""Characters; a longer word is unknown."""
_CONTINUED: Final = "##"
_IDEOGRAPHS: Final = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class WordPieces:
    """A vocabulary of word pieces."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        """Take the pieces and their numbers.

        Raises:
            KeyError: A mark such as ``[CLS]`` is missing.
        """
        self._vocabulary = vocabulary
        self._unknown = vocabulary["[UNK]"]
        self._first, self._last = vocabulary["[CLS]"], vocabulary["[SEP]"]

    def encode(self, text: str) -> tuple[int, ...]:
        """The tokens of a text between its marks, at most ``LONGEST_TOKENS`` with them."""
        tokens: list[int] = []
        for word in _words(text):
            tokens += self._pieces(word)
            if len(tokens) >= LONGEST_TOKENS - 2:
                break
        return (self._first, *tokens[: LONGEST_TOKENS - 2], self._last)

    def count(self, text: str) -> int:
        """How many tokens the text has with its marks, were there no longest."""
        return 2 + sum(len(self._pieces(word)) for word in _words(text))

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        pieces: list[int] = []
        start = 0
        while start < len(word):
            mark = _CONTINUED if start else ""
            for end in range(len(word), start, -1):
                number = self._vocabulary.get(mark + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            pieces.append(number)
            start = end
        return pieces


def read_word_pieces(path: Path) -> WordPieces:
    """Read the vocabulary out of a ``tokenizer.json``.

    Raises:
        PackDamagedError: The file is missing, or holds no vocabulary of word pieces.
    """
    try:
        return WordPieces(json.loads(path.read_bytes())["model"]["vocab"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackDamagedError(
            f"{path} holds no vocabulary of word pieces: fetch its pack again with `nearfield-models fetch`"
        ) from error


def _words(text: str) -> list[str]:
    return "".join(_written(character) for character in unicodedata.normalize("NFD", text)).split()


@lru_cache(maxsize=4096)
def _written(character: str) -> str:
    """What becomes of one decomposed character."""
    category = unicodedata.category(character)
    if character in "\t\n\r" or category == "Zs":
        return " "
    if category.startswith("C") or category == "Mn" or character == "\ufffd":
        return ""
    if category.startswith("P") or character in "$+<=>^`|~" or _is_ideograph(character):
        return f" {character.lower()} "
    return character.lower()


def _is_ideograph(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _IDEOGRAPHS)
