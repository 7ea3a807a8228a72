"""The last half minute of sound, addressed by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nearfield_edge.audio.source import AudioFrame
from nearfield_models.pcm import HOP_SAMPLES, Samples


class SoundMemory:
    """A ring of ``int16`` samples; what is older than its length is forgotten."""

    def __init__(self, length_samples: int) -> None:
        self._length = -(-length_samples // HOP_SAMPLES) * HOP_SAMPLES
        self._ring: NDArray[np.int16] = np.zeros(self._length, dtype="<i2")
        self._end = 0

    @property
    def end(self) -> int:
        """Position after the newest sample."""
        return self._end

    def remember(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        at = frame.first_sample % self._length
        self._ring[at : at + HOP_SAMPLES] = np.frombuffer(frame.pcm, dtype="<i2")
        self._end = frame.first_sample + HOP_SAMPLES

    def recall(self, first: int, end: int) -> Samples:
        """Copy ``float32[end - first]``; what is forgotten or not yet heard is left out."""
        first = max(first, self._end - self._length, 0)
        end = min(end, self._end)
        if end <= first:
            return np.zeros(0, dtype=np.float32)
        positions = np.arange(first, end) % self._length
        return self._ring[positions].astype(np.float32) / 32768.0
