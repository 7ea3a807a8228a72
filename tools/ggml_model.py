"""``python -m tools.ggml_model OUT.bin``: the pack ``whisper-tiny-en-ct2`` written as whisper.cpp reads it.

No package index carries a Whisper model in ggml's form. This makes one from weights that can be fetched, so
that the whisper.cpp engine can be tried and its contract tests run (``NEARFIELD_WHISPER_MODEL=OUT.bin``). The
numbers are the same; only their names, their order and the file's form change.

Source: ``convert-pt-to-ggml.py`` of ggerganov/whisper.cpp for the form written, CTranslate2's
``model_spec.py`` (binary version 6) for the form read, librosa's ``mel`` with Slaney's scale for the filters.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import ModelsError
from nearfield_models.store import ModelStore

PACK: Final = "whisper-tiny-en-ct2"
_MAGIC: Final = 0x67676D6C
_KINDS: Final[Mapping[int, type[np.generic]]] = {
    0: np.float32,
    1: np.int8,
    2: np.int16,
    3: np.int32,
    4: np.float16,
}
_FLOAT32, _FLOAT16 = 0, 1
_MELS: Final = 80
_BINS: Final = 201
_END_OF_TEXT: Final = "<|endoftext|>"

Weights = Mapping[str, NDArray[Any]]


def main() -> int:
    """Write the file; 1 if the pack is not here."""
    parser = argparse.ArgumentParser(prog="python -m tools.ggml_model", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT.bin")
    out: Path = parser.parse_args().out
    try:
        pack = ModelStore.default().installed(PACK)
    except ModelsError as error:
        print(error, file=sys.stderr)
        return 1
    weights = read_weights(pack.file("model.bin").read_bytes())
    tokens = read_tokens(json.loads(pack.file("tokenizer.json").read_text("utf-8")))
    with out.open("wb") as file:
        write_model(file, weights, tokens)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
    return 0


def read_weights(content: bytes) -> Weights:
    """The variables of a CTranslate2 model by name."""
    at = 0

    def number(form: str) -> int:
        nonlocal at
        value = struct.unpack_from(f"<{form}", content, at)[0]
        at += struct.calcsize(f"<{form}")
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return content[at - length : at].rstrip(b"\0").decode()

    number("I")  # version of the form
    text()  # name of the specification
    number("I")  # its revision
    found = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = _KINDS[number("B")]
        length = number("I")
        found[name] = np.frombuffer(content[at : at + length], kind).reshape(shape)
        at += length
    return found


def read_tokens(tokenizer: Mapping[str, Any]) -> list[bytes]:
    """The bytes of each text token, in order; whisper.cpp itself knows those from the end of text on."""
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    bytes_of = _byte_of_letter()
    texts = sorted(vocabulary, key=vocabulary.__getitem__)
    return [bytes(bytes_of[letter] for letter in text) for text in texts if text != _END_OF_TEXT]


def write_model(file: BinaryIO, weights: Weights, tokens: list[bytes]) -> None:
    """Write a whole ggml file: sizes, filters, tokens, tensors."""
    width = weights["encoder/conv1/bias"].size
    vocabulary = weights["decoder/embeddings/weight"].shape[0]
    audio_context = weights["encoder/position_encodings/encodings"].shape[0]
    text_context = weights["decoder/position_encodings/encodings"].shape[0]
    heads = [int(weights[f"{side}/num_heads"]) for side in ("encoder", "decoder")]
    layers = [_layers(weights, side) for side in ("encoder", "decoder")]
    sizes = (vocabulary, audio_context, width, heads[0], layers[0], text_context, width, heads[1], layers[1])
    file.write(struct.pack("<12i", _MAGIC, *sizes, _MELS, _FLOAT16))
    filters = mel_filters()
    file.write(struct.pack("<2i", *filters.shape))
    file.write(filters.astype("<f4").tobytes())
    file.write(struct.pack("<i", len(tokens)))
    for token in tokens:
        file.write(struct.pack("<i", len(token)) + token)
    for name, values in _tensors(weights, layers):
        _write_tensor(file, name, values)


def mel_filters() -> NDArray[np.float32]:
    """``float32[80, 201]``: triangles of one area on Slaney's scale, for 16 kHz and 400 samples."""
    top = _mel_of(8_000.0)
    edges = np.array([_hz_of(mel) for mel in np.linspace(0.0, top, _MELS + 2)])
    bins = np.linspace(0.0, 8_000.0, _BINS)
    widths = np.diff(edges)
    slopes = edges[:, np.newaxis] - bins
    rising = -slopes[:-2] / widths[:-1, np.newaxis]
    falling = slopes[2:] / widths[1:, np.newaxis]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    areas = (2.0 / (edges[2:] - edges[:-2]))[:, np.newaxis]
    filters: NDArray[np.float32] = (triangles * areas).astype(np.float32)
    return filters


