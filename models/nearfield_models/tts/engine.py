"""The seam of speech synthesis.

Contract for implementers: text in, chunks of sound out in order, the first as early as the model allows.
The chunks of one call join without a gap or a click. An engine is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.phrase import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsCapabilities:
    """What a voice is."""

    language: str
    sample_rate_hz: int
    """Rate of the chunks; the sink converts."""
    voice: str
    fingerprint: str = ""
    """Other whenever the same text would sound otherwise: by another model, setting or way of processing.
    Empty where the voice does not know; what it says is kept nowhere then."""


class TtsEngine(Protocol):
    """Speaks text."""

    @property
    def capabilities(self) -> TtsCapabilities:
        """What this engine can do."""
        ...

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        """Yield ``float32[n]`` chunks in -1..1 at ``capabilities.sample_rate_hz``.

        Text is read as ``reading.spoken`` tells: digits and signs become words. Empty or unspeakable text
        yields nothing.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        ...

    def warm_up(self) -> None:
        """Speak once into nothing, so that the first real sentence starts as fast as the others."""
        ...
