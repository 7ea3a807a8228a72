"""The seam of small language models that run on the machine itself.

Contract for implementers: a text follows from its prompt alone; nothing is drawn at random and nothing is
remembered. An engine is used by one thread at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageCapabilities:
    """What a language model can do."""

    model_id: str
    """Names this very model: pack and digest of its files."""
    longest_tokens: int
    """Of prompt and continuation together."""


class LanguageEngine(Protocol):
    """Goes on with a text."""

    @property
    def capabilities(self) -> LanguageCapabilities:
        """What this engine can do."""
        ...

    def go_on(self, prompt: str, *, most_tokens: int, longest_seconds: float) -> str:
        """Give what most probably follows the prompt, up to the end of its first line.

        Args:
            prompt: The beginning.
            most_tokens: The continuation is cut off there.
            longest_seconds: Of writing; what is written by then is given. Reading the prompt is not counted.

        Raises:
            EngineError: The prompt is too long, or the model failed.
        """
        ...

    def close(self) -> None:
        """Free the model; nothing may be asked afterwards."""
        ...
