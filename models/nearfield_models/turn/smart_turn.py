"""smart-turn: whether somebody has finished, by the sound of it (melody, rhythm, trailing words).

The network takes the last eight seconds as log-mel spectra, with silence put before a shorter turn, the whole
scaled to zero mean and unit variance.

Source: pipecat-ai/smart-turn v3.2, model card and ``inference.py`` (input, padding, scaling).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from nearfield_models.errors import EngineError, PackDamagedError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions, open_session
from nearfield_models.store import InstalledPack
from nearfield_models.turn.engine import TurnCapabilities
from nearfield_models.turn.log_mel import LogMel

_TAKEN: Final = 8 * SAMPLE_RATE_HZ
_LEAST_VARIANCE: Final = 1e-7


class SmartTurn:
    """The network on one thread: it computes beside the recogniser, which is waited for."""

    def __init__(self, pack: InstalledPack, runtime: RuntimeOptions) -> None:
        """Load the model.

        Raises:
            PackDamagedError: The pack holds no network.
            EngineError: The file is no model that the runtime can load.
            RuntimeMissingError: The runtime is not installed.
        """
        name = next((name for name in pack.names if name.endswith(".onnx")), None)
        if name is None:
            raise PackDamagedError(f"pack {pack.id} holds no .onnx file: fetch it again, or choose another")
        # 40 MB for a network that is asked a few times a turn; without them it is as fast.
        seldom = replace(runtime, threads=1, keeps_memory=False)
        self._session = open_session(pack.file(name), seldom)
        (self._input,) = self._session.input_names
        self._log_mel = LogMel()

    @property
    def capabilities(self) -> TurnCapabilities:
        """The last eight seconds."""
        return TurnCapabilities(longest_samples=_TAKEN)

    def completeness(self, samples: Samples) -> float:
        """Judge ``float32[n]`` at 16 kHz, from the turn's beginning until now: a probability, 0..1.

        Raises:
            EngineError: The model failed, or the samples are no such array.
        """
        if samples.ndim != 1 or samples.dtype != np.float32:
            raise EngineError(f"the turn detector takes float32[n], not {samples.dtype}{list(samples.shape)}")
        heard = samples[-_TAKEN:]
        padded = np.pad(heard, (_TAKEN - heard.size, 0))
        scaled = (padded - padded.mean()) / np.sqrt(padded.var() + _LEAST_VARIANCE)
        (found,) = self._session.run(None, {self._input: self._log_mel.spectra(scaled)[np.newaxis]}).values()
        return float(found.ravel()[0])

    def warm_up(self) -> None:
        """Judge once in vain, so that the first real call is as fast as the others."""
        self.completeness(np.zeros(_TAKEN, np.float32))
