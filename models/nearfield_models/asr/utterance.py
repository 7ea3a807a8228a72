"""What a recogniser does with an utterance before its model: check it, notice silence, cut what is long."""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

_SILENCE_PEAK: Final = 3e-4
"""About 10 of 32768 steps, -70 dBFS: below the noise of any microphone with somebody near it."""
_FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 50
_PAUSE_FRAMES: Final = 15
"""A cut wants 0.3 s of quiet around it: the gap between two words, not the closure of a consonant."""
_EARLIEST_CUT: Final = 0.6
"""A part is at least this share of the longest, so that few cuts are made and each finds a pause."""


def checked(samples: Samples) -> Samples:
    """Give the samples as ``float32[n]``.

    Raises:
        EngineError: They are not one channel of finite floating-point numbers.
    """
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        raise EngineError(
            f"a recogniser takes float32[n] in -1..1 at 16 kHz, not {samples.dtype}{list(samples.shape)}: "
            "convert the sound first"
        )
    if not np.isfinite(samples).all():
        raise EngineError(
            "the sound holds values that are no numbers: its source or its conversion is broken"
        )
    return np.ascontiguousarray(samples, dtype=np.float32)


def is_silent(samples: Samples) -> bool:
    """Whether ``float32[n]`` holds nothing that anybody could have said."""
    return samples.size == 0 or float(np.abs(samples).max()) < _SILENCE_PEAK


def cut_at_quiet_places(samples: Samples, longest_samples: int) -> tuple[Samples, ...]:
    """Cut ``float32[n]`` into parts no longer than ``longest_samples``, each cut where it is quietest.

    The parts in order are the whole: nothing is lost and nothing doubled.
    """
    parts: list[Samples] = []
    rest = samples
    while rest.size > longest_samples:
        at = _quietest(rest[:longest_samples])
        parts.append(rest[:at])
        rest = rest[at:]
    return (*parts, rest)


def _quietest(samples: Samples) -> int:
    """The middle of the quietest pause after the earliest place for a cut."""
    earliest = int(samples.size * _EARLIEST_CUT)
    frames = (samples.size - earliest) // _FRAME_SAMPLES
    if frames < _PAUSE_FRAMES:
        return samples.size
    searched = samples[earliest : earliest + frames * _FRAME_SAMPLES].reshape(frames, _FRAME_SAMPLES)
    energy = np.square(searched, dtype=np.float64).sum(axis=1)
    around = np.convolve(energy, np.ones(_PAUSE_FRAMES), mode="valid")
    middle = int(around.argmin()) + _PAUSE_FRAMES // 2
    return earliest + middle * _FRAME_SAMPLES + _FRAME_SAMPLES // 2
