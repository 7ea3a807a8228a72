"""A linear echo canceller: a long filter in the frequency domain whose step is a Kalman filter's.

The echo path is a filter of partitions, each one hop long, so that no sound is delayed. For every bin of
every partition a variance says how uncertain its coefficient still is, and for every bin the power of the
error says how much else is in the microphone. The step follows from both: large while little is known, small
while somebody speaks. Nothing decides on "double talk", and nothing but a linear filter's output is taken
away, so that near speech stays as it is.

Source: G. Enzner and P. Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in
hands-free telephones", 2006; F. Kuech, E. Mabande and G. Enzner, "State-space architecture of the
partitioned-block-based acoustic echo controller", 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.frontend.spectra import Spectra, blocks_of, power_of, spectra_of
from nearfield_models.pcm import HOP_SAMPLES, Samples

_POINTS: Final = 2 * HOP_SAMPLES
_SHARE: Final = HOP_SAMPLES / _POINTS
"""Of a block that is new: half of it is the hop before."""
_BINS: Final = HOP_SAMPLES + 1
_QUIET: Final = 1e-6
"""Keeps the step finite in digital silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KalmanSettings:
    """How the filter learns."""

    tail_hops: int = 20
    """Length of the echo that is followed, in hops of 10 ms."""
    transition: float = 0.999
    """How much of the echo path is the same a hop later: less follows a moving path and drift sooner, more
    forgets less while somebody speaks."""
    error_memory: float = 0.5
    """Share of the error's power that is carried to the next hop."""
    first_variance: float = 1.0
    """Of each coefficient of the first partition, before anything is known."""
    variance_decay: float = 0.8
    """From partition to partition: rooms die away."""


class KalmanCanceller:
    """Follows one echo path."""

    def __init__(self, settings: KalmanSettings | None = None) -> None:
        """Prepare; nothing is known of the path."""
        self._settings = settings or KalmanSettings()
        decay = self._settings.variance_decay ** np.arange(self._settings.tail_hops)
        first = self._settings.first_variance * np.repeat(decay[:, None], _BINS, axis=1)
        self._first_variances = first.astype(np.float32)
        self.reset()

    @property
    def tail_hops(self) -> int:
        """Length of the echo that is followed."""
        return self._settings.tail_hops

    def reset(self) -> None:
        """Forget the path, and what was played."""
        shape = (self._settings.tail_hops, _BINS)
        self._path: Spectra = np.zeros(shape, np.complex64)
        self._played: Spectra = np.zeros(shape, np.complex64)
        self._variances = self._first_variances.copy()
        self._error_power = np.zeros(_BINS, np.float32)
        self._block = np.zeros(_POINTS, np.float32)
        self._error = np.zeros(_POINTS, np.float32)
        self._response = np.zeros((self._settings.tail_hops, _POINTS), np.float32)

    def accept(self, microphone: Samples, reference: Samples) -> Samples:
        """Give ``float32[160]``: the microphone without the echo of ``reference``, both ``float32[160]``."""
        self._block[:HOP_SAMPLES] = self._block[HOP_SAMPLES:]
        self._block[HOP_SAMPLES:] = reference
        self._played[1:] = self._played[:-1]
        self._played[0] = spectra_of(self._block)
        echo = blocks_of((self._path * self._played).sum(axis=0), _POINTS)[HOP_SAMPLES:]
        cleaned: Samples = microphone - echo
        self._learn(cleaned)
        return cleaned

    def move(self, later_samples: int, played: Samples) -> None:
        """Go on with a reference that is handed in so much later, or sooner, than until now.

        What is known of the path moves along: nothing has to be learnt anew but what comes in at an end.

        Args:
            later_samples: Negative for sooner.
            played: ``float32[(tail_hops + 1) * 160]``: what the reference would have been until now.
        """
        response = blocks_of(self._path, _POINTS)[:, :HOP_SAMPLES].ravel()
        moved = np.zeros_like(response)
        kept = max(0, response.size - abs(later_samples))
        if later_samples >= 0:
            moved[:kept] = response[response.size - kept :]
        else:
            moved[response.size - kept :] = response[:kept]
        self._response[:, :HOP_SAMPLES] = moved.reshape(-1, HOP_SAMPLES)
        self._path = spectra_of(self._response)
        self._variances += (1 - kept / response.size) * self._first_variances
        blocks = np.lib.stride_tricks.sliding_window_view(played, _POINTS)[::HOP_SAMPLES]
        self._played = spectra_of(blocks[::-1])
        self._block = blocks[-1].copy()

    def _learn(self, cleaned: Samples) -> None:
        settings = self._settings
        self._error[HOP_SAMPLES:] = cleaned
        error = spectra_of(self._error)
        self._error_power *= settings.error_memory
        self._error_power += (1 - settings.error_memory) * power_of(error)
        played_power = power_of(self._played)
        unexplained = _SHARE * (played_power * self._variances).sum(axis=0) + self._error_power + _QUIET
        gain = self._variances * (_SHARE / unexplained)
        # A partition is one hop long: what the step puts into its second half is the transform's artefact.
        step = blocks_of(gain * self._played.conj() * error, _POINTS)
        self._response[:, :HOP_SAMPLES] = step[:, :HOP_SAMPLES]
        self._path += spectra_of(self._response)
        kept = settings.transition**2
        self._variances *= kept * (1 - _SHARE * gain * played_power)
        self._variances += (1 - kept) * power_of(self._path)
