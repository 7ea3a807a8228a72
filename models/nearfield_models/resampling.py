"""Conversion at the border: any rate, channel count and sample width to the inner format, and back.

Channels are mixed down as their mean, rates converted by soxr. What a stream's converter has given after
``finish`` is what the one-shot function gives for the same sound, wherever the stream was cut.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples

LOWEST_RATE_HZ: Final = 1_000
HIGHEST_RATE_HZ: Final = 768_000
MOST_CHANNELS: Final = 64
_SILENCE: Final = np.zeros(0, np.float32)


def mix_down(sound: NDArray[np.float32]) -> Samples:
    """Give ``float32[n]`` from ``float32[n]`` or ``float32[n, channels]``: the mean over channels.

    Raises:
        AudioFormatError: Another shape, or more than ``MOST_CHANNELS`` channels.
    """
    if sound.ndim == 1:
        return sound
    if sound.ndim != 2 or not 1 <= sound.shape[1] <= MOST_CHANNELS:
        raise AudioFormatError(
            f"sound of shape {sound.shape} cannot be mixed down: expected one row a sample "
            f"and 1 to {MOST_CHANNELS} channels"
        )
    if sound.shape[1] == 1:
        return sound[:, 0]
    mean: Samples = sound.mean(axis=1, dtype=np.float32)
    return mean


def resample(samples: Samples, from_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Convert ``float32[n]`` from one rate to another.

    Raises:
        AudioFormatError: A rate outside ``LOWEST_RATE_HZ`` to ``HIGHEST_RATE_HZ``.
    """
    stream = StreamResampler(from_hz, to_hz)
    return np.concatenate((stream.accept(samples), stream.finish()))


class StreamResampler:
    """Converts the rate of a stream, piece by piece; output lags by the filter's length until ``finish``."""

    def __init__(self, from_hz: int, to_hz: int = SAMPLE_RATE_HZ) -> None:
        """Prepare for one stream.

        Raises:
            AudioFormatError: A rate outside ``LOWEST_RATE_HZ`` to ``HIGHEST_RATE_HZ``.
        """
        for rate in (from_hz, to_hz):
            if not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
                raise AudioFormatError(
                    f"a sample rate of {rate} Hz cannot be converted: "
                    f"expected {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz"
                )
        self._ratio = Fraction(to_hz, from_hz)
        self._taken = 0
        self._given = 0
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def accept(self, samples: Samples) -> Samples:
        """Take ``float32[n]`` at the old rate and give what is ready at the new one."""
        if self._stream is None or not samples.size:
            return samples
        self._taken += samples.size
        return self._counted(self._stream.resample_chunk(samples))

    def finish(self) -> Samples:
        """Give the rest; the stream is over."""
        if self._stream is None or not self._taken:
            return _SILENCE
        rest = self._counted(self._stream.resample_chunk(_SILENCE, last=True))
        # soxr may end a sample early or late; the length follows from the duration, whatever the cuts were.
        missing = round(self._taken * self._ratio) - self._given
        return np.pad(rest, (0, missing)) if missing > 0 else rest[: rest.size + missing]

    def _counted(self, samples: Samples) -> Samples:
        self._given += samples.size
        return samples


class PcmDecoder:
    """Turns a stream of raw bytes into the inner format, wherever the bytes were cut.

    The bytes are interleaved little-endian samples: unsigned for 8 bits, signed for 16, 24 and 32.
    """

    def __init__(self, *, rate_hz: int, channels: int = 1, width_bits: int = 16) -> None:
        """Prepare for one stream.

        Raises:
            AudioFormatError: A rate, channel count or width that cannot be converted.
        """
        if width_bits not in (8, 16, 24, 32):
            raise AudioFormatError(
                f"samples of {width_bits} bits cannot be read: expected 8, 16, 24 or 32 bits"
            )
        if not 1 <= channels <= MOST_CHANNELS:
            raise AudioFormatError(
                f"{channels} channels cannot be mixed down: expected 1 to {MOST_CHANNELS} channels"
            )
        self._channels = channels
        self._width_bits = width_bits
        self._frame_bytes = channels * width_bits // 8
        self._kept = b""
        self._resampler = StreamResampler(rate_hz)

    def accept(self, raw: bytes) -> Samples:
        """Take bytes and give the ``float32[n]`` at 16 kHz that is ready."""
        raw = self._kept + raw
        whole = len(raw) - len(raw) % self._frame_bytes
        self._kept = raw[whole:]
        sound = _from_width(raw[:whole], self._width_bits).reshape(-1, self._channels)
        return self._resampler.accept(mix_down(sound))

    def finish(self) -> Samples:
        """Give the rest; bytes that do not make a whole sample are dropped."""
        return self._resampler.finish()


def _from_width(raw: bytes, width_bits: int) -> Samples:
    if width_bits == 8:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128.0) / 128.0
    if width_bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        raw, width_bits = wide.tobytes(), 32
    integers = np.frombuffer(raw, f"<i{width_bits // 8}")
    return integers.astype(np.float32) / np.float32(2.0 ** (width_bits - 1))
