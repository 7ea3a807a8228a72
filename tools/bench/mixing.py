"""Mixing of noise into speech the way the Picovoice speech-to-intent benchmark does.

Loudness is the energy of the loudest frame, not the mean: silence around the words changes nothing.

Source: https://github.com/Picovoice/speech-to-intent-benchmark
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_models.pcm import Samples

FRAME_SAMPLES: Final = 2_048
MIX_PEAK: Final = 0.5
"""The largest magnitude in a mix: half of full scale."""


def loudest_frame_energy(samples: Samples) -> float:
    """The largest sum of squares over the whole frames of ``float32[n]``; a shorter sound is one frame."""
    if samples.size < FRAME_SAMPLES:
        return float(np.square(samples, dtype=np.float64).sum())
    frames = samples[: samples.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return float(np.square(frames, dtype=np.float64).sum(axis=1).max())


def excerpt(noise: Samples, length: int, generator: np.random.Generator) -> Samples:
    """Take ``float32[length]`` of the noise from a random place; a noise that is too short is repeated.

    Raises:
        ValueError: The noise is empty.
    """
    if noise.size == 0:
        raise ValueError("there is no noise to take an excerpt of")
    repeated = np.tile(noise, -(-length // noise.size)) if noise.size < length else noise
    first = int(generator.integers(0, repeated.size - length + 1))
    return repeated[first : first + length]


def mix(speech: Samples, noise: Samples, snr_db: float) -> Samples:
    """Add noise to speech and scale the sum to half of full scale.

    Args:
        speech: ``float32[n]``.
        noise: ``float32[n]``, as long as the speech.
        snr_db: Energy of the loudest frame of the speech over that of the noise.

    Raises:
        ValueError: The lengths differ, or one of the two is silent.
    """
    if speech.size != noise.size:
        raise ValueError(f"speech of {speech.size} samples needs as much noise, not {noise.size} samples")
    speech_energy, noise_energy = loudest_frame_energy(speech), loudest_frame_energy(noise)
    if speech_energy == 0 or noise_energy == 0:
        raise ValueError("a silent recording has no ratio of speech to noise")
    factor = np.sqrt(speech_energy / (noise_energy * 10 ** (snr_db / 10)))
    mixed = speech + noise * factor
    scaled: Samples = (mixed * (MIX_PEAK / np.abs(mixed).max())).astype(np.float32)
    return scaled
