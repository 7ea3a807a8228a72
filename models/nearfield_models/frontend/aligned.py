"""The linear canceller behind the delay at which sound comes back, wherever that delay goes.

The reference is read from memory as late as the sound comes back, a little sooner to be sure. Where the delay
walks steadily, because two crystals never agree, it is read with that slope, between its samples; where it
has got elsewhere nevertheless, what is known of the echo path moves along.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.frontend.delay import LONGEST_DELAY_MS, DelayFinder
from nearfield_models.frontend.kalman import KalmanCanceller, KalmanSettings
from nearfield_models.frontend.trend import DelayTrend
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples

LEAD_SAMPLES: Final = 8 * SAMPLES_PER_MS
"""How much before its loudest part the followed echo begins."""
_WALKED_SAMPLES: Final = 4 * SAMPLES_PER_MS
"""How far the delay may get from where it was before the reference is aligned anew."""
_TAPS: Final = 32
"""Of the interpolation between samples, half of them on either side."""


class AlignedCanceller:
    """Finds the delay, and cancels with it."""

    def __init__(self, settings: KalmanSettings | None = None) -> None:
        """Prepare; until the delay is found, sound is taken to come back at once."""
        self._canceller = KalmanCanceller(settings)
        self._finder = DelayFinder()
        self._trend = DelayTrend()
        self._needed = (self._canceller.tail_hops + 1) * HOP_SAMPLES
        self.reset()

    @property
    def delay_samples(self) -> float | None:
        """At which sound comes back; None until it is found."""
        return self._finder.delay_samples

    @property
    def drift_ppm(self) -> float:
        """By how much the loudspeaker's clock runs faster than the microphone's, as far as is known."""
        return -1e6 * self._trend.slope

    def reset(self) -> None:
        """Forget everything heard."""
        self._canceller.reset()
        self._finder.reset()
        self._trend.reset()
        self._played = np.zeros(self._needed + LONGEST_DELAY_MS * SAMPLES_PER_MS + _TAPS, np.float32)
        self._shift = 0.0
        self._at = 0

    def accept(self, microphone: Samples, reference: Samples) -> tuple[Samples, Samples]:
        """Give the microphone without echo, and the reference as it was aligned, ``float32[160]`` each."""
        self._played[:-HOP_SAMPLES] = self._played[HOP_SAMPLES:]
        self._played[-HOP_SAMPLES:] = reference
        self._pass_time()
        aligned = self._late(HOP_SAMPLES)
        cleaned = self._canceller.accept(microphone, aligned)
        found = self._finder.accept(microphone, reference)
        if found is not None:
            self._follow(found)
        return cleaned, aligned

    def skip(self) -> None:
        """Let 10 ms pass in which nothing was played for longer than an echo lasts."""
        self._pass_time()
        self._finder.skip()

    def _pass_time(self) -> None:
        self._at += HOP_SAMPLES
        if self._finder.delay_samples is not None:
            shift = self._shift + self._trend.slope * HOP_SAMPLES
            self._shift = min(max(0.0, shift), float(LONGEST_DELAY_MS * SAMPLES_PER_MS))

    def _follow(self, delay_samples: float) -> None:
        self._trend.add(self._at, delay_samples)
        walked = round(max(0.0, delay_samples - LEAD_SAMPLES) - self._shift)
        if abs(walked) > _WALKED_SAMPLES:
            self._shift = max(0.0, self._shift + walked)
            self._canceller.move(walked, self._late(self._needed))

    def _late(self, count: int) -> Samples:
        """The last ``float32[count]`` of what was played, as late as the shift says."""
        whole = int(self._shift)
        rest = self._shift - whole
        end = self._played.size - whole
        if rest < 1e-4 or whole < _TAPS // 2:
            return self._played[end - count : end]
        # The sample at a delay of whole + rest lies between two that are there.
        offsets = np.arange(-_TAPS // 2, _TAPS // 2)
        taps = np.sinc(offsets + rest) * np.cos(np.pi * (offsets + rest) / (_TAPS + 2)) ** 2
        around = self._played[end - count - _TAPS // 2 : end + _TAPS // 2 - 1]
        return np.correlate(around, taps.astype(np.float32), "valid")
