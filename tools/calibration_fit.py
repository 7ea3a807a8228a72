"""Fitting of a confidence: a logistic regression over evidence, judged on what it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.decoding.calibration import Evidence
from tools.bench.order_rates import keeping, taken_share
from tools.bench.order_trials import Trial

KINDS: Final = tuple(field.name for field in fields(Evidence))
PARTS: Final = 5
RIGHT_WEIGHT: Final = 0.8
"""Of all weight in a fit: what is expected of a device."""
_RIDGE: Final = 1e-2
_STEPS: Final = 60

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRows:
    """Readings with their evidence, one row each."""

    evidence: Floats
    """``float64[n, len(KINDS)]``."""
    right: NDArray[np.bool_]
    part: NDArray[np.int64]
    """Which of the parts a row is judged in."""
    kind: tuple[str, ...]
    """``order``, ``left_out``, ``recording`` or ``sentence``."""
    without_reading: Mapping[str, int]
    """By kind, how many trials had none: nothing to be confident of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A logistic regression."""

    intercept: float
    weights: Floats
    """One for each column it was fitted on."""

    def logits(self, evidence: Floats) -> Floats:
        """``float64[n]``."""
        found: Floats = evidence @ self.weights + self.intercept
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a choice of evidence is worth, each row judged by a fit that did not see its like."""

    probabilities: Floats
    log_loss: float
    """Nats, right and wrong weighted as in the fit."""
    threshold: float
    """Keeps 99 % of the right readings."""
    taken: Mapping[str, float | None]
    """By kind, the share of wrong trials at or above it; those without a reading are not taken."""


def rows_from(trials: Sequence[Trial], *, seed: int = 0) -> FitRows:
    """The readings of trials, each in the part of its like."""
    likes = sorted({_like(trial) for trial in trials})
    shuffled = np.random.default_rng(seed).permutation(len(likes))
    parts = {like: int(at) % PARTS for like, at in zip(likes, shuffled, strict=True)}
    read = [(trial, trial.evidence) for trial in trials if trial.evidence is not None]
    missing = [trial.kind for trial in trials if trial.evidence is None]
    return FitRows(
        evidence=np.array(
            [[float(getattr(evidence, name)) for name in KINDS] for _, evidence in read], np.float64
        ).reshape(-1, len(KINDS)),
        right=np.array([trial.right for trial, _ in read], np.bool_),
        part=np.array([parts[_like(trial)] for trial, _ in read], np.int64),
        kind=tuple(trial.kind for trial, _ in read),
        without_reading={kind: missing.count(kind) for kind in sorted(set(missing))},
    )


def _like(trial: Trial) -> str:
    return trial.left_out or trial.name.partition("#")[0]


def fit(evidence: Floats, right: NDArray[np.bool_]) -> Fit:
    """Fit ``float64[n, k]`` by Newton's method, with a little ridge on the standardised weights.

    Raises:
        ValueError: There are not both right and wrong rows.
    """
    if right.all() or not right.any():
        raise ValueError("a fit needs right and wrong readings")
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    rows = np.column_stack([(evidence - mean) / spread, np.ones(len(right))])
    weight = row_weights(right)
    ridge = np.append(np.full(evidence.shape[1], _RIDGE), 0.0)
    found = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        probability = _probabilities(rows @ found)
        gradient = rows.T @ (weight * (probability - right)) + ridge * found
        curvature = (rows * (weight * probability * (1 - probability))[:, np.newaxis]).T @ rows
        found = found - np.linalg.solve(curvature + np.diag(ridge + 1e-6), gradient)
    weights: Floats = found[:-1] / spread
    return Fit(intercept=float(found[-1] - weights @ mean), weights=weights)


def row_weights(right: NDArray[np.bool_]) -> Floats:
    """Weights by which right and wrong rows count 4 to 1, however many there are; their sum is the rows'."""
    share = np.where(right, RIGHT_WEIGHT / right.sum(), (1 - RIGHT_WEIGHT) / (~right).sum())
    weighed: Floats = share * len(right)
    return weighed


def judge(rows: FitRows, chosen: Sequence[str]) -> Judged:
    """Cross-validate a choice of evidence."""
    evidence, right = columns(rows, chosen)
    logits = np.zeros(len(right))
    for part in range(PARTS):
        held = rows.part == part
        if held.any():
            logits[held] = fit(evidence[~held], right[~held]).logits(evidence[held])
    probabilities = _probabilities(logits)
    likelihood = np.where(right, probabilities, 1 - probabilities)
    threshold = keeping(probabilities[right].tolist())
    kinds = np.array(rows.kind)
    taken = {
        kind: taken_share(
            [
                *probabilities[~right & (kinds == kind)].tolist(),
                *[0.0] * rows.without_reading.get(kind, 0),
            ],
            threshold,
        )
        for kind in sorted(set(rows.kind))
    }
    return Judged(
        probabilities=probabilities,
        log_loss=float(-(row_weights(right) * np.log(np.maximum(likelihood, 1e-12))).mean()),
        threshold=threshold,
        taken=taken,
    )


def columns(rows: FitRows, chosen: Sequence[str]) -> tuple[Floats, NDArray[np.bool_]]:
    """The chosen evidence, ``float64[n, k]``, and which rows are right."""
    return rows.evidence[:, [KINDS.index(kind) for kind in chosen]], rows.right


def _probabilities(logits: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0)))
    return found
