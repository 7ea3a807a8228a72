"""OpenVINO behind the runtime seam.

The package reports its import to its vendor through ``openvino_telemetry`` unless that package cannot be
imported, in which case it falls back on a stub of its own. `import_openvino` makes use of that; nothing else
imports OpenVINO.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.runtime.session import Array, RuntimeOptions


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry package, and give the module.

    Raises:
        RuntimeMissingError: It is not installed.
    """
    if "openvino" not in sys.modules:
        # None makes every import of it raise ImportError, for which OpenVINO has a silent stub.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except ImportError as error:
        raise RuntimeMissingError(
            "OpenVINO is not installed: install the extra with `pip install 'nearfield[openvino]'`"
        ) from error
    return openvino


def available_devices() -> tuple[str, ...]:
    """Devices that OpenVINO finds on this machine, such as CPU, GPU or NPU.

    Raises:
        RuntimeMissingError: It is not installed.
    """
    return tuple(import_openvino().Core().available_devices)


class OpenVinoSession:
    """A model compiled by OpenVINO."""

    def __init__(self, path: Path, options: RuntimeOptions) -> None:
        if path.suffix == ".ort":
            raise EngineError(
                f"{path.name} is in ONNX Runtime's own format, which OpenVINO cannot read: "
                "run this model with engine onnxruntime"
            )
        openvino = import_openvino()
        core = openvino.Core()
        device = _present_part(options.device, tuple(core.available_devices))
        try:
            model = core.compile_model(str(path), device, _properties(device, options))
        except Exception as error:  # the binding raises plain RuntimeError and others
            version = openvino.__version__.split("-")[0]
            raise EngineError(
                f"model file {path} cannot be compiled by OpenVINO {version} for {device}: check it with "
                f"`nearfield-models verify` or run it with engine onnxruntime ({_reason(error)})"
            ) from error
        self._path = path
        self._request = model.create_infer_request()
        self._inputs = tuple(port.get_any_name() for port in model.inputs)
        self._outputs = tuple(port.get_any_name() for port in model.outputs)
        carriers = model.get_property("EXECUTION_DEVICES")
        self._runs_on = carriers if isinstance(carriers, str) else ",".join(carriers)

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
        """Devices that really carry the model."""
        return self._runs_on

    def run(self, outputs: Sequence[str] | None, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Compute ``outputs`` (None: all) from ``feeds``.

        Raises:
            EngineError: The model refused the feeds or failed.
        """
        names = self._outputs if outputs is None else tuple(outputs)
        missing = set(self._inputs) - set(feeds)
        if missing:  # the request would silently take what an earlier run left there
            raise EngineError(f"{self._path.name} was run without its input {', '.join(sorted(missing))}")
        try:
            self._request.infer(dict(feeds), share_inputs=True)
            # Copied, because the request's own memory is overwritten by the next run.
            return {name: np.array(self._request.get_tensor(name).data) for name in names}
        except Exception as error:  # the binding raises plain RuntimeError and others
            raise EngineError(f"{self._path.name} failed while running: {_reason(error)}") from error


def _present_part(wanted: str, available: Sequence[str]) -> str:
    """Keep of ``AUTO:NPU,GPU,CPU`` what the machine has; a single device must be there."""
    prefix, colon, listed = wanted.rpartition(":")
    names = listed.split(",")
    kinds = {name.split(".")[0] for name in available}
    present = [name for name in names if name in available or name.split(".")[0] in kinds]
    if not colon and (present or wanted == "AUTO"):
        return wanted
    if present:
        return present[0] if len(present) == 1 else f"{prefix}:{','.join(present)}"
    raise RuntimeMissingError(
        f"OpenVINO finds no {' or '.join(names)} on this machine, only {', '.join(available)}: "
        "install the device's driver or name another in the runtime's `device`"
    )


def _properties(device: str, options: RuntimeOptions) -> dict[str, Any]:
    properties: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
    if device.split(".")[0] == "CPU":
        # Left alone, a processor that has bfloat16 or products of eight bits would use them, and answer
        # otherwise than one without.
        properties["INFERENCE_PRECISION_HINT"] = "f32"
        properties["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"
        if options.threads:
            properties["INFERENCE_NUM_THREADS"] = options.threads
    if options.cache_folder is not None:
        # Blobs of one device are no use to another, and a first compile for an NPU takes minutes.
        folder = options.cache_folder / "openvino" / device.replace(":", "-").replace(",", "-")
        folder.mkdir(parents=True, exist_ok=True)
        properties["CACHE_DIR"] = str(folder)
    return properties


def _reason(error: Exception) -> str:
    """OpenVINO's messages begin with source positions; the last line says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
