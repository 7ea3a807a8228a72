"""Log-mel spectra as Whisper takes them in.

Frames of 25 ms every 10 ms under a periodic Hann window, their power in 80 mel bands, the logarithm of it
limited to 8 decades below the loudest, scaled to about -1..1.

Source: Whisper (Radford et al., 2022), ``log_mel_spectrogram``; bands by Slaney's Auditory Toolbox (1998):
linear below 1 kHz, logarithmic above, each of unit area.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

BANDS: Final = 80
HOP: Final = 160
_WINDOW: Final = 400
_LEAST_POWER: Final = 1e-10
_DECADES: Final = 8.0
_LINEAR_HZ: Final = 200.0 / 3
"""Width of a mel below ``_BREAK_HZ``."""
_BREAK_HZ: Final = 1_000.0
_BREAK_MEL: Final = _BREAK_HZ / _LINEAR_HZ
_LOG_STEP: Final = float(np.log(6.4)) / 27.0

Floats = NDArray[np.float32]


class LogMel:
    """The transform, with its tables made once."""

    def __init__(self) -> None:
        self._window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._bands = _mel_bands()

    def spectra(self, samples: Samples) -> Floats:
        """Give ``float32[80, n // 160]`` of ``float32[n]`` at 16 kHz; ``n`` is at least 400."""
        padded = np.pad(samples, _WINDOW // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][: samples.size // HOP]
        spectrum = np.fft.rfft(frames * self._window).astype(np.complex64)
        power = spectrum.real**2 + spectrum.imag**2
        logarithms = np.log10(np.maximum(self._bands @ power.T, _LEAST_POWER))
        limited = np.maximum(logarithms, logarithms.max() - _DECADES)
        scaled: Floats = ((limited + 4.0) / 4.0).astype(np.float32)
        return scaled


def _mel_bands() -> Floats:
    """``float32[80, 201]``: the share of each frequency in each band."""
    frequencies = np.linspace(0.0, SAMPLE_RATE_HZ / 2, _WINDOW // 2 + 1)
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE_HZ / 2), BANDS + 2))
    rising = (frequencies - edges[:-2, np.newaxis]) / np.diff(edges)[:-1, np.newaxis]
    falling = (edges[2:, np.newaxis] - frequencies) / np.diff(edges)[1:, np.newaxis]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rising, falling)) * area[:, np.newaxis]).astype(np.float32)


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _LINEAR_HZ
    return _BREAK_MEL + float(np.log(hertz / _BREAK_HZ)) / _LOG_STEP


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, mels * _LINEAR_HZ, above)
