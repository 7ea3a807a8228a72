"""How much later than it was handed to the loudspeaker a sound comes back in the microphone.

The cross-spectrum of both is averaged over the last seconds in which something was played, weighted by how
coherent they are in each bin, and turned back into a correlation: its peak is the delay. Near speech has
nothing to do with what is played and averages out.

Source: C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay", 1976 (the
smoothed coherence transform).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.frontend.spectra import blocks_of, power_of, spectra_of
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples

LONGEST_DELAY_MS: Final = 500
_LAGS: Final = LONGEST_DELAY_MS * SAMPLES_PER_MS
_BLOCK: Final = 4_160
"""Samples of the microphone that are looked at together: 26 hops."""
_HISTORY: Final = _BLOCK + _LAGS
_POINTS: Final = 16_384
"""The next power of two: lags of up to ``_LAGS`` do not wrap around."""
_BAND_HZ: Final = (200.0, 6_000.0)
_MEMORY_SECONDS: Final = 2.0
_QUIETEST_POWER: Final = 1e-7
"""-70 dBFS: what is played below it is silence."""
_CLEAR: Final = 9.0
"""Peak over the root mean square of the correlation; noise alone stays below 6."""
_BEYOND_DOUBT: Final = 25.0
"""So clear that one look is enough."""
_STEADY_SAMPLES: Final = 24
_STEADY_LOOKS: Final = 3


class DelayFinder:
    """Watches both signals of one device."""

    def __init__(self) -> None:
        hertz = np.fft.rfftfreq(_POINTS, 1 / SAMPLE_RATE_HZ)
        self._band = ((hertz >= _BAND_HZ[0]) & (hertz <= _BAND_HZ[1])).astype(np.float32)
        self._keep = float(np.exp(-_BLOCK / SAMPLE_RATE_HZ / _MEMORY_SECONDS))
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        bins = _POINTS // 2 + 1
        self._played = np.zeros(_HISTORY, np.float32)
        self._heard = np.zeros(_BLOCK, np.float32)
        self._filled = 0
        self._cross = np.zeros(bins, np.complex64)
        self._played_power = np.zeros(bins, np.float32)
        self._heard_power = np.zeros(bins, np.float32)
        self._seen: list[int] = []
        self._delay: float | None = None

    @property
    def delay_samples(self) -> float | None:
        """The delay as last found; None until it is."""
        return self._delay

    def skip(self) -> None:
        """Let 10 ms pass in which nothing was played for longer than an echo lasts."""
        self._filled = 0

    def accept(self, microphone: Samples, reference: Samples) -> float | None:
        """Take ``float32[160]`` of each; give the delay in samples where it was just found anew."""
        self._played[:-HOP_SAMPLES] = self._played[HOP_SAMPLES:]
        self._played[-HOP_SAMPLES:] = reference
        self._heard[self._filled : self._filled + HOP_SAMPLES] = microphone
        self._filled += HOP_SAMPLES
        if self._filled < _BLOCK:
            return None
        self._filled = 0
        if float(np.square(self._played).mean()) < _QUIETEST_POWER:
            return None
        self._average()
        return self._look()

    def _average(self) -> None:
        played = spectra_of(self._played, _POINTS)
        padded = np.zeros(_HISTORY, np.float32)
        padded[_LAGS:] = self._heard
        heard = spectra_of(padded, _POINTS)
        self._cross = self._keep * self._cross + played.conj() * heard
        self._played_power = self._keep * self._played_power + power_of(played)
        self._heard_power = self._keep * self._heard_power + power_of(heard)

    def _look(self) -> float | None:
        weights = self._band / np.sqrt(self._played_power * self._heard_power + 1e-12)
        correlation = blocks_of(self._cross * weights, _POINTS)[:_LAGS]
        peak = int(np.argmax(np.abs(correlation)))
        clearness = abs(float(correlation[peak])) / float(np.sqrt(np.square(correlation).mean()) + 1e-12)
        self._seen = [*self._seen[-(_STEADY_LOOKS - 1) :], peak] if clearness >= _CLEAR else []
        steady = len(self._seen) == _STEADY_LOOKS and max(self._seen) - min(self._seen) <= _STEADY_SAMPLES
        if not steady and clearness < _BEYOND_DOUBT:
            return None
        self._delay = peak + _between(np.abs(correlation), peak)
        return self._delay


def _between(correlation: Samples, peak: int) -> float:
    """Where the top of a parabola through the peak and its neighbours lies, from the peak."""
    if not 0 < peak < correlation.size - 1:
        return 0.0
    before, top, after = (float(value) for value in correlation[peak - 1 : peak + 2])
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
