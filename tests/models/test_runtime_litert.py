"""LiteRT behind the runtime seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nearfield_models.errors import EngineError, PackDamagedError
from nearfield_models.runtime.lite_rt import LiteRtSession
from nearfield_models.runtime.session import RuntimeOptions, open_session
from tests.models.small_networks import write_logistic

WEIGHTS = np.array([1.0, -2.0], np.float32)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_logistic(tmp_path / "small.tflite", WEIGHTS, 0.5)


def expected(given: list[float]) -> float:
    return float(1 / (1 + np.exp(-(np.array(given) @ WEIGHTS + 0.5))))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_a_tflite_file_runs_on_litert_whatever_the_options_name(network: Path, engine: str) -> None:
    session = open_session(network, RuntimeOptions(engine=engine))  # type: ignore[arg-type]
    assert session.runs_on == "LiteRT on CPU"
    given = session.run(None, {"given": np.array([[0.3, 0.4]], np.float32)})
    assert given["probability"].item() == pytest.approx(expected([0.3, 0.4]), abs=1e-6)


def test_a_size_that_the_network_leaves_open_is_taken_from_what_it_is_given(tmp_path: Path) -> None:
    session = LiteRtSession(
        write_logistic(tmp_path / "open.tflite", WEIGHTS, 0.5, open_batch=True), RuntimeOptions()
    )
    assert session.input_shape("given") == (-1, 2)
    batches: list[list[list[float]]] = [[[0.3, 0.4]], [[1, 2], [3, 4], [0.3, 0.4]], [[5, 6]]]
    for batch in batches:
        told = session.run(("probability",), {"given": np.array(batch, np.float32)})["probability"]
        assert told.ravel().tolist() == pytest.approx([expected(one) for one in batch], abs=1e-6)


def test_what_it_gave_stays_as_it_was_when_it_runs_again(network: Path) -> None:
    session = open_session(network)
    first = session.run(None, {"given": np.array([[0.3, 0.4]], np.float32)})["probability"]
    before = first.copy()
    session.run(None, {"given": np.array([[5, 6]], np.float32)})
    assert np.array_equal(first, before)


@pytest.mark.parametrize(
    ("feeds", "said"),
    [
        ({}, "without its input given"),
        ({"given": np.zeros((1, 3), np.float32)}, "small.tflite failed"),
        ({"given": np.zeros((1, 2), np.int64)}, "small.tflite failed"),
        ({"given": np.zeros((1, 2), np.float32), "more": np.zeros(1, np.float32)}, "small.tflite failed"),
    ],
    ids=["nothing", "another shape", "another kind", "too much"],
)
def test_feeds_that_do_not_fit_are_an_error(
    network: Path, feeds: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]], said: str
) -> None:
    session = open_session(network)
    with pytest.raises(EngineError, match=said) as caught:
        session.run(None, feeds)
    assert "\n" not in str(caught.value)
    given = session.run(None, {"given": np.array([[0.3, 0.4]], np.float32)})  # and the session goes on
    assert given["probability"].item() == pytest.approx(expected([0.3, 0.4]), abs=1e-6)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_a_file_that_is_no_whole_network_is_told_in_one_sentence(network: Path, keep: int) -> None:
    network.write_bytes(network.read_bytes()[:keep])
    with pytest.raises(EngineError, match=r"small\.tflite is no network") as caught:
        open_session(network)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackDamagedError):
        open_session(tmp_path / "nothing.tflite")
