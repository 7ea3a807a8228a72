"""Networks of a few numbers for tests, written as LiteRT reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


def write_logistic(
    path: Path, weights: NDArray[np.float32], bias: float, *, open_batch: bool = False
) -> Path:
    """A network that gives the sigmoid of a bias and the weighted sum of its input, of the weights' shape.

    With ``open_batch`` it leaves open how many such inputs it takes at once.
    """
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    content: list[bytes | None] = [None]

    def tensor(name: str, shape: list[int], values: NDArray[np.float32] | None = None) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type = name, shape, schema.TensorType.FLOAT32
        made.buffer = 0
        if values is not None:
            made.buffer = len(content)
            content.append(values.astype("<f4").tobytes())
        return made

    def operator(code: int, inputs: list[int], output: int) -> Any:
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = code, inputs, [output]
        return made

    sum_up = operator(0, [0, 1, 2], 3)
    sum_up.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    sum_up.builtinOptions = schema.FullyConnectedOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor("given", [1, *weights.shape]),
        tensor("weights", [1, weights.size], weights.reshape(1, -1)),
        tensor("bias", [1], np.array([bias], np.float32)),
        tensor("sum", [1, 1]),
        tensor("probability", [1, 1]),
    ]
    if open_batch:
        graph.tensors[0].shapeSignature = [-1, *weights.shape]
    graph.inputs, graph.outputs = [0], [4]
    graph.operators = [sum_up, operator(1, [3], 4)]
    model = schema.ModelT()
    model.version, model.subgraphs = 3, [graph]
    model.operatorCodes = [
        _code(schema, schema.BuiltinOperator.FULLY_CONNECTED),
        _code(schema, schema.BuiltinOperator.LOGISTIC),
    ]
    model.buffers = [_buffer(schema, data) for data in content]
    flatbuffers = pytest.importorskip("flatbuffers")
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _code(schema: Any, operator: int) -> Any:
    made = schema.OperatorCodeT()
    made.builtinCode = made.deprecatedBuiltinCode = operator
    made.version = 1
    return made


def _buffer(schema: Any, data: bytes | None) -> Any:
    made = schema.BufferT()
    made.data = None if data is None else np.frombuffer(data, np.uint8)
    return made
