"""Two logistic regressions: which sentence answers best, and whether even the best one answers.

The weights are in ``judgement.json`` beside this file; ``python -m tools.train_composer`` writes them and
says how good they are on articles that they were not trained on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_cloud.errors import ComposingError

Floats = NDArray[np.float64]

_FILE: Final = "judgement.json"
_STEPS: Final = 12
_SMALL_STEP: Final = 1e-5
_STEEPEST: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A logistic regression over named numbers."""

    names: tuple[str, ...]
    centres: Floats
    """``float64[d]``, taken off each number."""
    scales: Floats
    """``float64[d]``, by which it is divided then."""
    weights: Floats
    """``float64[d]``."""
    bias: float

    def scores(self, rows: Floats) -> Floats:
        """Give ``float64[n]``, log odds, for ``float64[n, d]``."""
        found: Floats = ((rows - self.centres) / self.scales) @ self.weights + self.bias
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Both regressions and the confidence from which an answer is given."""

    choice: Regression
    """Of a sentence's evidence."""
    grounding: Regression
    """Of the best sentence's evidence, its score and its lead over the next."""
    threshold: float
    """0..1."""
    embedding: str
    """The pack whose cosines it was trained with."""

    def best(self, rows: Floats) -> tuple[int, float]:
        """Choose the sentence and say how probable it is that it answers, from ``float64[n, d]``, n ≥ 1."""
        scores = self.choice.scores(rows)
        order = np.argsort(-scores, kind="stable")
        chosen = int(order[0])
        beside = with_lead(rows[chosen], scores[order])
        return chosen, float(probability(self.grounding.scores(beside[None]))[0])


def with_lead(row: Floats, scores: Floats) -> Floats:
    """The row of the best sentence for the second regression; ``scores`` are all, the highest first."""
    lead = scores[0] - scores[1] if len(scores) > 1 else 0.0
    return np.concatenate([row, [scores[0], lead]])


LEAD_NAMES: Final = ("choice", "lead of the choice")
"""What `with_lead` adds."""


def probability(scores: Floats) -> Floats:
    """Turn log odds into 0..1."""
    found: Floats = 1 / (1 + np.exp(-np.clip(scores, -_STEEPEST, _STEEPEST)))
    return found


def fit(names: Sequence[str], rows: Floats, right: NDArray[np.bool_], *, ridge: float) -> Regression:
    """Train by Newton's method on ``float64[n, d]`` and ``bool[n]``; ``ridge`` keeps weights small."""
    centres, scales = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    inputs = np.column_stack([np.ones(len(rows)), (rows - centres) / scales])
    keeping = np.full(inputs.shape[1], ridge)
    keeping[0] = 1e-6
    weights = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        sure = probability(inputs @ weights)
        slope = inputs.T @ (sure - right) + keeping * weights
        curvature = (inputs * (sure * (1 - sure))[:, None]).T @ inputs + np.diag(keeping)
        step = np.linalg.solve(curvature, slope)
        weights -= step
        if np.abs(step).max() < _SMALL_STEP:
            break
    return Regression(
        names=tuple(names), centres=centres, scales=scales, weights=weights[1:], bias=float(weights[0])
    )


def shipped_judgement() -> Judgement:
    """Read the weights of this package.

    Raises:
        ComposingError: They cannot be read.
    """
    try:
        text = resources.files("nearfield_cloud.composing").joinpath(_FILE).read_text("utf-8")
    except OSError as error:
        raise ComposingError(
            f"{_FILE} is missing from nearfield_cloud.composing: install it again"
        ) from error
    return read_judgement(text)


def read_judgement(text: str) -> Judgement:
    """Read weights from their text.

    Raises:
        ComposingError: It is no such text.
    """
    try:
        document = json.loads(text)
        return Judgement(
            choice=_regression(document["choice"]),
            grounding=_regression(document["grounding"]),
            threshold=float(document["threshold"]),
            embedding=str(document["embedding"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ComposingError(
            f"the composer's weights cannot be read ({type(error).__name__}: {error}): write them again with "
            "python -m tools.train_composer"
        ) from error


def written(judgement: Judgement) -> str:
    """The text that `read_judgement` reads."""
    document = {
        "embedding": judgement.embedding,
        "threshold": round(judgement.threshold, 4),
        "choice": _document(judgement.choice),
        "grounding": _document(judgement.grounding),
    }
    return json.dumps(document, indent=1) + "\n"


def _regression(document: Mapping[str, Any]) -> Regression:
    rows = document["numbers"]
    centres, scales, weights = np.array([row[1:] for row in rows], np.float64).T
    if not np.all(np.isfinite([centres, scales, weights])) or not np.all(scales > 0):
        raise ValueError("a number that is none, or a scale of 0")
    return Regression(
        names=tuple(str(row[0]) for row in rows),
        centres=centres,
        scales=scales,
        weights=weights,
        bias=float(document["bias"]),
    )


def _document(regression: Regression) -> dict[str, Any]:
    columns = zip(regression.names, regression.centres, regression.scales, regression.weights, strict=True)
    return {
        "bias": round(regression.bias, 5),
        "numbers": [[name, *(float(f"{value:.5g}") for value in numbers)] for name, *numbers in columns],
    }
