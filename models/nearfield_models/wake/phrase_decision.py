"""When a phrase counts as said: two looks in a row must agree on average.

The second is at a fraction of a second more sound. One alone is too easily taken in by half a word.
"""

from __future__ import annotations

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
    """One stretch that was looked at."""

    stretch: Stretch
    scores: tuple[PhraseScore, ...]
    """For each phrase, at this stretch alone."""
    best: PhraseScore | None
    """The likeliest phrase with its mean evidence of this look and the one before; None for a first look."""


class PhraseEvidence:
    """Follows the looks of one stream."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the looks so far."""
        self._before: Look | None = None

    def accept(self, stretch: Stretch, scores: tuple[PhraseScore, ...]) -> Look:
        """Take what was found in the next stretch, and put it beside what was found before."""
        best = None
        before = self._before
        if before is not None and stretch.end - before.stretch.end <= _APART_MS * SAMPLES_PER_MS:
            pairs = zip(before.scores, scores, strict=True)
            best = max((_mean(*pair) for pair in pairs), key=lambda score: score.evidence)
        self._before = Look(stretch=stretch, scores=scores, best=best)
        return self._before


def _mean(before: PhraseScore, now: PhraseScore) -> PhraseScore:
    return PhraseScore(
        phrase=now.phrase,
        evidence=(max(before.evidence, _LEAST_EVIDENCE) + now.evidence) / 2,
        tokens_before=now.tokens_before,
    )
