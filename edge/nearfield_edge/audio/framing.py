"""Cuts sound of any length into the frames of one stream."""

from __future__ import annotations

import numpy as np

from nearfield_edge.audio.source import AudioFrame
from nearfield_models.pcm import HOP_BYTES, Samples, to_bytes


class Framer:
    """Numbers the samples of one stream from 0, without gaps."""

    def __init__(self, stream_id: str) -> None:
        self._stream_id = stream_id
        self._first_sample = 0
        self._kept = b""

    @property
    def position(self) -> int:
        """Where the next sample stands in the stream."""
        return self._first_sample + len(self._kept) // 2

    def accept(self, samples: Samples) -> list[AudioFrame]:
        """Take ``float32[n]`` at 16 kHz and give the frames that are whole; what is no number is silence."""
        return self._cut(to_bytes(np.nan_to_num(samples, posinf=1.0, neginf=-1.0)))

    def accept_pcm(self, pcm: bytes) -> list[AudioFrame]:
        """Take bytes of the inner format, cut anywhere, and give the frames that are whole."""
        return self._cut(pcm)

    def silence(self, samples: int) -> list[AudioFrame]:
        """Add silence and give the frames that are whole."""
        return self._cut(bytes(2 * samples))

    def finish(self) -> list[AudioFrame]:
        """Fill the last frame up with silence; half a sample at the end is dropped."""
        self._kept = self._kept[: len(self._kept) // 2 * 2]
        return self._cut(bytes(-len(self._kept) % HOP_BYTES))

    def _cut(self, pcm: bytes) -> list[AudioFrame]:
        pcm = self._kept + pcm
        whole = len(pcm) - len(pcm) % HOP_BYTES
        self._kept = pcm[whole:]
        first, self._first_sample = self._first_sample, self._first_sample + whole // 2
        return [
            AudioFrame(stream_id=self._stream_id, first_sample=first + at // 2, pcm=pcm[at : at + HOP_BYTES])
            for at in range(0, whole, HOP_BYTES)
        ]
