"""Whether a file is a whole Whisper model in ggml's form, told before a library that would crash reads it.

Source: ``whisper_model_load`` of ggerganov/whisper.cpp.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from nearfield_models.errors import EngineError, PackDamagedError

_MAGIC: Final = 0x67676D6C
_LARGEST_VOCABULARY: Final = 100_000
_MOST_TENSORS: Final = 10_000
_LARGEST_SIZE: Final = 1 << 20
_MOST_DIMENSIONS: Final = 4
_LONGEST_NAME: Final = 256
_BLOCKS: Final = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
}
"""Numbers and bytes of a block for each kind of tensor: single, half, and the quantised ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GgmlModel:
    """What the head of the file says."""

    vocabulary: int
    """Tokens."""
    tensors: int


def read_ggml_model(path: Path) -> GgmlModel:
    """Walk through a model file from its first byte to its last.

    Raises:
        PackDamagedError: There is no such file, or it cannot be read.
        EngineError: It is no Whisper model in ggml's form, or it was cut short.
    """
    try:
        with path.open("rb") as file:
            return _walk(file, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise PackDamagedError(
            f"model file {path} cannot be read ({error.strerror}): name a ggml model that is there"
        ) from error
    except (struct.error, ValueError) as error:
        raise EngineError(
            f"{path} is no whole Whisper model in ggml's form ({error}): fetch or convert it again"
        ) from error


def _walk(file: BinaryIO, size_bytes: int) -> GgmlModel:
    magic, vocabulary, *sizes = _numbers(file, 12)
    if magic != _MAGIC:
        raise ValueError("it does not begin as one")
    _within("vocabulary", vocabulary, _LARGEST_VOCABULARY)
    for size in sizes[:-1]:
        _within("size", size, _LARGEST_SIZE)
    bands, bins = _numbers(file, 2)
    _within("number of filters", bands * bins, _LARGEST_SIZE)
    _skip(file, bands * bins * 4, size_bytes)
    for _ in range(_within("number of tokens", _numbers(file, 1)[0], vocabulary)):
        _skip(file, _within("token", _numbers(file, 1)[0], _LONGEST_NAME), size_bytes)
    tensors = 0
    while file.tell() < size_bytes:
        _skip_tensor(file, size_bytes)
        tensors = _within("number of tensors", tensors + 1, _MOST_TENSORS)
    expected = _tensors(audio_layers=sizes[3], text_layers=sizes[7])
    if tensors != expected:
        raise ValueError(f"it holds {tensors} tensors instead of {expected}")
    return GgmlModel(vocabulary=vocabulary, tensors=tensors)


def _tensors(*, audio_layers: int, text_layers: int) -> int:
    """What stands outside the layers, then 15 for each of the encoder's and 24 for each of the decoder's."""
    return 11 + 15 * audio_layers + 24 * text_layers


def _skip_tensor(file: BinaryIO, size_bytes: int) -> None:
    dimensions, name_length, kind = _numbers(file, 3)
    _within("number of dimensions", dimensions, _MOST_DIMENSIONS)
    if kind not in _BLOCKS:
        raise ValueError(f"it has tensors of the unknown kind {kind}")
    numbers = 1
    for size in _numbers(file, dimensions):
        numbers *= _within("dimension", size, _LARGEST_SIZE)
    _skip(file, _within("name", name_length, _LONGEST_NAME), size_bytes)
    block, block_bytes = _BLOCKS[kind]
    if numbers % block:
        raise ValueError("a tensor has a broken block")
    _skip(file, numbers // block * block_bytes, size_bytes)


def _numbers(file: BinaryIO, count: int) -> tuple[int, ...]:
    """So many 32-bit integers."""
    return struct.unpack(f"<{count}i", file.read(4 * count))


def _within(what: str, value: int, largest: int) -> int:
    if not 0 <= value <= largest:
        raise ValueError(f"a {what} of {value} makes no sense")
    return value


def _skip(file: BinaryIO, length: int, size_bytes: int) -> None:
    if file.tell() + length > size_bytes:
        raise ValueError("it ends too soon")
    file.seek(length, os.SEEK_CUR)
