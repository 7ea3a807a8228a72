"""The two parts of the wait for an order to be understood, and the whole, from the end of speech on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.bench.order_trials import Trial


def latencies_ms(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Decision, computing and whole; orders without a known end of speech count for computing alone."""
    timed = [(trial.waited_ms, trial.computing_ms) for trial in trials if trial.waited_ms is not None]
    return {
        "decision": percentiles([waited for waited, _ in timed]),
        "computing": percentiles([trial.computing_ms for trial in trials]),
        "whole": percentiles([waited + computing for waited, computing in timed]),
    }


def percentiles(values: Sequence[float], at: Sequence[int] = (50, 95)) -> dict[str, float]:
    """By name, such as ``p50``; none of no values."""
    return {f"p{share}": float(np.percentile(values, share)) for share in at} if values else {}
