from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nearfield_models.embedding.eight_bits import write_eight_bit_products
from nearfield_models.errors import BuildStepError, RuntimeMissingError
from nearfield_models.fetching.fetch import fetch_packs
from tests.models.small_packs import DEVELOPMENT, Site

onnx = pytest.importorskip("onnx")

WORDS, WIDTH, COLUMNS = 40, 64, 2048
"""As many columns as make the matrix worth a place in the mapped file."""
GENERATOR = np.random.default_rng(7)
TABLE = GENERATOR.integers(-128, 128, (WORDS, WIDTH)).astype(np.int8)
TABLE_SCALES = GENERATOR.uniform(0.001, 0.01, (WORDS, 1)).astype(np.float32)
MATRIX = GENERATOR.integers(-128, 128, (WIDTH, COLUMNS)).astype(np.int8)
MATRIX_SCALES = GENERATOR.uniform(0.001, 0.01, (1, COLUMNS)).astype(np.float32)
EXTREME = np.full((WIDTH, COLUMNS), 127, np.int8)

Arrays = Mapping[str, NDArray[Any]]


def graph(
    *,
    constants: Arrays | None = None,
    operators: int = 17,
    uses: Sequence[tuple[str, Sequence[str], str]] = (
        ("Gather", ("table", "ids"), "rows"),
        ("MatMul", ("given", "matrix"), "product"),
    ),
) -> bytes:
    """A graph that makes ``table`` and ``matrix`` from eight bits, and uses them."""
    make = onnx.helper
    values = {
        "table_q": TABLE,
        "table_s": TABLE_SCALES,
        "matrix_q": MATRIX,
        "matrix_s": MATRIX_SCALES,
        **(constants or {}),
    }
    nodes = []
    for name in ("table", "matrix"):
        nodes.append(make.make_node("Cast", [f"{name}_q"], [f"{name}_f"], to=onnx.TensorProto.FLOAT))
        nodes.append(make.make_node("Mul", [f"{name}_f", f"{name}_s"], [name]))
    nodes += [make.make_node(kind, list(read), [made]) for kind, read, made in uses]
    made = make.make_graph(
        nodes,
        "small",
        [
            make.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["words"]),
            make.make_tensor_value_info("given", onnx.TensorProto.FLOAT, ["rows", WIDTH]),
        ],
        [make.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for _, _, name in uses],
        [onnx.numpy_helper.from_array(array, name) for name, array in values.items()],
    )
    whole = make.make_model(made, opset_imports=[make.make_opsetid("", operators)], ir_version=8)
    return bytes(whole.SerializeToString())


class Rewritten:
    """A graph as it was, and as it was rewritten."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.source, self.path = folder / "model.onnx", folder / "small.onnx"
        self.source.write_bytes(content)
        write_eight_bit_products((self.source,), (self.path, folder / "small.weights"))
        self._before, self._after = (
            onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            for path in (self.source, self.path)
        )

    def run(self, given: NDArray[np.float32], ids: Sequence[int] = (0,)) -> tuple[Arrays, Arrays]:
        feeds = {"ids": np.array(ids, np.int64), "given": given}
        names = [output.name for output in self._before.get_outputs()]
        before, after = (
            dict(zip(names, session.run(names, feeds), strict=True))
            for session in (self._before, self._after)
        )
        return before, after


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Rewritten:
    return Rewritten(tmp_path_factory.mktemp("graph"), graph())


def rows(seed: int, count: int, spread: float) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).standard_normal((count, WIDTH)) * spread).astype(np.float32)


@pytest.fixture(scope="module")
def copying(tmp_path_factory: pytest.TempPathFactory) -> Rewritten:
    """A graph whose product is what was given, each number times 127 of its column's steps."""
    same = (np.eye(WIDTH, COLUMNS) * 127).astype(np.int8)
    return Rewritten(tmp_path_factory.mktemp("copying"), graph(constants={"matrix_q": same}))


@given(seed=st.integers(0, 1000), count=st.integers(1, 9), spread=st.sampled_from([1e-6, 0.1, 1.0, 1e4]))
@settings(deadline=None, max_examples=40)
def test_a_number_is_off_by_no_more_than_half_a_step_of_its_row(
    copying: Rewritten, seed: int, count: int, spread: float
) -> None:
    given_rows = rows(seed, count, spread)
    before, after = copying.run(given_rows)
    step = np.abs(given_rows).max(axis=1, keepdims=True) / 127
    assert (np.abs(after["product"] - before["product"]) <= 0.501 * step * 127 * MATRIX_SCALES).all()


@given(seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=20)
def test_a_product_is_as_near_as_rounding_at_random_would_leave_it(rewritten: Rewritten, seed: int) -> None:
    given_rows = rows(seed, 4, 1.0)
    before, after = rewritten.run(given_rows)
    step = np.abs(given_rows).max(axis=1, keepdims=True) / 127
    weights = MATRIX.astype(np.float32) * MATRIX_SCALES
    spread = step * np.sqrt((weights**2).sum(axis=0) / 12)
    assert np.sqrt(np.mean(((after["product"] - before["product"]) / spread) ** 2)) < 1.3


