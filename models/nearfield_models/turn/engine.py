"""The seam of end-of-turn detection: has somebody who just fell silent finished?

Contract for implementers: a function of sound and nothing else. It is asked a few times a turn, after some
silence, and may take tens of milliseconds: it never runs where sound is read. An engine is used by one thread
at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCapabilities:
    """What a detector listens to."""

    longest_samples: int
    """Samples of 16 kHz that it takes in; of more, it hears the last."""


class TurnEngine(Protocol):
    """Says how likely it is that a turn is complete."""

    @property
    def capabilities(self) -> TurnCapabilities:
        """What this engine can do."""
        ...

    def completeness(self, samples: Samples) -> float:
        """Judge ``float32[n]`` at 16 kHz, from the turn's beginning until now: a probability, 0..1.

        Raises:
            EngineError: The model failed, or the samples are no such array.
        """
        ...

    def warm_up(self) -> None:
        """Judge once in vain, so that the first real call is as fast as the others."""
        ...
