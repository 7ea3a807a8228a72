"""A Whisper model of random numbers, small enough to make in a test, in ggml's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.ggml_model import write_model

WIDTH = 64
ENGLISH_VOCABULARY = 51_864


def write_small_whisper(path: Path, *, vocabulary: int = ENGLISH_VOCABULARY, tokens: int = 256) -> Path:
    """One layer a side; the text it hears means nothing, and is the same each time."""
    rng = np.random.default_rng(1)

    def numbers(*shape: int) -> NDArray[np.float16]:
        return rng.normal(0, 0.1, shape).astype(np.float16)

    weights: dict[str, NDArray[np.float16]] = {
        "encoder/num_heads": np.array(1, np.float16),
        "decoder/num_heads": np.array(1, np.float16),
        "encoder/position_encodings/encodings": numbers(1_500, WIDTH),
        "decoder/position_encodings/encodings": numbers(448, WIDTH),
        "decoder/embeddings/weight": numbers(vocabulary, WIDTH),
        "encoder/conv1/weight": numbers(WIDTH, 80, 3),
        "encoder/conv1/bias": numbers(WIDTH),
        "encoder/conv2/weight": numbers(WIDTH, WIDTH, 3),
        "encoder/conv2/bias": numbers(WIDTH),
    }
    matrices = {
        "self_attention/linear_0": (3 * WIDTH, WIDTH),
        "self_attention/linear_1": (WIDTH, WIDTH),
        "ffn/linear_0": (4 * WIDTH, WIDTH),
        "ffn/linear_1": (WIDTH, 4 * WIDTH),
    }
    across = {
        "attention/linear_0": (WIDTH, WIDTH),
        "attention/linear_1": (2 * WIDTH, WIDTH),
        "attention/linear_2": (WIDTH, WIDTH),
    }
    norms = ("self_attention/layer_norm", "ffn/layer_norm")
    for side in ("encoder", "decoder"):
        shapes = matrices if side == "encoder" else matrices | across
        for name, shape in shapes.items():
            weights[f"{side}/layer_0/{name}/weight"] = numbers(*shape)
            weights[f"{side}/layer_0/{name}/bias"] = numbers(shape[0])
        named = norms if side == "encoder" else (*norms, "attention/layer_norm")
        for norm in (f"{side}/layer_norm", *(f"{side}/layer_0/{name}" for name in named)):
            weights[f"{norm}/gamma"] = np.ones(WIDTH, np.float16)
            weights[f"{norm}/beta"] = numbers(WIDTH)
    with path.open("wb") as file:
        write_model(file, weights, [bytes([byte]) for byte in range(tokens)])
    return path
