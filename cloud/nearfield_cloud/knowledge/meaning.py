"""Sentences become vectors on a thread of their own, so that nobody's event loop waits for a model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

import numpy as np

from nearfield_models.embedding.engine import EmbeddingEngine, Vectors

_AT_ONCE: Final = 32
"""Sentences of a document between which a question may come first; some tens of milliseconds."""

_Result = TypeVar("_Result")


class Meaning:
    """An embedding engine that is used by one thread at a time; close it in the end."""

    def __init__(self, engine: EmbeddingEngine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="meaning")
        self.embedded = 0
        """Sentences so far."""

    @property
    def model_id(self) -> str:
        """Names the model."""
        return self._engine.capabilities.model_id

    def count_tokens(self, text: str) -> int:
        """To be called inside `on_its_thread`."""
        return self._engine.count_tokens(text)

    async def on_its_thread(self, work: Callable[[], _Result]) -> _Result:
        """Do a piece of work where the engine may be used."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def of(self, sentences: Sequence[str]) -> Vectors:
        """``float32[n, width]``.

        Raises:
            EngineError: The model failed.
        """
        width = self._engine.capabilities.width
        pieces = [np.empty((0, width), np.float32)]
        for at in range(0, len(sentences), _AT_ONCE):
            some = sentences[at : at + _AT_ONCE]
            pieces.append(await self.on_its_thread(partial(self._engine.embed, some)))
        self.embedded += len(sentences)
        return np.concatenate(pieces)

    async def warm_up(self) -> None:
        """Embed once into nothing, so that the first question takes no longer than the others."""
        await self.on_its_thread(self._engine.warm_up)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)
