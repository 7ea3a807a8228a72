"""ONNX Runtime behind the runtime seam.

The Linux wheels of 1.32 hold a reporter that sends usage to its vendor; it reads its off-switch once, when
the library is loaded, so `import_onnxruntime` is the only place that loads it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.runtime.optimised import OptimisedGraphs
from nearfield_models.runtime.session import Array, RuntimeOptions

_FATAL_ONLY = 4
_PROCESSOR = "CPUExecutionProvider"
_TENSORRT = "TensorrtExecutionProvider"


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with its usage reports switched off, and give the module.

    Raises:
        RuntimeMissingError: It is not installed.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise RuntimeMissingError(
            "ONNX Runtime is not installed: install the extra with `pip install 'nearfield[models]'`"
        ) from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def available_providers() -> tuple[str, ...]:
    """Execution providers that the installed ONNX Runtime was built with.

    Raises:
        RuntimeMissingError: It is not installed.
    """
    return tuple(import_onnxruntime().get_available_providers())


class OnnxRuntimeSession:
    """A model loaded by ONNX Runtime."""

    def __init__(self, path: Path, options: RuntimeOptions) -> None:
        runtime = import_onnxruntime()
        _require_providers(options.providers, tuple(runtime.get_available_providers()))
        self._path = path
        try:
            self._session = _open(runtime, path, options)
        except Exception as error:  # the binding's exceptions share no base class
            raise EngineError(
                f"model file {path} cannot be loaded by ONNX Runtime {runtime.__version__}: check it with "
                f"`nearfield-models verify` ({_first_line(error)})"
            ) from error
        self._providers = tuple(self._session.get_providers())
        left_out = [provider for provider in options.providers if provider not in self._providers]
        if left_out:
            raise EngineError(
                f"{', '.join(left_out)} did not start for {path.name}, only {', '.join(self._providers)}: "
                "mend its driver or name another provider in the runtime's `providers`"
            )
        self._inputs = tuple(tensor.name for tensor in self._session.get_inputs())
        self._outputs = tuple(tensor.name for tensor in self._session.get_outputs())

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names that ``run`` expects, in the model's order."""
        return self._inputs

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names that ``run`` can give, in the model's order."""
        return self._outputs

    @property
    def runs_on(self) -> str:
        """Execution providers that really carry the model."""
        return ",".join(self._providers)

    def run(self, outputs: Sequence[str] | None, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Compute ``outputs`` (None: all) from ``feeds``.

        Raises:
            EngineError: The model refused the feeds or failed.
        """
        names = self._outputs if outputs is None else tuple(outputs)
        try:
            return dict(zip(names, self._session.run(names, dict(feeds)), strict=True))
        except Exception as error:  # the binding's exceptions share no base class
            raise EngineError(f"{self._path.name} failed while running: {_first_line(error)}") from error


def _open(runtime: Any, path: Path, options: RuntimeOptions) -> Any:
    """Load a model; on the processor, from its kept graph where there is one."""
    if options.cache_folder is None or path.suffix != ".onnx" or options.providers != (_PROCESSOR,):
        return _session(runtime, path, _session_options(runtime, options), options)
    graphs = OptimisedGraphs(options.cache_folder, runtime.__version__)
    kept = graphs.find(path)
    settings = _session_options(runtime, options)
    if kept is not None:
        settings.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        return _session(runtime, kept, settings, options)
    try:
        draft = graphs.draft(path)
    except OSError:  # a folder that cannot be written only costs the time
        return _session(runtime, path, settings, options)
    try:
        settings.optimized_model_filepath = str(draft)
        session = _session(runtime, path, settings, options)
        graphs.keep(path, draft)
        return session
    finally:
        draft.unlink(missing_ok=True)


def _session(runtime: Any, path: Path, settings: Any, options: RuntimeOptions) -> Any:
    providers = [_with_settings(provider, options) for provider in options.providers]
    return runtime.InferenceSession(str(path), settings, providers=providers)


def _session_options(runtime: Any, options: RuntimeOptions) -> Any:
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.enable_cpu_mem_arena = options.keeps_memory
    # A pattern is kept for every combination of shapes ever seen, without end: speech is never twice as long.
    settings.enable_mem_pattern = False
    # Threads that spin between runs would keep a listening device's cores busy for nothing.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.add_session_config_entry("session.inter_op.allow_spinning", "0")
    settings.log_severity_level = _FATAL_ONLY  # failures are raised; the library need not print them as well
    return settings


def _with_settings(provider: str, options: RuntimeOptions) -> tuple[str, dict[str, str]]:
    """TensorRT compiles for minutes at the first start; its engines are kept."""
    if provider != _TENSORRT or options.cache_folder is None:
        return provider, {}
    folder = options.cache_folder / "tensorrt"
    folder.mkdir(parents=True, exist_ok=True)
    return provider, {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(folder)}


def _require_providers(wanted: Sequence[str], available: Sequence[str]) -> None:
    missing = [provider for provider in wanted if provider not in available]
    if missing or not wanted:
        raise RuntimeMissingError(
            f"this ONNX Runtime has no {', '.join(missing) or 'provider to run on'}, "
            f"only {', '.join(available)}: install your accelerator's build or name another in `providers`"
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
