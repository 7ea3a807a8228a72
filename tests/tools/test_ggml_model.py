"""The tool that writes a ggml model: what it reads of the other form, and the filters that it computes."""

from __future__ import annotations

import struct

import numpy as np

from tools.ggml_model import mel_filters, read_tokens, read_weights


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def test_weights_are_read_with_their_names_shapes_and_kinds() -> None:
    matrix = np.arange(6, dtype="<f2").reshape(2, 3)
    content = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, 2)
    content += text("a/weight") + struct.pack("<BIIBI", 2, 2, 3, 4, 12) + matrix.tobytes()
    content += text("heads") + struct.pack("<BBI", 0, 2, 2) + struct.pack("<h", 6)
    read = read_weights(content)
    assert list(read) == ["a/weight", "heads"]
    assert np.array_equal(read["a/weight"], matrix)
    assert read["a/weight"].dtype == np.float16
    assert int(read["heads"]) == 6


def test_tokens_are_the_bytes_that_their_letters_stand_for_in_order_of_their_numbers() -> None:
    vocabulary = {"\u0120a": 2, "!": 0, "\u00c3\u00a9": 1, "<|endoftext|>": 3}
    assert read_tokens({"model": {"vocab": vocabulary}}) == [b"!", "\u00e9".encode(), b" a"]


def test_every_filter_is_a_triangle_of_the_same_area_and_higher_than_the_one_before() -> None:
    filters = mel_filters()
    assert filters.shape == (80, 201)
    assert (filters >= 0).all()
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) >= 0).all()
    wide = filters[50:]  # the lowest are narrower than the distance of two bins
    assert np.allclose(wide.sum(axis=1) * 40, 1, atol=0.05)
