"""The seam of model runtimes: a model file in, arrays by name in and out.

Contract for implementers: ``run`` is a function of its feeds and keeps no state; it may be called from any
thread, by one thread at a time. Loading is slow and happens once; a runtime that compiles keeps the compiled
form in ``RuntimeOptions.cache_folder``, where one is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from nearfield_models.errors import EngineError, PackDamagedError

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeOptions:
    """Which runtime, on which hardware, with how many threads."""

    engine: Literal["onnxruntime", "openvino"] = "onnxruntime"
    providers: tuple[str, ...] = ("CPUExecutionProvider",)
    """ONNX Runtime's execution providers, best first; each must be there, none is silently left out."""
    device: str = "AUTO:NPU,GPU,CPU"
    """OpenVINO's device, in its own notation."""
    threads: int = 2
    """Threads of one inference on the CPU; 0 leaves the choice to the runtime."""
    keeps_memory: bool = True
    """Whether what a run needed is kept for the next, where the runtime can do without: a model that is
    seldom asked would hold it in vain."""
    cache_folder: Path | None = None
    """Where compiled models are kept, apart for each device; None keeps none."""


class Session(Protocol):
    """A loaded model."""

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names that ``run`` expects, in the model's order."""
        ...

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names that ``run`` can give, in the model's order."""
        ...

    @property
    def runs_on(self) -> str:
        """Providers or devices that really carry the model, for reports and records."""
        ...

    def run(self, outputs: Sequence[str] | None, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Compute ``outputs`` (None: all) from ``feeds``, one array per input name.

        Raises:
            EngineError: The model refused the feeds or failed.
        """
        ...


def open_session(path: Path, options: RuntimeOptions | None = None) -> Session:
    """Load a model file.

    Args:
        path: ``.onnx`` for either runtime, ``.ort`` for ONNX Runtime, ``.xml`` for OpenVINO; a ``.tflite``
            runs on LiteRT, on the CPU, whatever the options name.
        options: Which runtime and hardware; None means the defaults of `RuntimeOptions`.

    Raises:
        RuntimeMissingError: The runtime, or a provider or device of it, is not on this machine.
        PackDamagedError: There is no such file.
        EngineError: The file is no model that this runtime can load.
    """
    options = options or RuntimeOptions()
    if not path.is_file():
        raise PackDamagedError(
            f"model file {path} is missing: fetch its pack again with `nearfield-models fetch`"
        )
    if path.suffix == ".tflite":
        from nearfield_models.runtime.lite_rt import LiteRtSession

        return LiteRtSession(path, options)
    if options.engine == "onnxruntime":
        from nearfield_models.runtime.onnx_runtime import OnnxRuntimeSession

        return OnnxRuntimeSession(path, options)
    if options.engine == "openvino":
        from nearfield_models.runtime.open_vino import OpenVinoSession

        return OpenVinoSession(path, options)
    raise EngineError(f"there is no runtime {options.engine!r}: choose onnxruntime or openvino")
