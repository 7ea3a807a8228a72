"""WAV files at the level of bytes: whether one is whole, and writing one in any order of samples."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import Final

import numpy as np

from nearfield_edge.errors import SinkError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples, to_bytes

_OPEN_ENDED: Final = 0x7FFF_0000
"""Sizes from here on are written by programs that did not know the size."""
_LARGEST_DATA_BYTES: Final = 0x7FFE_0000
_HEADER_BYTES: Final = 44


def missing_bytes(path: Path) -> int:
    """How many bytes a WAV file lacks of what its header names; 0 where it is whole or no WAV file.

    Raises:
        OSError: The file cannot be read.

    Source: Microsoft/IBM, Multimedia Programming Interface and Data Specifications 1.0 (RIFF).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                return 0 if length >= _OPEN_ENDED else max(0, file.tell() + length - size)
            file.seek(length + length % 2, 1)
    return 0


class WavFile:
    """A 16 kHz, 16-bit WAV file whose channels are written apart, at any position; what is not is silence."""

    def __init__(self, path: Path, *, channels: int = 1) -> None:
        """Create the file, or empty it.

        Raises:
            SinkError: It cannot be created.
        """
        self._path = path
        self._channels = channels
        self._rows = 0
        try:
            # Unbuffered, so that a full disk shows where it is met and not when the file is let go.
            self._file = path.open("w+b", buffering=0)
        except OSError as error:
            raise self._fault(error) from error
        try:
            self._write_header()
        except OSError as error:
            self._file.close()
            raise self._fault(error) from error

    def write(self, channel: int, first_sample: int, samples: Samples) -> None:
        """Put ``float32[n]`` at 16 kHz into a channel.

        Raises:
            SinkError: The disk is full, or the file would be larger than WAV allows.
        """
        end = first_sample + samples.size
        if end * self._row_bytes > _LARGEST_DATA_BYTES:
            raise SinkError(f"{self._path} has reached the largest size of a WAV file: begin another")
        try:
            rows = self._read(first_sample, samples.size)
            rows[:, channel] = np.frombuffer(to_bytes(samples), "<i2")
            self._rows = max(self._rows, end)
            self._put(_HEADER_BYTES + first_sample * self._row_bytes, rows.tobytes())
        except OSError as error:
            raise self._fault(error) from error

    def close(self) -> None:
        """Write the sizes and close; a second time does nothing.

        Raises:
            SinkError: The disk is full.
        """
        if self._file.closed:
            return
        try:
            self._write_header()
        except OSError as error:
            raise self._fault(error) from error
        finally:
            self._file.close()

    @property
    def _row_bytes(self) -> int:
        return 2 * self._channels

    def _read(self, first_sample: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        rows = np.zeros((count, self._channels), "<i2")
        self._file.seek(_HEADER_BYTES + first_sample * self._row_bytes)
        there = self._file.read(rows.nbytes) or b""
        rows.reshape(-1)[: len(there) // 2] = np.frombuffer(there, "<i2")
        return rows

    def _write_header(self) -> None:
        data_bytes = self._rows * self._row_bytes
        header = struct.pack(
            "<4sI4s4sIHHIIHH4sI",
            *(b"RIFF", _HEADER_BYTES - 8 + data_bytes, b"WAVE", b"fmt ", 16, 1, self._channels),
            *(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * self._row_bytes, self._row_bytes, 16, b"data", data_bytes),
        )
        self._put(0, header)

    def _put(self, at: int, content: bytes) -> None:
        self._file.seek(at)
        if self._file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _fault(self, error: OSError) -> SinkError:
        return SinkError(f"sound cannot be written to {self._path}: {error.strerror}; choose another place")
