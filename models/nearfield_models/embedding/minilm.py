"""all-MiniLM-L6-v2: the mean of its last layer's token vectors, brought to length 1.

Sentences of the same number of tokens are computed together, so that none is padded: padding would cost time
and make a vector depend on its neighbours.

Source: sentence-transformers/all-MiniLM-L6-v2, model card.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from nearfield_models.embedding.engine import EmbeddingCapabilities, Vectors
from nearfield_models.embedding.word_pieces import LONGEST_TOKENS, read_word_pieces
from nearfield_models.errors import EngineError
from nearfield_models.runtime.session import RuntimeOptions, Session, open_session
from nearfield_models.store import InstalledPack

_WIDTH: Final = 384
_MOST_TOKENS_AT_ONCE: Final = 512
_OUTPUT: Final = "last_hidden_state"
_IN_EIGHT_BITS: Final = "eight-bits.onnx"
_PROCESSOR: Final = ("CPUExecutionProvider",)


class MiniLmEmbedding:
    """Sentence vectors from MiniLM."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load the model.

        Raises:
            PackDamagedError: The tokens cannot be read.
            EngineError: The file is no model that the runtime can load.
            RuntimeMissingError: The runtime is not installed.
        """
        self._word_pieces = read_word_pieces(pack.file("tokenizer.json"))
        self._session = _open(pack, runtime)
        self._model_id = f"{pack.id}@{pack.digest}"

    @property
    def capabilities(self) -> EmbeddingCapabilities:
        """384 numbers for up to 128 tokens."""
        return EmbeddingCapabilities(width=_WIDTH, model_id=self._model_id, longest_tokens=LONGEST_TOKENS)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Give ``float32[n, 384]``, a row of length 1 for each sentence.

        Raises:
            EngineError: The model failed.
        """
        tokens = [self._word_pieces.encode(text) for text in texts]
        vectors = np.empty((len(texts), _WIDTH), np.float32)
        by_length: dict[int, list[int]] = {}
        for number, sentence in enumerate(tokens):
            by_length.setdefault(len(sentence), []).append(number)
        for length, numbers in by_length.items():
            most = max(1, _MOST_TOKENS_AT_ONCE // length)
            for at in range(0, len(numbers), most):
                chosen = numbers[at : at + most]
                vectors[chosen] = self._run([tokens[number] for number in chosen])
        return vectors

    def count_tokens(self, text: str) -> int:
        """How many word pieces, the two marks among them."""
        return self._word_pieces.count(text)

    def warm_up(self) -> None:
        """Embed once into nothing, so that the first real sentence takes no longer than the others."""
        self.embed(["a sentence of about as many words as people say"])

    def _run(self, sentences: Sequence[Sequence[int]]) -> Vectors:
        ids = np.array(sentences, np.int64)
        feeds = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        states = self._session.run((_OUTPUT,), feeds)[_OUTPUT]
        if states.shape != (*ids.shape, _WIDTH):
            raise EngineError(f"the model gave {states.shape}: expected {(*ids.shape, _WIDTH)}")
        means = states.mean(axis=1)
        vectors: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors


def _open(pack: InstalledPack, runtime: RuntimeOptions) -> Session:
    """Load the graph of 8-bit products where ONNX Runtime computes on the processor, else the pack's own.

    OpenVINO decides by itself how it holds stored weights, and accelerators have memory of their own.
    """
    on_processor = runtime.engine == "onnxruntime" and runtime.providers == _PROCESSOR
    if not on_processor or _IN_EIGHT_BITS not in pack.names:
        return open_session(pack.file("model.onnx"), runtime)
    # A graph that the runtime kept for the next start would look for the mapped weights in its own folder.
    return open_session(pack.file(_IN_EIGHT_BITS), replace(runtime, cache_folder=None))
