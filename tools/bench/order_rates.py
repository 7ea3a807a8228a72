"""Shares and their uncertainty, and the one threshold at which a reading is acted upon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from rich.table import Table

from nearfield_models.decoding.calibration import Calibration, read_calibration
from nearfield_models.errors import EngineError
from tools.bench.order_trials import ASR, Trial
from tools.bench.wake import wilson

KEPT_SHARE: Final = 0.99
"""Of the right orders: what the threshold must let through."""
CURVE: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
_RESAMPLES: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share with its 95 % interval."""

    share: float
    low: float
    high: float
    trials: int

    def figures(self) -> dict[str, float]:
        """For a report."""
        return {"share": self.share, "from_95": self.low, "to_95": self.high, "trials": self.trials}


def right_share(trials: Sequence[Trial], *, seed: int = 0) -> Share:
    """How many orders are right.

    The interval is of a bootstrap over the recordings: all draws of one go together, because noise drawn
    again is no new speaker. Where every trial is right it is Wilson's over the recordings, as a bootstrap
    would be sure of what it cannot know.
    """
    by_name: dict[str, list[bool]] = defaultdict(list)
    for trial in trials:
        by_name[trial.name].append(trial.right)
    right = np.array([sum(found) for found in by_name.values()], np.float64)
    played = np.array([len(found) for found in by_name.values()], np.float64)
    share = float(right.sum() / played.sum())
    if share in (0.0, 1.0):
        low, high = wilson(int(share) * len(by_name), len(by_name))
    else:
        drawn = np.random.default_rng(seed).integers(0, len(by_name), (_RESAMPLES, len(by_name)))
        shares = right[drawn].sum(axis=1) / played[drawn].sum(axis=1)
        low, high = (float(np.percentile(shares, at)) for at in (2.5, 97.5))
    return Share(share=share, low=low, high=high, trials=len(trials))


def counted(count: int, of: int) -> Share:
    """A share of independent trials, with Wilson's interval."""
    low, high = wilson(count, of)
    return Share(share=count / of, low=low, high=high, trials=of)


def shipped_calibration() -> Calibration:
    """What turns the trials' evidence into confidences.

    Raises:
        EngineError: Nothing was fitted yet.
    """
    calibration = read_calibration(ASR)
    if calibration is None:
        raise EngineError(f"nothing was calibrated for {ASR}: run `python -m tools.calibrate` first")
    return calibration


def confidence(trial: Trial, calibration: Calibration) -> float:
    """The best reading's; 0 where there is none."""
    return 0.0 if trial.evidence is None else calibration.probability(trial.evidence)


def keeping(confidences: Sequence[float], share: float = KEPT_SHARE) -> float:
    """The largest threshold at which at least a share of the confidences is at or above it."""
    ordered = sorted(confidences, reverse=True)
    return ordered[min(len(ordered), int(np.ceil(share * len(ordered)))) - 1] if ordered else 1.0


def taken_share(confidences: Sequence[float], threshold: float) -> float | None:
    """How many are acted upon; None of none."""
    if not confidences:
        return None
    return sum(found >= threshold for found in confidences) / len(confidences)


def curve(kinds: Mapping[str, Sequence[float]], thresholds: Sequence[float] = CURVE) -> list[dict[str, Any]]:
    """For each threshold the share of each kind that is acted upon."""
    return [
        {"threshold": at, **{kind: taken_share(found, at) for kind, found in kinds.items()}}
        for at in thresholds
    ]


def curve_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A curve for people; shares in percent."""
    table = Table(title="acted upon at a threshold, percent", title_justify="left")
    for heading in rows[0]:
        table.add_column(heading.replace("_", " "), justify="right")
    for row in rows:
        shares = [row[kind] for kind in row if kind != "threshold"]
        shown = ["" if share is None else f"{100 * share:.2f}" for share in shares]
        table.add_row(f"{row['threshold']:g}", *shown)
    return table
