"""The seam of voice activity detection.

Contract for implementers: fed 10 ms hops in order; the model's own window is the engine's business. The
answer to a hop is the latest known probability, so it may lag by one window. ``reset`` forgets all sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class VadCapabilities:
    """What a detector needs to know of its own lag."""

    window_samples: int
    """Samples of 16 kHz that make one decision."""


class VadEngine(Protocol):
    """Says how likely it is that somebody speaks."""

    @property
    def capabilities(self) -> VadCapabilities:
        """What this engine can do."""
        ...

    def accept(self, hop: Samples) -> float:
        """Take ``float32[160]`` and give the probability of speech, 0..1, as of the last full window.

        Raises:
            EngineError: The model failed, or the hop has another length.
        """
        ...

    def reset(self) -> None:
        """Forget everything heard."""
        ...
