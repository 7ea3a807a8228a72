"""What the classifier sees of a sentence: its embedding, and beside it which words and pairs of words it has.

The embedding knows that two wordings mean the same; the words tell apart what the embedding puts too close
together ("turn it on", "turn it off"). Words are hashed into a fixed number of places, so that no vocabulary
is kept.

Source: Weinberger et al. 2009, "Feature hashing for large scale multitask learning".
"""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from nearfield_models.embedding.engine import EmbeddingEngine, Vectors

WORD_PLACES: Final = 1024
_WORD: Final = re.compile(r"\w+")


def sentence_features(engine: EmbeddingEngine, texts: Sequence[str]) -> Vectors:
    """Give ``float32[n, width + WORD_PLACES]``: two parts of length 1 each (0 for a text without words).

    Raises:
        EngineError: The model failed.
    """
    return np.concatenate([engine.embed(texts), hashed_words(texts)], axis=1)


def hashed_words(texts: Sequence[str]) -> Vectors:
    """Count words and pairs of neighbours into ``float32[n, WORD_PLACES]``, each row of length 1 or 0."""
    counts = np.zeros((len(texts), WORD_PLACES), np.float32)
    for row, text in zip(counts, texts, strict=True):
        words = _WORD.findall(text.casefold())
        for part in (*words, *(f"{first} {second}" for first, second in itertools.pairwise(words))):
            code = zlib.crc32(part.encode())
            # The sign lets collisions cancel out on average instead of adding up.
            row[code % WORD_PLACES] += 1.0 if code & 0x80000000 else -1.0
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    found: Vectors = counts / np.maximum(lengths, np.finfo(np.float32).tiny)
    return found
