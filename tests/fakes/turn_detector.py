"""A scripted end-of-turn detector."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.turn.engine import TurnCapabilities


class ScriptedTurnDetector:
    """Gives the judgements of a script, one a call, then the last again; remembers how much it heard."""

    def __init__(self, script: Iterable[float] = (0.5,), *, fails: bool = False) -> None:
        self._script = tuple(script)
        self._fails = fails
        self.heard_seconds: list[float] = []

    @property
    def capabilities(self) -> TurnCapabilities:
        return TurnCapabilities(longest_samples=8 * SAMPLE_RATE_HZ)

    def completeness(self, samples: Samples) -> float:
        if self._fails or samples.ndim != 1 or samples.dtype != "float32":
            raise EngineError("the scripted detector was told to fail, or was given something else")
        self.heard_seconds.append(samples.size / SAMPLE_RATE_HZ)
        return self._script[min(len(self.heard_seconds), len(self._script)) - 1]

    def warm_up(self) -> None:
        """Nothing gets faster."""
