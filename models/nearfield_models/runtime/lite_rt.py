"""LiteRT (once TensorFlow Lite) behind the runtime seam, and networks that remember between steps.

A plain network runs on XNNPACK, which is several times as fast as the built-in kernels and prints one line on
standard error when it is first used; LiteRT has no switch for that. Streaming networks run on the
built-in kernels: for their few operations these give, bit for bit, what the wake-word models were tuned with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfield_models.errors import EngineError, PackDamagedError, RuntimeMissingError
from nearfield_models.runtime.session import Array, RuntimeOptions


def import_litert() -> Any:
    """Import LiteRT's interpreter module, and give it.

    Raises:
        RuntimeMissingError: It is not installed.
    """
    try:
        from ai_edge_litert import interpreter
    except ImportError as error:
        raise RuntimeMissingError(
            "LiteRT is not installed: install the extra with `pip install 'nearfield[litert]'`"
        ) from error
    return interpreter


class LiteRtSession:
    """A network without memory, run by LiteRT on the CPU."""

    def __init__(self, path: Path, options: RuntimeOptions) -> None:
        kernels = import_litert().OpResolverType.AUTO
        self._path = path
        self._interpreter = _unallocated(path.name, _content(path), kernels, options.threads or None)
        self._inputs = {port["name"]: port for port in self._interpreter.get_input_details()}
        self._outputs = {port["name"]: port for port in self._interpreter.get_output_details()}
        self._allocated_for: dict[str, tuple[int, ...]] = {}
        stated = {name: self.input_shape(name) for name in self._inputs}
        if all(size > 0 for shape in stated.values() for size in shape):
            _allocate(path.name, self._interpreter)
            self._allocated_for = stated

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names that ``run`` expects, in the model's order."""
        return tuple(self._inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names that ``run`` can give, in the model's order."""
        return tuple(self._outputs)

    @property
    def runs_on(self) -> str:
        """What carries the model."""
        return "LiteRT on CPU"

    def input_shape(self, name: str) -> tuple[int, ...]:
        """The shape that the model states for an input, with -1 where it leaves the size open."""
        return tuple(int(size) for size in self._inputs[name]["shape_signature"])

    def run(self, outputs: Sequence[str] | None, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Compute ``outputs`` (None: all) from ``feeds``.

        Raises:
            EngineError: The model refused the feeds or failed.
        """
        missing = set(self._inputs) - set(feeds)
        if missing:  # the interpreter would silently take what an earlier run left there
            raise EngineError(f"{self._path.name} was run without its input {', '.join(sorted(missing))}")
        names = self.output_names if outputs is None else tuple(outputs)
        try:
            self._take_shapes(feeds)
            for name, values in feeds.items():
                self._interpreter.set_tensor(self._inputs[name]["index"], np.ascontiguousarray(values))
            self._interpreter.invoke()
            return {name: self._interpreter.get_tensor(self._outputs[name]["index"]) for name in names}
        except (ValueError, RuntimeError, KeyError) as error:
            raise EngineError(f"{self._path.name} failed while running: {_first_line(error)}") from error

    def _take_shapes(self, feeds: Mapping[str, Array]) -> None:
        wanted = {name: feeds[name].shape for name in self._inputs}
        if wanted == self._allocated_for:
            return
        for name, shape in wanted.items():
            self._interpreter.resize_tensor_input(self._inputs[name]["index"], list(shape), strict=True)
        self._interpreter.allocate_tensors()
        self._allocated_for = wanted


class StreamingNetwork:
    """A quantised network of one input and one output that remembers what it was given in earlier steps."""

    def __init__(self, path: Path) -> None:
        """Load it.

        Raises:
            RuntimeMissingError: LiteRT is not installed.
            PackDamagedError: The file is missing.
            EngineError: It is no network, or one of another kind.
        """
        self._name = path.name
        self._content = _content(path)
        self._interpreter = self._fresh()
        self._input, *more_inputs = self._interpreter.get_input_details()
        self._output, *more_outputs = self._interpreter.get_output_details()
        quantised = {np.int8, np.uint8}
        if more_inputs or more_outputs or not {self._input["dtype"], self._output["dtype"]} <= quantised:
            raise EngineError(
                f"{path} is no streaming network: expected one input and one output, of 8-bit integers"
            )

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of the values of one step."""
        return tuple(int(size) for size in self._input["shape"])

    def step(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Take the next values and give what the network makes of them and of all before.

        Args:
            values: Floating-point numbers of shape ``input_shape``; quantised here, clipped to what fits.

        Raises:
            EngineError: The network refused them or failed.
        """
        scale, zero_point = self._input["quantization"]
        range_ = np.iinfo(self._input["dtype"])
        steps = np.clip(np.round(values / scale + zero_point), range_.min, range_.max)
        try:
            self._interpreter.set_tensor(self._input["index"], steps.astype(self._input["dtype"]))
            self._interpreter.invoke()
            given = self._interpreter.get_tensor(self._output["index"])
        except (ValueError, RuntimeError) as error:
            raise EngineError(f"{self._name} failed while running: {_first_line(error)}") from error
        scale, zero_point = self._output["quantization"]
        numbers: NDArray[np.float32] = (given.astype(np.float32) - zero_point) * np.float32(scale)
        return numbers

    def forget(self) -> None:
        """Begin as if nothing had ever been heard."""
        # ``reset_all_variables`` leaves resource variables as they are, and those are this network's memory.
        # Made anew from the bytes at hand, which takes under a millisecond.
        self._interpreter = self._fresh()

    def _fresh(self) -> Any:
        kernels = import_litert().OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = _unallocated(self._name, self._content, kernels, threads=1)
        _allocate(self._name, interpreter)
        return interpreter


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackDamagedError(
            f"model file {path} cannot be read ({error.strerror}): fetch its pack again with "
            "`nearfield-models fetch`"
        ) from error


def _unallocated(name: str, content: bytes, kernels: Any, threads: int | None) -> Any:
    try:
        return import_litert().Interpreter(
            model_content=content, experimental_op_resolver_type=kernels, num_threads=threads
        )
    except (ValueError, RuntimeError) as error:
        raise EngineError(_cannot_load(name, error)) from error


def _allocate(name: str, interpreter: Any) -> None:
    try:
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise EngineError(_cannot_load(name, error)) from error


def _cannot_load(name: str, error: Exception) -> str:
    return (
        f"{name} is no network that LiteRT can load: check it with `nearfield-models verify` "
        f"({_first_line(error)})"
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
