"""The seam of speech recognition.

Contract for implementers:

* Input is ``float32[n]`` at 16 kHz mono. Any length is accepted: empty or shorter than the model's
  smallest window gives an empty hypothesis, longer than ``capabilities.longest_seconds`` is cut into
  parts at quiet places and the texts are joined.
* ``transcribe`` is a function of the samples: the same samples give the same text. ``earlier`` (a
  hypothesis of a shorter stretch of the same utterance) may only make it faster, never change it.
* ``cancellation`` is looked at between decoder steps; a cancelled call raises ``CancelledWorkError``.
* An engine is used by one thread at a time; it keeps no state between calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrCapabilities:
    """What an engine can do beyond giving text."""

    languages: tuple[str, ...]
    token_scores: bool
    """Whether hypotheses carry a log-probability per token."""
    constrainable: bool
    """Whether encoder and decoder are exposed for grammar-constrained search."""
    longest_seconds: float
    """The longest stretch that the model takes in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What an engine believes was said."""

    text: str
    tokens: tuple[int, ...] = ()
    log_probabilities: tuple[float, ...] = ()
    """Natural logarithm, one per token; empty when the engine has no scores."""
    stopped_by: str = "end"
    """``end`` of sentence, ``length`` limit or ``repetition`` guard; ``silence``: nothing to decode."""

    @property
    def mean_log_probability(self) -> float | None:
        """Mean over tokens, or None where the engine has no scores or nothing was decoded."""
        if not self.log_probabilities:
            return None
        return sum(self.log_probabilities) / len(self.log_probabilities)


class AsrEngine(Protocol):
    """Turns an utterance into text."""

    @property
    def capabilities(self) -> AsrCapabilities:
        """What this engine can do."""
        ...

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        """Recognise ``float32[n]`` at 16 kHz.

        Args:
            samples: The utterance so far, or whole.
            earlier: A partial of the same utterance, tried first as a guess.
            cancellation: Looked at between decoder steps.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        ...

    def warm_up(self) -> None:
        """Run once on silence, so that the first real call is as fast as the others."""
        ...
