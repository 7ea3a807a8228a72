"""What is silently taken for an order although it is none, at the one threshold that keeps 99 % of all right.

* ``left_out``: each value of the four closed lists is taken out of the grammar, and the real orders that
  name it are played, clean and at 12 dB. Whatever is then understood is wrong; asking back is right.
* ``other_speech``: wake phrases, free speech, and sentences of CLINC150's validation part, spoken by the
  voice pack.

The threshold is found on the right orders of ``threshold_from``: those under the conditions in which values
are left out, one draw of noise. ``orders`` tells how many are right, and what the threshold keeps of them
in louder noise too; the rest is asked back.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from nearfield_models.decoding.calibration import Calibration
from tools.bench.order_jobs import LEFT_OUT_SNRS_DB, left_out_jobs, order_jobs, other_speech_jobs
from tools.bench.order_rates import (
    KEPT_SHARE,
    confidence,
    counted,
    curve,
    curve_table,
    keeping,
    shipped_calibration,
    taken_share,
)
from tools.bench.order_sounds import Labels
from tools.bench.order_trials import Job, Trial
from tools.bench.orders_sweep import told
from tools.bench.report import Target
from tools.bench.trial_store import TrialStore

THRESHOLD_SNRS_DB = LEFT_OUT_SNRS_DB
ORDER_SNRS_DB = (None, 12.0, 6.0, 0.0)
LEFT_OUT_TARGET = Target(
    name="values left out, taken", figure="rejection.left_out.taken.share", at="most", value=0.05
)
OTHER_SPEECH_TARGET = Target(
    name="other speech taken", figure="rejection.other_speech.taken.share", at="most", value=0.005
)


def rejection(
    labels: Labels, store: TrialStore, arguments: argparse.Namespace
) -> tuple[dict[str, Any], list[Target]]:
    """Play what is asked for; gives figures and targets."""
    calibration = shipped_calibration()
    orders = order_trials(labels, store, arguments)
    kinds = {
        "right_kept": [confidence(one, calibration) for one in orders if one.right],
        "wrong_taken": [confidence(one, calibration) for one in orders if not one.right],
    }
    known = [told(snr_db) for snr_db in THRESHOLD_SNRS_DB]
    judged = [one for one in orders if one.right and one.condition in known]
    threshold = keeping([confidence(one, calibration) for one in judged])
    figures: dict[str, Any] = {
        "threshold": threshold,
        "threshold_keeps": KEPT_SHARE,
        "threshold_from": ", ".join(known),
        "right_orders": len(judged),
        "orders": {
            told(snr_db): _order_figures(orders, snr_db, calibration, threshold) for snr_db in ORDER_SNRS_DB
        },
    }
    targets = []
    if arguments.leave_values_out:
        left_out = left_out_trials(labels, store, arguments)
        kinds["left_out_taken"] = [confidence(one, calibration) for one in left_out]
        figures["left_out"] = left_out_figures(left_out, calibration, threshold)
        targets.append(LEFT_OUT_TARGET)
    if arguments.other_speech:
        others = other_speech_trials(store, arguments)
        kinds["other_speech_taken"] = [confidence(one, calibration) for one in others]
        figures["other_speech"] = other_speech_figures(others, calibration, threshold)
        targets.append(OTHER_SPEECH_TARGET)
        if arguments.show_wrong:
            _show(others, calibration, threshold)
    figures["curve"] = curve(kinds)
    Console().print(curve_table(figures["curve"]))
    return {"rejection": figures}, targets


def _order_figures(
    orders: Sequence[Trial], snr_db: float | None, calibration: Calibration, threshold: float
) -> dict[str, Any]:
    """Under one condition: how many are right, and how many of the right ones the threshold keeps."""
    played = [one for one in orders if one.condition == told(snr_db)]
    right = [confidence(one, calibration) for one in played if one.right]
    return {"played": len(played), "right": len(right), "right_kept": taken_share(right, threshold)}


def order_trials(labels: Labels, store: TrialStore, arguments: argparse.Namespace) -> list[Trial]:
    """Orders that the grammar holds, one draw of noise each."""
    like = Job(kind="order", names=(), seed=arguments.seed, threads=_threads(arguments))
    return store.trials(order_jobs(list(labels), ORDER_SNRS_DB, 1, like), title="orders")


def left_out_trials(labels: Labels, store: TrialStore, arguments: argparse.Namespace) -> list[Trial]:
    """Orders for what the grammar does not hold."""
    jobs = left_out_jobs(labels, most=arguments.per_value, seed=arguments.seed, threads=_threads(arguments))
    return store.trials(jobs, title="values left out")


def other_speech_trials(store: TrialStore, arguments: argparse.Namespace) -> list[Trial]:
    """Speech that is no order."""
    jobs = other_speech_jobs(
        arguments.data,
        recordings=arguments.others,
        sentences=arguments.sentences,
        seed=arguments.seed,
        threads=_threads(arguments),
    )
    return store.trials(jobs, title="other speech")


def left_out_figures(trials: Sequence[Trial], calibration: Calibration, threshold: float) -> dict[str, Any]:
    """How many are taken for another order: in all, by condition, by value."""
    by_value: dict[str, list[bool]] = defaultdict(list)
    by_condition: dict[str, list[bool]] = defaultdict(list)
    for trial in trials:
        taken = confidence(trial, calibration) >= threshold
        by_value[trial.left_out].append(taken)
        by_condition[trial.condition].append(taken)
    every = [taken for found in by_value.values() for taken in found]
    return {
        "taken": counted(sum(every), len(every)).figures() if every else {},
        "values": len(by_value),
        **{f"taken_{name}": sum(found) / len(found) for name, found in by_condition.items()},
        "worst_value": max((sum(found) / len(found) for found in by_value.values()), default=None),
        "by_value": {name: f"{sum(found)} of {len(found)} taken" for name, found in sorted(by_value.items())},
    }


def other_speech_figures(
    trials: Sequence[Trial], calibration: Calibration, threshold: float
) -> dict[str, Any]:
    """How many are taken for an order: in all, and recordings and spoken sentences apart."""
    taken = {kind: [one for one in trials if one.kind == kind] for kind in ("recording", "sentence")}
    counts = {
        kind: sum(confidence(one, calibration) >= threshold for one in found) for kind, found in taken.items()
    }
    return {
        "taken": counted(sum(counts.values()), len(trials)).figures() if trials else {},
        **{f"{kind}s": len(found) for kind, found in taken.items()},
        **{f"{kind}s_taken": count for kind, count in counts.items()},
    }


def _show(trials: Sequence[Trial], calibration: Calibration, threshold: float) -> None:
    for trial in trials:
        found = confidence(trial, calibration)
        if found >= threshold:
            print(f"taken  {trial.name}\n  heard  {trial.transcript}\n  as {trial.taken_for} ({found:.2f})")


def _threads(arguments: argparse.Namespace) -> int:
    return 2 if arguments.jobs == 1 else 1
