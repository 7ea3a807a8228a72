"""Fourier transforms in single precision, which is all that sound needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nearfield_models.pcm import Samples

Spectra = NDArray[np.complex64]


def spectra_of(blocks: Samples, points: int | None = None) -> Spectra:
    """Transform ``float32[..., n]``, filled up with zeros to ``points``."""
    return np.fft.rfft(blocks, points).astype(np.complex64, copy=False)


def blocks_of(spectra: Spectra, points: int) -> Samples:
    """Transform ``complex64[..., points // 2 + 1]`` back to ``float32[..., points]``."""
    return np.fft.irfft(spectra, points).astype(np.float32, copy=False)


def power_of(spectra: Spectra) -> Samples:
    """The squared magnitude of every bin."""
    return spectra.real**2 + spectra.imag**2
