"""A reply that is stopped falls silent within a few milliseconds, and one that goes on rises as softly."""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.pcm import Samples

FADE_MS: Final = 5
"""Too short to be heard as going on, long enough not to click."""


def fade(rate_hz: int) -> Samples:
    """Gains from 1 to 0, ``float32[n]``, along half a cosine."""
    count = rate_hz * FADE_MS // 1000
    gains: Samples = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, count + 1) / count)).astype(np.float32)
    return gains


def faded(after: float, rest: Samples, rate_hz: int) -> Samples:
    """What is heard after a stop.

    Args:
        after: The last sample before it.
        rest: What would have come, as far as it is there; it is held where it ends.
        rate_hz: Of both.
    """
    gains = fade(rate_hz)
    coming = np.concatenate([np.array([after], np.float32), rest[: gains.size]])
    held: Samples = np.pad(coming, (0, gains.size + 1 - coming.size), mode="edge")[1:]
    return held * gains


def risen(sound: Samples, rate_hz: int) -> Samples:
    """Give the sound with a soft beginning, where it was cut out of the middle."""
    gains = fade(rate_hz)[::-1][: sound.size]
    return np.concatenate([sound[: gains.size] * gains, sound[gains.size :]])
