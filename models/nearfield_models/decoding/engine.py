"""The seam of constrained decoding: what a recogniser must show to be searched from outside.

Contract for implementers:

* ``encode`` once, ``begin`` once, then ``extend`` with one or more tokens a row. What ``begin`` and
  ``extend`` give to remember is never changed in place; rows are re-ordered with ``take``.
* Logits are over the whole vocabulary of ``tokens``, after each token fed.
* Batching may change scores by rounding, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from nearfield_models.pcm import Samples

Floats = NDArray[np.float32]
TokenIds = NDArray[np.int64]


class Past(Protocol):
    """What a decoder remembers of the tokens fed so far, one row a hypothesis."""

    def take(self, rows: Sequence[int]) -> Self:
        """Make row ``i`` a copy of the present row ``rows[i]``; a row may be taken often or not at all."""
        ...

    def after(self, earlier: Self, tokens: int) -> Self:
        """Go on with the first ``tokens`` tokens of ``earlier``, start token counted, in every row of it.

        ``earlier`` is of a shorter cut of the same sound: what it knows of those tokens is taken as it is.
        """
        ...

    def cut(self, tokens: int) -> Self:
        """Forget all but the first ``tokens`` tokens of every row, the start token counted."""
        ...


EncodedT = TypeVar("EncodedT")
PastT = TypeVar("PastT", bound=Past)


class SpeechDecoder(Protocol[EncodedT, PastT]):
    """Encoder and decoder of a recogniser."""

    @property
    def shortest_samples(self) -> int:
        """Less sound than this cannot be encoded."""
        ...

    def encode(self, samples: Samples) -> EncodedT:
        """Run the encoder over ``float32[n]`` at 16 kHz."""
        ...

    def begin(self, encoded: EncodedT) -> tuple[Floats, PastT]:
        """Feed the start token; gives ``float32[vocabulary]`` and a past of one row."""
        ...

    def extend(self, past: PastT, tokens: TokenIds) -> tuple[Floats, PastT]:
        """Feed ``int64[rows, k]``; gives ``float32[rows, k, vocabulary]`` and the past with them."""
        ...


class TokenTable(Protocol):
    """The tokens of a recogniser."""

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The bytes of every token by id, with ``▁`` for a space."""
        ...

    def encode(self, text: str) -> tuple[int, ...]:
        """Split a text, taken as the beginning of a sentence, as the model would write it."""
        ...

    def decode(self, tokens: Iterable[int]) -> str:
        """Join tokens to text."""
        ...
