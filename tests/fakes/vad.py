"""Scripted voice activity."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_SAMPLES, Samples
from nearfield_models.vad.engine import VadCapabilities


class ScriptedVad:
    """Gives the probabilities of a script, one a hop, and silence when it is over; can fail at a hop."""

    def __init__(self, script: Iterable[float] = (), *, fails_at: int | None = None) -> None:
        self._script = tuple(script)
        self._fails_at = fails_at
        self.hops = 0
        self.resets = 0

    @property
    def capabilities(self) -> VadCapabilities:
        return VadCapabilities(window_samples=HOP_SAMPLES)

    def accept(self, hop: Samples) -> float:
        if hop.shape != (HOP_SAMPLES,) or self.hops == self._fails_at:
            raise EngineError("the scripted detector was told to fail, or was given another length")
        self.hops += 1
        return self._script[self.hops - 1] if self.hops <= len(self._script) else 0.0

    def reset(self) -> None:
        self.hops = 0
        self.resets += 1


class LoudnessVad:
    """Takes loud for speech, so that synthetic sound needs no script."""

    def __init__(self, threshold: float = 0.02) -> None:
        self._threshold = threshold

    @property
    def capabilities(self) -> VadCapabilities:
        return VadCapabilities(window_samples=HOP_SAMPLES)

    def accept(self, hop: Samples) -> float:
        if hop.shape != (HOP_SAMPLES,):
            raise EngineError(f"a hop of shape {hop.shape} was given: expected ({HOP_SAMPLES},)")
        return 1.0 if float(abs(hop).max()) > self._threshold else 0.0

    def reset(self) -> None:
        """Nothing is remembered."""