def _mel_of(hz: float) -> float:
    return hz * 3 / 200 if hz < 1_000 else 15 + float(np.log(hz / 1_000)) * 27 / float(np.log(6.4))


def _hz_of(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1_000 * float(np.exp((mel - 15) * np.log(6.4) / 27))


def _layers(weights: Weights, side: str) -> int:
    return len({name.split("/")[1] for name in weights if name.startswith(f"{side}/layer_")} - {"layer_norm"})


def _tensors(weights: Weights, layers: list[int]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Name and values of every tensor, as OpenAI's checkpoint names them."""
    yield "encoder.positional_embedding", weights["encoder/position_encodings/encodings"].astype(np.float32)
    yield "decoder.positional_embedding", weights["decoder/position_encodings/encodings"].astype(np.float32)
    yield "decoder.token_embedding.weight", weights["decoder/embeddings/weight"]
    for conv in ("conv1", "conv2"):
        yield f"encoder.{conv}.weight", weights[f"encoder/{conv}/weight"]
        yield f"encoder.{conv}.bias", weights[f"encoder/{conv}/bias"][:, np.newaxis]
    yield from _norm(weights, "encoder/layer_norm", "encoder.ln_post")
    yield from _norm(weights, "decoder/layer_norm", "decoder.ln")
    for side, count in zip(("encoder", "decoder"), layers, strict=True):
        for index in range(count):
            yield from _block(weights, f"{side}/layer_{index}", f"{side}.blocks.{index}")


def _block(weights: Weights, theirs: str, named: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from _norm(weights, f"{theirs}/self_attention/layer_norm", f"{named}.attn_ln")
    joined = _parts(weights, f"{theirs}/self_attention/linear_0", 3)
    yield from _attention(joined, f"{named}.attn")
    yield from _linear(weights, f"{theirs}/self_attention/linear_1", f"{named}.attn.out")
    if f"{theirs}/attention/linear_0/weight" in weights:
        yield from _norm(weights, f"{theirs}/attention/layer_norm", f"{named}.cross_attn_ln")
        query = _parts(weights, f"{theirs}/attention/linear_0", 1)
        key_and_value = _parts(weights, f"{theirs}/attention/linear_1", 2)
        yield from _attention([*query, *key_and_value], f"{named}.cross_attn")
        yield from _linear(weights, f"{theirs}/attention/linear_2", f"{named}.cross_attn.out")
    yield from _norm(weights, f"{theirs}/ffn/layer_norm", f"{named}.mlp_ln")
    yield from _linear(weights, f"{theirs}/ffn/linear_0", f"{named}.mlp.0")
    yield from _linear(weights, f"{theirs}/ffn/linear_1", f"{named}.mlp.2")


def _parts(weights: Weights, theirs: str, count: int) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """CTranslate2 keeps query, key and value in one matrix: here they are, each with its bias."""
    weight = np.split(weights[f"{theirs}/weight"], count)
    return list(zip(weight, np.split(weights[f"{theirs}/bias"], count), strict=True))


def _attention(
    parts: list[tuple[NDArray[Any], NDArray[Any]]], named: str
) -> Iterator[tuple[str, NDArray[Any]]]:
    for part, (weight, bias) in zip(("query", "key", "value"), parts, strict=True):
        yield f"{named}.{part}.weight", weight
        if part != "key":  # Whisper's keys have no bias
            yield f"{named}.{part}.bias", bias


def _linear(weights: Weights, theirs: str, named: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"{named}.weight", weights[f"{theirs}/weight"]
    yield f"{named}.bias", weights[f"{theirs}/bias"]


def _norm(weights: Weights, theirs: str, named: str) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"{named}.weight", weights[f"{theirs}/gamma"]
    yield f"{named}.bias", weights[f"{theirs}/beta"]


def _write_tensor(file: BinaryIO, name: str, values: NDArray[Any]) -> None:
    """Matrices stay in half precision; whisper.cpp wants vectors and positions in single."""
    half = values.dtype == np.float16 and values.ndim > 1 and not name.endswith(".bias")
    label = name.encode()
    kind = _FLOAT16 if half else _FLOAT32
    file.write(struct.pack("<3i", values.ndim, len(label), kind))
    file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)))
    file.write(label)
    file.write(values.astype("<f2" if half else "<f4").tobytes())


def _byte_of_letter() -> dict[str, int]:
    """GPT-2 writes each byte as a letter that can be seen; this is the way back."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in seen]
    letters = {chr(byte): byte for byte in seen}
    return letters | {chr(256 + place): byte for place, byte in enumerate(hidden)}


if __name__ == "__main__":
    sys.exit(main())
