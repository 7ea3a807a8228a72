"""The two parts of the wait for an order to be understood, and the whole, from the end of speech on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from tools.bench.order_sounds import DEVICE
from tools.bench.order_trials import Trial

HEAD_START_MS: Final = DEVICE.endpoint.end_silence_ms - DEVICE.post_roll_ms
"""By how much the device begins to decode before it decides that the turn has ended."""


def latencies_ms(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Decision, computing, what is left of it after the decision, and the whole.

    Orders without a known end of speech count for computing alone.
    """
    timed = [(trial.waited_ms, left_ms(trial)) for trial in trials if trial.waited_ms is not None]
    return {
        "decision": percentiles([waited for waited, _ in timed]),
        "computing": percentiles([trial.computing_ms for trial in trials]),
        "after_decision": percentiles([left_ms(trial) for trial in trials]),
        "whole": percentiles([waited + left for waited, left in timed]),
    }


def left_ms(trial: Trial) -> float:
    """Of the computing, what is not done yet when the turn is decided to have ended."""
    return max(0.0, trial.computing_ms - HEAD_START_MS)


def percentiles(values: Sequence[float], at: Sequence[int] = (50, 95)) -> dict[str, float]:
    """By name, such as ``p50``; none of no values."""
    return {f"p{share}": float(np.percentile(values, share)) for share in at} if values else {}
