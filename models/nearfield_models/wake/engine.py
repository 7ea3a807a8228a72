"""The seam of wake-word detection.

Contract for implementers: fed 10 ms hops in order; a detection is reported once, at the hop that completes
it, and the engine holds its tongue for ``capabilities.refractory_ms`` afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeCapabilities:
    """What a detector listens for."""

    phrases: tuple[str, ...]
    refractory_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeDetection:
    """A phrase was heard, just now or a moment ago."""

    phrase: str
    score: float
    """0..1, as the model gives it."""
    ended_ago_samples: int = 0
    """From the phrase's end to the end of the hop that reports it; negative where it is dying away still."""
    began_ago_samples: int | None = None
    """The same of its beginning; None where the engine does not know it."""
    spoke_ago_samples: int | None = None
    """The same of the last speech heard so far, the phrase's own or what was said after it."""


class WakeEngine(Protocol):
    """Waits for a phrase."""

    @property
    def capabilities(self) -> WakeCapabilities:
        """What this engine can do."""
        ...

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether the phrase was just completed.

        Raises:
            EngineError: The model failed, or the hop has another length.
        """
        ...

    def reset(self) -> None:
        """Forget everything heard."""
        ...
