"""Steady noise turned down before an utterance is encoded, where it is loud.

Spectral subtraction over the whole utterance (Boll 1979; Berouti et al. 1979), kept mild: only what a band
holds even in its quiet frames is taken for noise, and nothing is turned down by more than 10 dB, since the
recogniser suffers more from holes in a spectrum than from noise in it. Where the noise is not loud the sound
stays as it is: words would be no better understood, and wrong ones would fit a little better.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.pcm import Samples

_FRAME: Final = 512
_HOP: Final = 128
_OVERLAPS: Final = _FRAME // _HOP
_QUIET_PERCENTILE: Final = 15
_QUIET_TO_MEAN: Final = 1.5
"""From the level of a band's quietest frames to that of its noise."""
_LOUD_DB: Final = 15.5
"""Noise is loud if the sound as a whole is less than this above it: in a kitchen, from about 6 dB below the
speech on."""
_LEAST_GAIN: Final = 0.3
_SMOOTHED_FRAMES: Final = 3
_SILENT: Final = 1e-9

_WINDOW: Final = np.hanning(_FRAME + 1)[:-1].astype(np.float32)
_WINDOW_POWER: Final = float((_WINDOW**2).sum()) / _HOP
"""What analysis and synthesis windows add up to, at every sample."""


def quietened(samples: Samples) -> Samples:
    """Turn down what is there all the time in ``float32[n]`` at 16 kHz, if it is loud; as many samples.

    Where it is not, the very array that was given comes back.
    """
    padded = np.pad(samples, (_FRAME, 2 * _FRAME - samples.size % _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP] * _WINDOW
    spectra = np.fft.rfft(frames)
    levels = np.abs(spectra)
    noise = np.percentile(levels, _QUIET_PERCENTILE, axis=0) * _QUIET_TO_MEAN
    if (levels**2).sum(axis=1).mean() >= (noise**2).sum() * 10 ** (_LOUD_DB / 10):
        return samples
    cleaned = np.fft.irfft(spectra * _gains(levels, noise), _FRAME).astype(np.float32) * _WINDOW
    return _overlapped(cleaned)[_FRAME : _FRAME + samples.size] / np.float32(_WINDOW_POWER)


def _gains(levels: NDArray[np.floating], noise: NDArray[np.floating]) -> NDArray[np.floating]:
    """For ``float[frames, bands]``, between the least gain and 1, smoothed in time."""
    kept = np.sqrt(np.maximum(1.0 - (noise / np.maximum(levels, _SILENT)) ** 2, 0.0))
    gains = np.pad(np.maximum(kept, _LEAST_GAIN), ((_SMOOTHED_FRAMES // 2,) * 2, (0, 0)), mode="edge")
    smoothed: NDArray[np.floating] = np.lib.stride_tricks.sliding_window_view(
        gains, _SMOOTHED_FRAMES, axis=0
    ).mean(axis=-1)
    return smoothed


def _overlapped(frames: Samples) -> Samples:
    """Add up ``float32[frames, frame]``, each a hop behind the one before."""
    sound = np.zeros((len(frames) + _OVERLAPS - 1, _HOP), np.float32)
    for part in range(_OVERLAPS):
        sound[part : part + len(frames)] += frames[:, part * _HOP : (part + 1) * _HOP]
    return sound.ravel()
