"""The one sound format inside Nearfield, stated once.

16 kHz, mono, 10 ms hops. It travels as int16 little-endian bytes; engines that think in numbers take
``float32`` in -1..1. Every other rate, width or channel count is converted at the border.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = 16_000
HOP_SAMPLES: Final = 160
HOP_MS: Final = 10
SAMPLES_PER_MS: Final = 16
HOP_BYTES: Final = HOP_SAMPLES * 2

Samples = NDArray[np.float32]
"""``float32[n]`` in -1..1 at 16 kHz mono unless the name of a rate stands beside it."""


def to_float(pcm: bytes) -> Samples:
    """Turn int16 little-endian bytes into ``float32[n]`` in -1..1."""
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0


def to_bytes(samples: Samples) -> bytes:
    """Turn ``float32[n]`` into int16 little-endian bytes; what lies outside -1..1 is clipped."""
    return (np.clip(samples, -1.0, 32767 / 32768) * 32768.0).round().astype("<i2").tobytes()
