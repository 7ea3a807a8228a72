"""Multinomial logistic regression in NumPy, its cross-validation and its calibration.

Source: Kingma & Ba 2015, "Adam"; Guo et al. 2017, "On calibration of modern neural networks" (temperature).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""float32 throughout; NumPy's annotations widen products of matrices."""
Numbers = NDArray[np.int64]

_EPOCHS: Final = 12
_BATCH: Final = 256
_FEWEST_STEPS: Final = 400
"""A small set is gone through more often."""
_RATE: Final = 0.01
_SCALE: Final = 10.0
"""Features of length 1 are brought to this length: weights are found in fewer steps."""
_DECAY: Final = 1e-4
_MOMENTUM, _SPREAD, _TINY = 0.9, 0.999, 1e-8
_COLDEST, _HOTTEST = 0.05, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A trained regression."""

    centre: Floats
    """``float32[d]``, taken off every row of features."""
    weights: Floats
    """``float32[d, classes]``."""
    biases: Floats
    """``float32[classes]``."""

    def scores(self, features: Floats) -> Floats:
        """Give ``float32[n, classes]``, logarithms of probabilities but for a constant a row."""
        found: Floats = (features - self.centre) @ self.weights + self.biases
        return found


class _Adam:
    """One array on its way down the gradient."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.value: Floats = np.zeros(shape, np.float32)
        self._mean: Floats = np.zeros(shape, np.float32)
        self._square: Floats = np.zeros(shape, np.float32)

    def step(self, gradient: Floats, number: int, rate: float) -> None:
        self._mean += (1 - _MOMENTUM) * (gradient - self._mean)
        self._square += (1 - _SPREAD) * (gradient * gradient - self._square)
        spread = np.sqrt(self._square / (1 - _SPREAD**number)) + _TINY
        self.value -= np.float32(rate / (1 - _MOMENTUM**number)) * self._mean / spread


def fit(features: Floats, classes: Numbers, weighing: Floats, class_count: int, seed: int) -> Regression:
    """Train.

    Args:
        features: ``float32[n, d]``, at least one row.
        classes: ``int64[n]``, numbers below ``class_count``.
        weighing: ``float32[n]``, what a row counts for.
        class_count: Columns of the scores.
        seed: Of the order in which rows are seen.
    """
    generator = np.random.default_rng(seed)
    centre: Floats = features.mean(axis=0)
    rows = len(features)
    batches = -(-rows // _BATCH)
    epochs = max(_EPOCHS, -(-_FEWEST_STEPS // batches))
    weights, biases = _Adam((features.shape[1], class_count)), _Adam((class_count,))
    number = 0
    for _ in range(epochs):
        order = generator.permutation(rows)
        for at in range(0, rows, _BATCH):
            number += 1
            chosen = order[at : at + _BATCH]
            inputs = (features[chosen] - centre) * np.float32(_SCALE)
            error = probabilities(inputs @ weights.value + biases.value)
            error[np.arange(len(chosen)), classes[chosen]] -= 1
            error *= weighing[chosen, None] / np.float32(len(chosen))
            rate = _RATE * (1 - number / (epochs * batches + 1))
            weights.step(inputs.T @ error + np.float32(_DECAY) * weights.value, number, rate)
            biases.step(error.sum(axis=0), number, rate)
    return Regression(centre=centre, weights=weights.value * np.float32(_SCALE), biases=biases.value)


def cross_validated(
    features: Floats, classes: Numbers, weighing: Floats, class_count: int, folds: Numbers, seed: int
) -> Floats:
    """Score each row by a regression that was trained without its fold: ``float32[n, class_count]``.

    Args:
        features: As for `fit`, and so are the next three.
        classes: Likewise.
        weighing: Likewise.
        class_count: Likewise.
        folds: ``int64[n]``, which fold a row is in; at least two folds have rows.
        seed: As for `fit`.
    """
    scores = np.zeros((len(features), class_count), np.float32)
    for fold in np.unique(folds):
        kept = folds != fold
        found = fit(features[kept], classes[kept], weighing[kept], class_count, seed)
        scores[~kept] = found.scores(features[~kept])
    return scores


def probabilities(scores: Floats, temperature: float = 1.0) -> Floats:
    """Turn ``float32[n, classes]`` into rows that sum to 1; a higher temperature makes them less sure."""
    raised = scores / np.float32(temperature)
    raised = np.exp(raised - raised.max(axis=1, keepdims=True))
    result: Floats = raised / raised.sum(axis=1, keepdims=True)
    return result


def fitting_temperature(scores: Floats, classes: Numbers, weighing: Floats) -> float:
    """The temperature at which the scores' probabilities fit what was right best (least log loss)."""
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    rows = np.arange(len(scores))

    def loss(logarithm: float) -> float:
        right = probabilities(scores, float(np.exp(logarithm)))[rows, classes]
        return -float((weighing * np.log(np.maximum(right, np.finfo(np.float32).tiny))).sum())

    for _ in range(30):  # the loss has one valley: a third is cut off each time
        third = (high - low) / 3
        if loss(low + third) < loss(high - third):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))