def test_a_row_does_not_depend_on_those_beside_it(rewritten: Rewritten) -> None:
    quiet, loud = rows(1, 1, 0.01), rows(2, 1, 1000.0)
    _, alone = rewritten.run(quiet)
    _, beside = rewritten.run(np.concatenate([quiet, loud]))
    assert (beside["product"][0] == alone["product"][0]).all()


def test_a_row_of_zeros_stays_one(rewritten: Rewritten) -> None:
    _, after = rewritten.run(np.zeros((1, WIDTH), np.float32))
    assert (after["product"] == 0).all()


def test_a_row_that_is_looked_up_is_the_one_that_is_stored(rewritten: Rewritten) -> None:
    before, after = rewritten.run(rows(1, 1, 1.0), ids=[3, 0, WORDS - 1, 3])
    assert (after["rows"] == before["rows"]).all()


def test_sums_of_the_largest_numbers_do_not_overflow(tmp_path: Path) -> None:
    largest = Rewritten(tmp_path, graph(constants={"matrix_q": EXTREME}))
    before, after = largest.run(np.ones((1, WIDTH), np.float32))
    assert after["product"] == pytest.approx(before["product"], rel=1e-5)


def test_the_runtime_makes_no_matrix_of_floating_point_numbers_of_it(
    rewritten: Rewritten, tmp_path: Path
) -> None:
    """What it folds when it loads a graph shows in the graph that it can write then."""

    def floats_held(path: Path) -> int:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(tmp_path / "held.onnx")
        options.log_severity_level = 4
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        held = onnx.load(tmp_path / "held.onnx", load_external_data=False).graph.initializer
        return sum(int(np.prod(one.dims)) for one in held if one.data_type == onnx.TensorProto.FLOAT)

    assert floats_held(rewritten.source) >= MATRIX.size + TABLE.size
    assert floats_held(rewritten.path) < WORDS + COLUMNS + 10


def test_the_matrices_lie_in_the_file_that_is_mapped(rewritten: Rewritten) -> None:
    written = rewritten.path.with_suffix(".weights")
    assert written.stat().st_size >= MATRIX.size > rewritten.path.stat().st_size


def test_a_matrix_that_is_used_otherwise_as_well_is_there_for_both(tmp_path: Path) -> None:
    uses = (("MatMul", ("given", "matrix"), "product"), ("Neg", ("matrix",), "negative"))
    before, after = Rewritten(tmp_path, graph(uses=uses)).run(rows(1, 2, 1.0))
    assert (after["negative"] == before["negative"]).all()
    assert after["product"] == pytest.approx(before["product"], rel=0.05, abs=1.0)


def test_a_matrix_whose_rows_have_the_scales_is_multiplied_as_before(tmp_path: Path) -> None:
    constants: Arrays = {
        "matrix_s": np.linspace(0.001, 0.01, WIDTH, dtype=np.float32)[:, None],
        "table_q": MATRIX,
        "table_s": MATRIX_SCALES,
    }
    uses = (("MatMul", ("given", "matrix"), "product"), ("MatMul", ("given", "table"), "others"))
    before, after = Rewritten(tmp_path, graph(uses=uses, constants=constants)).run(rows(1, 2, 1.0))
    assert (after["product"] == before["product"]).all()
    assert (after["others"] != before["others"]).any()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"no graph at all", r"model\.onnx cannot be rewritten", id="no graph"),
        pytest.param(
            graph(uses=[("Gather", ("table", "ids"), "rows")]), "multiplies with no matrix", id="no product"
        ),
        pytest.param(
            graph(constants={"matrix_q": MATRIX.astype(np.float32)}),
            "multiplies with no matrix that it stores in eight bits",
            id="floats",
        ),
        pytest.param(graph(operators=18), "version 18 of ONNX's operators, expected at most 17", id="newer"),
    ],
)
def test_a_graph_of_another_kind_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(BuildStepError, match=reason):
        Rewritten(tmp_path, content)


def test_without_the_onnx_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(RuntimeMissingError, match="install nearfield with its `models` extra"):
        Rewritten(tmp_path, graph())


def test_fetching_writes_the_graph_anew_when_its_weights_were_altered(tmp_path: Path) -> None:
    site = Site(tmp_path)
    step = {"kind": "eight-bit-products", "inputs": ["model.onnx"], "outputs": ["e.onnx", "e.weights"]}
    site.add_pack("words", {"model.onnx": graph()}, build=[step])
    (first,) = fetch_packs(site.store, ["words"], DEVELOPMENT)
    assert first.built == ("e.onnx", "e.weights")
    weights = site.store.installed("words").file("e.weights")
    right = weights.read_bytes()
    weights.write_bytes(right[::-1])
    (second,) = fetch_packs(site.store, ["words"], DEVELOPMENT)
    assert second.built == ("e.onnx", "e.weights")
    assert weights.read_bytes() == right
