"""How derived files are made: a table of tokens, a voice cut in three, a graph that computes in eight bits.

A step is a function of files to files. Its version is raised whenever its output would differ, so that stores
make the file again.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from nearfield_models.asr.tokens import read_pieces
from nearfield_models.errors import BuildStepError, PackDamagedError, RuntimeMissingError

VOCODER_ENTRY: Final = "/dec/conv_pre/Conv"
"""The node of a Piper (VITS) graph where the vocoder begins."""
FLOW: Final = "/flow/"
"""How the names of the nodes begin that stand before the vocoder."""
_NOISE: Final = "RandomNormalLike"


def sherpa_token_lines(tokens: tuple[bytes, ...]) -> str:
    """Write a vocabulary as sherpa-onnx reads it: per line the base64 of the token's text and its id.

    SentencePiece's word mark ``▁`` becomes the space that it stands for.

    Source: k2-fsa/sherpa-onnx, ``scripts/moonshine/v2``.
    """
    mark = "▁".encode()
    return "".join(
        f"{base64.b64encode(token.replace(mark, b' ')).decode()} {number}\n"
        for number, token in enumerate(tokens)
    )


def _moonshine_tokens(inputs: tuple[Path, ...], outputs: tuple[Path, ...]) -> None:
    try:
        pieces = read_pieces(inputs[0])
    except PackDamagedError as error:
        raise BuildStepError(str(error)) from error
    outputs[0].write_text(sherpa_token_lines(pieces), encoding="utf-8")


def _split_voice(inputs: tuple[Path, ...], outputs: tuple[Path, ...]) -> None:
    """Cut a Piper graph before its flow and before its vocoder: ``inputs[0]`` into text, flow and vocoder.

    The text's part must see the whole sentence; the other two see a few frames at a time, so they can work
    on a piece of it. The flow's inputs are the frames and which of them count (``float32[1, 1, frames]``).
    Sources of noise are given seeds, so that a voice says the same after each start.
    """
    try:
        import onnx
        import onnx.helper
        import onnx.shape_inference
        import onnx.utils
    except ImportError as error:
        raise RuntimeMissingError(
            "splitting a voice needs the onnx package: install nearfield with its `models` extra"
        ) from error
    try:
        # OpenVINO cannot compile a vocoder whose input has no known number of channels.
        voice = onnx.shape_inference.infer_shapes(onnx.load(str(inputs[0])))
        for number, node in enumerate((n for n in voice.graph.node if n.op_type == _NOISE), start=1):
            if all(attribute.name != "seed" for attribute in node.attribute):
                node.attribute.append(onnx.helper.make_attribute("seed", float(number)))
        seams = _seams(voice.graph, inputs[0].name)
        extractor = onnx.utils.Extractor(voice)
        given = [value.name for value in voice.graph.input]
        made = [value.name for value in voice.graph.output]
        parts = (
            (given, [seams.frames]),
            ([seams.frames, seams.mask], [seams.latent]),
            ([seams.latent], made),
        )
        for path, (sources, results) in zip(outputs, parts, strict=True):
            onnx.save(extractor.extract_model(sources, results), str(path))
    except (BuildStepError, OSError):
        raise
    except Exception as error:
        # What onnx passes on from protobuf and raises itself shares no root below Exception.
        raise BuildStepError(f"{inputs[0].name} cannot be split: {error}") from error


def _eight_bit_products(inputs: tuple[Path, ...], outputs: tuple[Path, ...]) -> None:
    # Who only looks into a store needs no arrays.
    from nearfield_models.embedding.eight_bits import write_eight_bit_products

    write_eight_bit_products(inputs, outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seams:
    """Tensors of a Piper graph where it is cut."""

    frames: str
    """Enters the flow."""
    mask: str
    """Which frames count; enters it as well."""
    latent: str
    """Enters the vocoder."""


def _seams(graph: Any, name: str) -> _Seams:
    vocoder = next((node for node in graph.node if node.name == VOCODER_ENTRY), None)
    flow = next((node for node in graph.node if node.name.startswith(FLOW)), None)
    if vocoder is None or flow is None:
        missing = VOCODER_ENTRY if vocoder is None else FLOW
        raise BuildStepError(
            f"{name} has no node {missing}, where a part of a Piper voice begins: it is another "
            "kind of graph, so leave the split-voice step out of its manifest"
        )
    latent = str(vocoder.input[0])
    last = next(node for node in graph.node if latent in node.output)
    masks = [str(tensor) for tensor in last.input if not str(tensor).startswith(FLOW)]
    if last.op_type != "Mul" or len(masks) != 1:
        raise BuildStepError(f"{name}: {last.name} does not mask what the flow gives: expected a Piper voice")
    return _Seams(frames=str(flow.input[0]), mask=masks[0], latent=latent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The code of a step."""

    version: int
    """Raised whenever the output for the same input would differ."""
    inputs: int
    """How many files it reads."""
    outputs: int
    """How many files it writes."""
    make: Callable[[tuple[Path, ...], tuple[Path, ...]], None]
    """Reads the inputs and writes the outputs, in the manifest's order; ``OSError`` passes through.

    Raises `BuildStepError` when the input is not what the step expects.
    """


RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "eight-bit-products": Recipe(version=1, inputs=1, outputs=2, make=_eight_bit_products),
        "moonshine-tokens": Recipe(version=1, inputs=1, outputs=1, make=_moonshine_tokens),
        "split-voice": Recipe(version=3, inputs=1, outputs=3, make=_split_voice),
    }
)
