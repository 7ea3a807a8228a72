"""Asks a voice for its chunks ahead of time, at the rate of the sink."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final

from nearfield_models.pcm import Samples
from nearfield_models.resampling import StreamResampler

_DEPTH: Final = 8
"""Chunks made but not heard; a full queue makes the voice wait."""


class ChunkFeed:
    """Pulls the chunks in a task of its own, while this is entered."""

    def __init__(self, chunks: AsyncIterator[Samples], from_hz: int, to_hz: int) -> None:
        self._chunks = chunks
        self._resampler = StreamResampler(from_hz, to_hz)
        self._ready: asyncio.Queue[Samples | Exception | None] = asyncio.Queue(_DEPTH)

    async def __aenter__(self) -> ChunkFeed:
        self._task = asyncio.create_task(self._pull())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def next_chunk(self) -> Samples | None:
        """Give the next chunk at the sink's rate, or None after the last.

        Raises what the chunks raised, once all that came before it was given.
        """
        chunk = await self._ready.get()
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    async def _pull(self) -> None:
        try:
            async for chunk in self._chunks:
                await self._ready.put(self._resampler.accept(chunk))
        except Exception as error:
            await self._ready.put(error)  # raised again where the chunks are asked for
        else:
            await self._ready.put(self._resampler.finish())
            await self._ready.put(None)
