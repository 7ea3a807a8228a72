"""When a phrase counts as said: two looks in a row must agree on average.

The second is at a fraction of a second more sound. One alone is too easily taken in by half a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_models.wake.phrase_scoring import PhraseScore
from nearfield_models.wake.phrase_windows import Stretch

_APART_MS: Final = 500
"""Looks further apart than this are at different things."""
_LEAST_EVIDENCE: Final = -0.5
"""Lower evidence says no more than this: a look before the phrase was over must not outweigh the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One stretch that was looked at, with the evidence for each phrase."""

    stretch: Stretch
    scores: tuple[PhraseScore, ...]


class PhraseDecision:
    """Follows the looks of one stream."""

    def __init__(self, threshold: float) -> None:
        """Begin; ``threshold`` is the mean evidence from which a phrase counts as said."""
        self._threshold = threshold
        self.reset()

    def reset(self) -> None:
        """Forget the looks so far."""
        self._before: Look | None = None

    def accept(self, look: Look) -> PhraseScore | None:
        """Take the next look; give the phrase that was said, with its mean evidence."""
        before, self._before = self._before, look
        if before is None or look.stretch.end - before.stretch.end > _APART_MS * SAMPLES_PER_MS:
            return None
        best = max(means(before.scores, look.scores), key=lambda score: score.evidence)
        if best.evidence < self._threshold:
            return None
        self.reset()
        return best


def means(before: Sequence[PhraseScore], now: Sequence[PhraseScore]) -> list[PhraseScore]:
    """The phrases of the later look with the mean evidence of both."""
    return [
        PhraseScore(
            phrase=later.phrase,
            evidence=(max(earlier.evidence, _LEAST_EVIDENCE) + later.evidence) / 2,
            tokens_before=later.tokens_before,
        )
        for earlier, later in zip(before, now, strict=True)
    ]
