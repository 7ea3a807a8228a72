"""A graph that stores its weights in eight bits, rewritten to compute with them in eight bits.

Such a graph casts each matrix to float32 and multiplies it with its scales. ONNX Runtime does that once, when
it loads the graph, and from then on holds four times the memory. Rewritten, a product is one of integers:
each row of what comes in is brought to eight bits by a step of its own, so that no sentence depends on those
beside it, and of a table only the rows that are looked up become floating-point numbers.

The integers of a product are unsigned, with 128 for zero. The runtime's kernel for signed weights is a little
faster, but overflows on x86 processors without VNNI; this way the sums are the same on all. The matrices lie
in a file of their own, which the runtime maps into memory: of a table, only the pages that are looked at.

Source: Jacob et al. 2018, "Quantization and training of neural networks for efficient
integer-arithmetic-only inference"; ONNX, operator MatMulInteger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import BuildStepError, RuntimeMissingError

_ZERO: Final = 128
_CONSTANTS: Final[dict[str, NDArray[Any]]] = {
    "eight_bits/largest": np.array(127, np.float32),
    "eight_bits/rounding": np.array(_ZERO + 0.5, np.float32),
    "eight_bits/zero": np.array(_ZERO, np.uint8),
}
_LARGEST, _ROUNDING, _ZERO_POINT = _CONSTANTS
_LAST_OPERATORS: Final = 17
"""In later sets of operators, some that are written here take their axes otherwise."""
_WORTH_MAPPING_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A matrix as the graph stores it."""

    steps_name: str
    scales_name: str
    steps: Any
    """``int8[rows, columns]``, as ONNX writes a tensor."""
    scales_shape: tuple[int, ...]
    """``(1, columns)`` of what is multiplied with, ``(rows, 1)`` of a table."""

    @property
    def scales_columns(self) -> bool:
        """Whether each column has a scale."""
        return self.scales_shape == (1, self.steps.dims[1])

    @property
    def scales_rows(self) -> bool:
        """Whether each row has a scale."""
        return self.scales_shape == (self.steps.dims[0], 1)


def write_eight_bit_products(inputs: tuple[Path, ...], outputs: tuple[Path, ...]) -> None:
    """Rewrite the graph ``inputs[0]`` into ``outputs[0]``, with its matrices in ``outputs[1]`` beside it.

    Raises:
        BuildStepError: It is no graph that multiplies with matrices stored in eight bits.
        RuntimeMissingError: The onnx package is not installed.
        OSError: A file cannot be read or written.
    """
    try:
        import onnx
        import onnx.external_data_helper
    except ImportError as error:
        raise RuntimeMissingError(
            "rewriting a graph needs the onnx package: install nearfield with its `models` extra"
        ) from error
    try:
        model = onnx.load(str(inputs[0]))
        _rewrite(model, inputs[0].name)
        onnx.external_data_helper.convert_model_to_external_data(
            model, location=outputs[1].name, size_threshold=_WORTH_MAPPING_BYTES
        )
        onnx.save(model, str(outputs[0]))
    except (BuildStepError, OSError):
        raise
    except Exception as error:
        # What onnx passes on from protobuf and raises itself shares no root below Exception.
        raise BuildStepError(f"{inputs[0].name} cannot be rewritten: {error}") from error


def _rewrite(model: Any, name: str) -> None:
    operators = max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=0)
    if operators > _LAST_OPERATORS:
        raise BuildStepError(
            f"{name} is written in version {operators} of ONNX's operators, expected at most "
            f"{_LAST_OPERATORS}: leave the eight-bit-products step out of its manifest"
        )
    stored = _stored_matrices(model.graph)
    nodes: list[Any] = []
    multiplied: dict[str, Any] = {}
    stepped: set[str] = set()
    for node in model.graph.node:
        matrix = stored.get(node.input[1]) if node.op_type == "MatMul" else None
        table = stored.get(node.input[0]) if node.op_type == "Gather" else None
        if matrix is not None and matrix.scales_columns:
            if node.input[0] not in stepped:
                nodes += _rows_to_steps(node.input[0])
                stepped.add(node.input[0])
            nodes += _product(node, matrix)
            multiplied[matrix.steps_name] = matrix.steps
        elif table is not None and table.scales_rows and _axis(node) == 0:
            nodes += _looked_up(node, table)
        else:
            nodes.append(node)
    if not multiplied:
        raise BuildStepError(
            f"{name} multiplies with no matrix that it stores in eight bits: leave the eight-bit-products "
            "step out of its manifest"
        )
    _replace(model.graph, nodes, multiplied)


