"""Judging whether somebody has finished, on a thread of its own.

The recogniser is searched at the same time, and both are waited for: on two cores the judgement costs the
search little, and one behind the other they would both be late.
"""

from __future__ import annotations

from functools import partial

from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_models.pcm import Samples
from nearfield_models.turn.engine import TurnEngine


class TurnJudge:
    """An end-of-turn detector and its thread."""

    def __init__(self, engine: TurnEngine) -> None:
        self._engine = engine
        self._executor = InferenceExecutor("judging")

    async def completeness(self, samples: Samples) -> float:
        """Judge ``float32[n]`` at 16 kHz, from the turn's beginning until now: a probability, 0..1.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: The device is being closed.
        """
        return await self._executor.run(Priority.LIVE, partial(self._engine.completeness, samples))

    def warm_up(self) -> None:
        """Judge once in vain, so that the first real call is as fast as the others."""
        self._engine.warm_up()

    def close(self) -> None:
        """End the thread."""
        self._executor.close()
