"""How the delay of the echo changes: a loudspeaker whose clock runs faster than the microphone's walks away.

A line is laid through the latest delays. Its slope outlives a jump of the delay (a stream that was opened
anew), since the clocks are the same.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from nearfield_models.pcm import SAMPLE_RATE_HZ

_MOST_LOOKS: Final = 120
_FEWEST_LOOKS: Final = 12
_SHORTEST_SECONDS: Final = 3.0
_JUMP_SAMPLES: Final = 12.0
_STEEPEST: Final = 5e-4
"""Crystals are better than 500 ppm; what looks steeper is something else."""


class DelayTrend:
    """Follows one loudspeaker and one microphone."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._looks: deque[tuple[int, float]] = deque(maxlen=_MOST_LOOKS)
        self._slope = 0.0

    @property
    def slope(self) -> float:
        """Samples of delay that a sample of time adds; negative where the loudspeaker's clock is faster."""
        return self._slope

    def add(self, at: int, delay_samples: float) -> None:
        """Take a delay that was found at a position of the microphone."""
        if self._looks and abs(delay_samples - self._expected(at)) > _JUMP_SAMPLES:
            self._looks.clear()
        self._looks.append((at, delay_samples))
        seconds = (at - self._looks[0][0]) / SAMPLE_RATE_HZ
        if len(self._looks) >= _FEWEST_LOOKS and seconds >= _SHORTEST_SECONDS:
            times, delays = np.array(self._looks).T
            centred = times - times.mean()
            slope = float((centred * delays).sum() / np.square(centred).sum())
            self._slope = slope if abs(slope) <= _STEEPEST else 0.0

    def _expected(self, at: int) -> float:
        then, delay = self._looks[-1]
        return delay + self._slope * (at - then)
