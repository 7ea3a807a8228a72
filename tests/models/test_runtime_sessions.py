from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from nearfield_models import load_asr, load_vad
from nearfield_models.engines import ASR_ENGINES
from nearfield_models.errors import EngineError, PackDamagedError, PackNotFoundError, RuntimeMissingError
from nearfield_models.runtime.onnx_runtime import available_providers
from nearfield_models.runtime.open_vino import available_devices
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import ModelStore

Engine = Literal["onnxruntime", "openvino"]
both = pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of two inputs and two outputs: ``sum = a + b`` and ``difference = a - b``."""
    import onnx
    from onnx import TensorProto
    from onnx import helper as graphs

    a, b, total, difference = (
        graphs.make_tensor_value_info(name, TensorProto.FLOAT, ["n"])
        for name in ("a", "b", "sum", "difference")
    )
    nodes = [
        graphs.make_node("Add", ["a", "b"], ["sum"]),
        graphs.make_node("Sub", ["a", "b"], ["difference"]),
    ]
    graph = graphs.make_graph(nodes, "sums", [a, b], [total, difference])
    file = tmp_path / "sums.onnx"
    onnx.save(graphs.make_model(graph, opset_imports=[graphs.make_opsetid("", 17)], ir_version=9), file)
    return file


def floats(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


@both
def test_a_model_runs_by_names(model: Path, engine: Engine) -> None:
    session = open_session(model, RuntimeOptions(engine=engine))
    assert session.input_names == ("a", "b")
    assert session.output_names == ("sum", "difference")
    found = session.run(None, {"a": floats(5, 6), "b": floats(1, 2)})
    assert {name: array.tolist() for name, array in found.items()} == {"sum": [6, 8], "difference": [4, 4]}
    assert list(session.run(("difference",), {"a": floats(1), "b": floats(1)})) == ["difference"]


@both
def test_an_answer_stays_when_the_model_runs_again(model: Path, engine: Engine) -> None:
    session = open_session(model, RuntimeOptions(engine=engine))
    first = session.run(None, {"a": floats(5, 6), "b": floats(1, 2)})
    session.run(None, {"a": floats(0, 0), "b": floats(0, 0)})
    assert first["sum"].tolist() == [6, 8]


@both
@pytest.mark.parametrize(
    "feeds",
    [
        {"a": floats(1)},
        {"a": floats(1), "b": floats(1), "c": floats(1)},
        {"a": floats(1, 2), "b": floats(1, 2, 3)},
    ],
    ids=["one missing", "one too many", "shapes that do not fit"],
)
def test_feeds_that_the_model_refuses_are_an_error_in_one_line(
    model: Path, engine: Engine, feeds: dict[str, np.ndarray[tuple[int], np.dtype[np.float32]]]
) -> None:
    session = open_session(model, RuntimeOptions(engine=engine))
    session.run(None, {"a": floats(1, 2, 3), "b": floats(1, 2, 3)})
    with pytest.raises(EngineError, match=r"sums\.onnx") as caught:
        session.run(None, feeds)
    assert "\n" not in str(caught.value)


@both
def test_a_missing_file_says_how_to_get_it(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(PackDamagedError, match="nearfield-models fetch"):
        open_session(tmp_path / "none.onnx", RuntimeOptions(engine=engine))


@both
@pytest.mark.parametrize("kept", [0, 40, -20])
def test_a_corrupt_file_is_an_error_in_one_line(model: Path, engine: Engine, kept: int) -> None:
    model.write_bytes(model.read_bytes()[:kept])
    with pytest.raises(EngineError, match="nearfield-models verify") as caught:
        open_session(model, RuntimeOptions(engine=engine))
    assert "\n" not in str(caught.value)


def test_openvino_refuses_the_other_runtimes_own_format(tmp_path: Path) -> None:
    (tmp_path / "model.ort").write_bytes(b"ORTM")
    with pytest.raises(EngineError, match="run this model with engine onnxruntime"):
        open_session(tmp_path / "model.ort", RuntimeOptions(engine="openvino"))


def test_a_provider_that_is_not_there_is_refused_and_never_replaced(model: Path) -> None:
    if "CUDAExecutionProvider" in available_providers():
        pytest.skip("this machine has CUDA")
    with pytest.raises(RuntimeMissingError, match=r"only .*CPUExecutionProvider"):
        open_session(model, RuntimeOptions(providers=("CUDAExecutionProvider", "CPUExecutionProvider")))
    with pytest.raises(RuntimeMissingError, match="CPUExecutionProvider"):
        open_session(model, RuntimeOptions(providers=()))


def test_a_device_that_is_not_there_is_refused_and_a_list_takes_what_is(model: Path) -> None:
    if "NPU" in available_devices():
        pytest.skip("this machine has an NPU")
    with pytest.raises(RuntimeMissingError, match=r"no NPU on this machine, only .*CPU"):
        open_session(model, RuntimeOptions(engine="openvino", device="NPU"))
    assert open_session(model, RuntimeOptions(engine="openvino", device="AUTO:NPU,CPU")).runs_on == "CPU"


def test_the_carrier_is_told(model: Path) -> None:
    assert open_session(model).runs_on == "CPUExecutionProvider"


def test_compiled_models_are_kept_apart_for_each_device(model: Path, tmp_path: Path) -> None:
    options = RuntimeOptions(engine="openvino", device="CPU", cache_folder=tmp_path / "cache")
    open_session(model, options)
    kept = list((tmp_path / "cache" / "openvino" / "CPU").iterdir())
    assert kept
    assert open_session(model, options).run(None, {"a": floats(1), "b": floats(2)})["sum"].tolist() == [3]


@both
def test_a_missing_runtime_names_the_extra(
    model: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, engine, None)
    extra = {"onnxruntime": "models", "openvino": "openvino"}[engine]
    with pytest.raises(RuntimeMissingError, match=rf"nearfield\[{extra}\]"):
        open_session(model, RuntimeOptions(engine=engine))


def test_an_engine_that_nobody_wrote_is_refused_with_those_there_are() -> None:
    with pytest.raises(EngineError, match=" or ".join(ASR_ENGINES)):
        load_asr(engine="parrot")


def test_a_pack_that_is_not_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(PackNotFoundError, match="nearfield-models fetch"):
        load_vad(store=ModelStore(tmp_path))