def _stored_matrices(graph: Any) -> dict[str, _Stored]:
    """The matrices that ``Cast`` and ``Mul`` make from eight bits, by the name of what they make."""
    constants = {one.name: one for one in graph.initializer}
    cast = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
    found: dict[str, _Stored] = {}
    for node in graph.node:
        if node.op_type != "Mul":
            continue
        steps, scales = constants.get(cast.get(node.input[0], "")), constants.get(node.input[1])
        if steps is None or scales is None or steps.data_type != steps.INT8 or len(steps.dims) != 2:
            continue
        found[node.output[0]] = _Stored(
            steps_name=steps.name, scales_name=scales.name, steps=steps, scales_shape=tuple(scales.dims)
        )
    return found


def _rows_to_steps(name: str) -> list[Any]:
    """Bring each row to ``uint8`` in steps of 1/127 of its largest number, rounded to the nearest.

    In a row of zeros a step is worth nothing, and so are the numbers, whatever they are.
    """
    from onnx import TensorProto
    from onnx.helper import make_node

    return [
        make_node("Abs", [name], [f"{name}/size"]),
        make_node("ReduceMax", [f"{name}/size"], [f"{name}/most"], axes=[-1], keepdims=1),
        make_node("Div", [f"{name}/most", _LARGEST], [f"{name}/step"]),
        make_node("Div", [name, f"{name}/step"], [f"{name}/scaled"]),
        make_node("Add", [f"{name}/scaled", _ROUNDING], [f"{name}/rounded"]),
        make_node("Cast", [f"{name}/rounded"], [f"{name}/steps"], to=TensorProto.UINT8),
    ]


def _product(node: Any, matrix: _Stored) -> list[Any]:
    from onnx import TensorProto
    from onnx.helper import make_node

    rows, result = node.input[0], node.output[0]
    weights = _unsigned_name(matrix.steps_name)
    return [
        make_node("MatMulInteger", [f"{rows}/steps", weights, _ZERO_POINT, _ZERO_POINT], [f"{result}/steps"]),
        make_node("Cast", [f"{result}/steps"], [f"{result}/cast"], to=TensorProto.FLOAT),
        make_node("Mul", [f"{result}/cast", f"{rows}/step"], [f"{result}/by_row"]),
        make_node("Mul", [f"{result}/by_row", matrix.scales_name], [result]),
    ]


def _looked_up(node: Any, table: _Stored) -> list[Any]:
    from onnx import TensorProto
    from onnx.helper import make_node

    numbers, result = node.input[1], node.output[0]
    return [
        make_node("Gather", [table.steps_name, numbers], [f"{result}/steps"], axis=0),
        make_node("Gather", [table.scales_name, numbers], [f"{result}/scales"], axis=0),
        make_node("Cast", [f"{result}/steps"], [f"{result}/cast"], to=TensorProto.FLOAT),
        make_node("Mul", [f"{result}/cast", f"{result}/scales"], [result]),
    ]


def _axis(node: Any) -> int:
    return next((int(one.i) for one in node.attribute if one.name == "axis"), 0)


def _unsigned_name(name: str) -> str:
    return f"{name}/unsigned"


def _replace(graph: Any, nodes: Sequence[Any], multiplied: dict[str, Any]) -> None:
    """Give the graph these nodes, less those whose results nobody reads, and the constants they read."""
    from onnx.numpy_helper import from_array, to_array

    read = {one.name for one in graph.output}
    kept: list[Any] = []
    for node in reversed(nodes):
        if read.intersection(node.output):
            kept.append(node)
            read.update(node.input)
    constants = [one for one in graph.initializer if one.name in read]
    constants += [from_array(values, name) for name, values in _CONSTANTS.items()]
    for name, steps in multiplied.items():
        unsigned = (to_array(steps).astype(np.int16) + _ZERO).astype(np.uint8)
        constants.append(from_array(unsigned, _unsigned_name(name)))
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)
