"""Choosing the sensitivity of a wake phrase from recordings of it and of other things.

Pure arithmetic on evidence that was measured before (`PhraseScorer` says what evidence is).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_models.wake.phrase_sensitivity import USUAL, Calibration

_MARGIN: Final = 0.03
"""Evidence by which the needed evidence stays away from the recordings where there is little room."""
_REFRACTORY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What was found in one recording."""

    name: str
    seconds: float
    looks: tuple[tuple[float, float], ...]
    """For each look its second in the recording and the evidence of the likeliest phrase."""

    @property
    def peak(self) -> float | None:
        """The highest evidence; None where nobody was heard to speak."""
        return max((evidence for _, evidence in self.looks), default=None)

    def detections(self, threshold: float) -> int:
        """How often a phrase would have been reported."""
        count, deaf_until = 0, 0.0
        for second, evidence in self.looks:
            if evidence >= threshold and second >= deaf_until:
                count, deaf_until = count + 1, second + _REFRACTORY_SECONDS
        return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A sensitivity, and what it would have done to the recordings."""

    sensitivity: float
    threshold: float
    positives: int
    missed: tuple[str, ...]
    alarms: int
    hours_of_negatives: float
    weakest_positive: float | None
    """The least evidence of a recording of the phrase."""
    strongest_negative: float | None
    """The most evidence of a recording of something else."""


def propose(positives: Sequence[Trail], negatives: Sequence[Trail], calibration: Calibration) -> Proposal:
    """Choose a sensitivity.

    The usual one stays where it separates all recordings, or where there are no negatives to judge by. Else
    it moves into the gap between the two kinds, if there is one; without a gap just above the negatives,
    because a device that wakes by itself is worse than one that must be called twice.
    """
    weakest = min((trail.peak for trail in positives if trail.peak is not None), default=None)
    strongest = max((trail.peak for trail in negatives if trail.peak is not None), default=None)
    wanted = _wanted(calibration.threshold(USUAL), weakest, strongest)
    # Rounded down, so that what is proposed does not need less evidence than what was chosen.
    sensitivity = int(calibration.sensitivity(wanted) * 100) / 100
    threshold = calibration.threshold(sensitivity)
    return Proposal(
        sensitivity=sensitivity,
        threshold=threshold,
        positives=len(positives),
        missed=tuple(trail.name for trail in positives if not trail.detections(threshold)),
        alarms=sum(trail.detections(threshold) for trail in negatives),
        hours_of_negatives=sum(trail.seconds for trail in negatives) / 3600,
        weakest_positive=weakest,
        strongest_negative=strongest,
    )


def _wanted(usual: float, weakest: float | None, strongest: float | None) -> float:
    """The evidence to need, from the weakest recording of the phrase and the strongest of anything else."""
    if strongest is None:
        return usual
    low = strongest + _MARGIN
    if weakest is None or weakest <= strongest:
        return max(usual, low)
    high = weakest - _MARGIN
    return min(max(usual, low), high) if low <= high else (weakest + strongest) / 2
