"""Silero VAD.

The network takes 512 samples with the 64 before them, and carries a state from window to window; between
windows the last probability stands, so an answer lags by up to 32 ms.

Source: snakers4/silero-vad 6.2, ``OnnxWrapper`` (window, context and state).
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Final

import numpy as np

from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack
from nearfield_models.vad.engine import VadCapabilities

_WINDOW: Final = 512
_CONTEXT: Final = 64
_FILES: Final = {"onnxruntime": "silero_vad.onnx", "openvino": "silero_vad_openvino_16k.onnx"}


class SileroVad:
    """One stream's voice activity."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load the model.

        Raises:
            EngineError: The file is no model that the runtime can load.
            RuntimeMissingError: The runtime is not installed.
        """
        # A second thread costs more to wake than this network takes to compute.
        self._session = open_session(pack.file(_FILES[runtime.engine]), replace(runtime, threads=1))
        self._rate = {"sr": np.array(SAMPLE_RATE_HZ, np.int64)} if "sr" in self._session.input_names else {}
        self.reset()

    def another(self) -> SileroVad:
        """Give a detector for another stream on the same loaded model; both belong to the same thread."""
        other = copy(self)
        other.reset()
        return other

    @property
    def capabilities(self) -> VadCapabilities:
        """One decision for each 512 samples."""
        return VadCapabilities(window_samples=_WINDOW)

    def reset(self) -> None:
        """Forget everything heard."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._heard = np.zeros((1, _CONTEXT + _WINDOW), np.float32)
        self._filled = _CONTEXT
        self._probability = 0.0

    def accept(self, hop: Samples) -> float:
        """Take ``float32[160]`` and give the probability of speech as of the last full window.

        Raises:
            EngineError: The model failed, or the hop has another length.
        """
        if hop.shape != (HOP_SAMPLES,):
            raise EngineError(f"a hop of shape {hop.shape} was given to the VAD: expected ({HOP_SAMPLES},)")
        room = self._heard.shape[1] - self._filled
        taken = hop[:room]
        self._heard[0, self._filled : self._filled + taken.size] = taken
        self._filled += taken.size
        if self._filled == self._heard.shape[1]:
            self._decide()
            self._start_window(hop[room:])
        return self._probability

    def _decide(self) -> None:
        result = self._session.run(
            ("output", "stateN"), {"input": self._heard, "state": self._state, **self._rate}
        )
        self._state = result["stateN"]
        self._probability = float(result["output"].item())

    def _start_window(self, rest: Samples) -> None:
        self._heard[0, :_CONTEXT] = self._heard[0, -_CONTEXT:]
        self._heard[0, _CONTEXT : _CONTEXT + rest.size] = rest
        self._filled = _CONTEXT + rest.size
