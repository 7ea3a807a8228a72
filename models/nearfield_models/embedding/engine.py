"""The seam of sentence embeddings.

Contract for implementers: a vector is a function of its own sentence, whatever else is in the call. An engine
is used by one thread at a time. Vectors of two models are never compared, which is what ``model_id`` is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingCapabilities:
    """What an embedding is."""

    width: int
    """Numbers in a vector."""
    model_id: str
    """Names this very model: pack and digest of its files."""
    longest_tokens: int
    """What a sentence has beyond this many of the model's tokens is not looked at."""


class EmbeddingEngine(Protocol):
    """Turns sentences into vectors that are near each other where the meanings are."""

    @property
    def capabilities(self) -> EmbeddingCapabilities:
        """What this engine can do."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Give ``float32[n, width]``, a row of length 1 for each sentence.

        Raises:
            EngineError: The model failed.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """How many of the model's tokens a text has, its marks among them, however long it is."""
        ...

    def warm_up(self) -> None:
        """Embed once into nothing, so that the first real sentence takes no longer than the others."""
        ...
