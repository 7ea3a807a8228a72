"""Vectors in one bit and in eight bits a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nearfield_sync.passages.passage import Vectors


def sketch(vector: Vectors) -> bytes:
    """The signs of ``float32[width]``, eight a byte; their differences rank as angles do, roughly."""
    return np.packbits(vector > 0, bitorder="little").tobytes()


def squeeze(vector: Vectors) -> tuple[float, bytes]:
    """``float32[width]`` as ``int8[width]`` and what each step of it stands for."""
    scale = float(np.abs(vector).max()) / 127.0 or 1.0
    return scale, np.round(vector / scale).astype(np.int8).tobytes()


def cosines(question: Vectors, squeezed: Sequence[tuple[float, bytes]]) -> Vectors:
    """``float32[n]``: the products of a vector of length 1 with squeezed ones, which had length 1 too."""
    if not squeezed:
        return np.empty(0, np.float32)
    numbers = np.frombuffer(b"".join(entry[1] for entry in squeezed), np.int8).reshape(len(squeezed), -1)
    scales = np.array([entry[0] for entry in squeezed], np.float32)
    products: Vectors = (numbers.astype(np.float32) @ question) * scales
    return products
