"""Sound that is already in memory, as a source."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from nearfield_edge.audio.source import AudioFrame
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES


class MemorySource:
    """16 kHz mono int16 sound, given as fast as it is asked for."""

    paced: Final = False
    lost_samples: Final = 0

    def __init__(self, pcm: bytes, *, stream_id: str = "memory") -> None:
        self._pcm = pcm
        self._stream_id = stream_id

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield the sound in order; the last frame is filled up with silence."""
        for number, start in enumerate(range(0, len(self._pcm), HOP_BYTES)):
            hop = self._pcm[start : start + HOP_BYTES].ljust(HOP_BYTES, b"\0")
            yield AudioFrame(stream_id=self._stream_id, first_sample=number * HOP_SAMPLES, pcm=hop)

    async def close(self) -> None:
        """Nothing is held."""
