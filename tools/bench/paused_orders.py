"""Orders with one pause in them, made of the real recordings and always in the same way.

The pause lies at its place in ``pause_places.json`` and lasts 0.4, 0.8 or 1.2 s, as the recording's name
decides. It is filled with the recording's own room tone: its quietest stretch, there and back again,
so that it has no seam; what it joins is cross-faded.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from tools.bench.pause_places import PausePlace

PAUSES_MS: Final = (400, 800, 1_200)
_FADE_MS: Final = 5
_TONE_MS: Final = 200
_MOST_ZEROS: Final = 0.5
"""A stretch with more is a recorder's own digital silence, and no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedOrder:
    """A recording with a pause."""

    samples: Samples
    pause_ms: int
    pause_began: int
    """Sample."""
    speech_end: int
    """Sample after the last speech."""


def paused_order(name: str, samples: Samples, place: PausePlace, speech_end: int) -> PausedOrder:
    """Put a pause into a clean recording.

    Args:
        name: Decides how long the pause is.
        samples: ``float32[n]`` at 16 kHz.
        place: Where the pause goes.
        speech_end: Sample after the last speech without the pause.
    """
    pause_ms = PAUSES_MS[zlib.crc32(name.encode()) % len(PAUSES_MS)]
    at, pause, fade = (ms * SAMPLES_PER_MS for ms in (place.at_ms, pause_ms, _FADE_MS))
    rising = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    before, after = samples[: at + fade].copy(), samples[at - fade :].copy()
    tone = room_tone(samples, pause)
    for sound in (tone, after):
        sound[:fade] *= rising
    for sound in (before, tone):
        sound[-fade:] *= rising[::-1]
    joined = np.zeros(samples.size + pause, np.float32)
    for sound, begin in ((before, 0), (tone, at), (after, at + pause - fade)):
        joined[begin : begin + sound.size] += sound
    return PausedOrder(samples=joined, pause_ms=pause_ms, pause_began=at, speech_end=speech_end + pause)


def room_tone(samples: Samples, size: int) -> Samples:
    """As much of a recording's own quiet as asked for: its quietest 200 ms that hold sound, repeated."""
    stretch, hop = _TONE_MS * SAMPLES_PER_MS, SAMPLE_RATE_HZ // 100
    stretches = np.lib.stride_tricks.sliding_window_view(samples, stretch)[::hop]
    energies = np.square(stretches, dtype=np.float64).sum(axis=1)
    energies[(stretches == 0).mean(axis=1) > _MOST_ZEROS] = np.inf
    tone = stretches[int(np.argmin(energies))]
    there_and_back = np.concatenate([tone, tone[::-1]])
    return np.tile(there_and_back, -(-size // there_and_back.size))[:size].copy()
