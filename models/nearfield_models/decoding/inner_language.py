"""What the recogniser's decoder would write without having heard anything.

A speech decoder is a language model as well: it prefers texts that are common, and in noise it leans on that
preference more than on the sound. In a grammar all sentences are as good as each other, so a part of that
preference is taken off every token's score. It is estimated by running the decoder over silence; the last two
tokens are enough of a context (measured: docs/understanding.md), and so the estimates can be kept.

Source: internal language model estimation (Meng et al., 2021), density ratio (McDermott et al., 2019).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Generic

import numpy as np

from nearfield_models.asr.moonshine_model import log_probabilities
from nearfield_models.decoding.engine import EncodedT, Floats, PastT, SpeechDecoder, TokenIds
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.pcm import SAMPLE_RATE_HZ

CONTEXT_TOKENS: Final = 2
MOST_KEPT: Final = 4_000
"""Estimates that are kept, the latest used; eighty orders one after the other need 1,700."""
_LARGEST_BATCH: Final = 32

Context = tuple[int, ...]
"""The last tokens, at most ``CONTEXT_TOKENS``."""
Request = tuple[Context, TokenIds]


class InnerLanguage(Generic[EncodedT, PastT]):
    """Estimates by context, made when first asked for.

    Args:
        decoder: Of the recogniser.
        marks: Of its tokens.
    """

    def __init__(self, decoder: SpeechDecoder[EncodedT, PastT], marks: TokenMarks) -> None:
        self._decoder = decoder
        self._stops = marks.stops
        self._kept: OrderedDict[tuple[Context, bytes], tuple[Floats, float]] = OrderedDict()
        silence = decoder.encode(np.zeros(SAMPLE_RATE_HZ, np.float32))
        first, self._past = decoder.begin(silence)
        self._first = log_probabilities(first[np.newaxis])[0]

    def estimates(self, requests: Sequence[Request]) -> list[tuple[Floats, float]]:
        """Log-probabilities after each context: ``float32[n]`` of the ids asked for, and of the end."""
        missing = [request for request in requests if _key(request) not in self._kept]
        for length in range(CONTEXT_TOKENS + 1):
            alike = [request for request in missing if len(request[0]) == length]
            for at in range(0, len(alike), _LARGEST_BATCH):
                self._estimate(alike[at : at + _LARGEST_BATCH])
        found = []
        for request in requests:
            key = _key(request)
            self._kept.move_to_end(key)
            found.append(self._kept[key])
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    def _estimate(self, requests: Sequence[Request]) -> None:
        if requests[0][0]:
            contexts = np.array([context for context, _ in requests], np.int64)
            logits, _ = self._decoder.extend(self._past.take([0] * len(requests)), contexts)
            rows = log_probabilities(logits[:, -1])
        else:
            rows = np.broadcast_to(self._first, (len(requests), self._first.size))
        for row, request in zip(rows, requests, strict=True):
            self._kept[_key(request)] = (row[request[1]], float(row[self._stops].max()))


def _key(request: Request) -> tuple[Context, bytes]:
    """Context and a digest of the ids: they may be thousands."""
    return request[0], hashlib.blake2b(request[1].tobytes(), digest_size=16).digest()
