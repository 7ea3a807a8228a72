"""Embeddings without a model: sentences that share words are near each other."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from nearfield_models.embedding.engine import EmbeddingCapabilities, Vectors
from nearfield_models.errors import EngineError


class BagOfWordsEmbedding:
    """Gives every word a direction of its own; can be told to fail."""

    def __init__(self, *, width: int = 64, model_id: str = "words@1", fails: bool = False) -> None:
        self._width = width
        self._model_id = model_id
        self._fails = fails
        self.embedded = 0

    @property
    def capabilities(self) -> EmbeddingCapabilities:
        return EmbeddingCapabilities(width=self._width, model_id=self._model_id, longest_tokens=128)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._fails:
            raise EngineError("the fake embedding was told to fail")
        self.embedded += len(texts)
        vectors = np.zeros((len(texts), self._width), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[0] = 0.1  # so that no sentence is nothing
            for word in text.casefold().split():
                row += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self._width)
        found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found

    def count_tokens(self, text: str) -> int:
        return 2 + len(text.split())

    def warm_up(self) -> None:
        self.embed([])
