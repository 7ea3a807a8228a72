"""The orders at every ratio of speech to noise, with what others published beside it.

The mean is over 6 to 24 dB, as published. Every ratio is played ``--draws`` times with other places of the
noise; the intervals are of a bootstrap over the recordings, all draws of one together.
"""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.bench.order_jobs import SNRS_DB, order_jobs
from tools.bench.order_latencies import latencies_ms
from tools.bench.order_rates import Share, confidence, curve, keeping, right_share, shipped_calibration
from tools.bench.order_sounds import Labels
from tools.bench.order_trials import Job, Trial
from tools.bench.orders_plot import sweep_svg
from tools.bench.published import PUBLISHED, PUBLISHED_SNRS_DB
from tools.bench.report import Target
from tools.bench.trial_store import TrialStore

TARGETS = [
    Target(name="clean orders wrong", figure="acceptance.clean.wrong", at="most", value=1),
    Target(name="mean of 6 to 24 dB", figure="acceptance.mean_6_to_24_db.share", at="least", value=0.99),
    Target(name="at 6 dB", figure="acceptance.6_db.share", at="least", value=0.97),
    Target(name="at 0 dB", figure="acceptance.0_db.share", at="least", value=0.85),
]


def sweep(
    labels: Labels, store: TrialStore, arguments: argparse.Namespace
) -> tuple[dict[str, Any], list[Target]]:
    """Play, print the table, draw the picture if asked for; gives figures and targets."""
    trials = sweep_trials(labels, store, arguments)
    by_snr = {snr_db: [one for one in trials if one.condition == told(snr_db)] for snr_db in SNRS_DB}
    shares = {snr_db: right_share(found) for snr_db, found in by_snr.items()}
    clean = [one for one in trials if one.condition == told(None)]
    clean_share = right_share(clean)
    mean = right_share([one for snr_db in PUBLISHED_SNRS_DB for one in by_snr[snr_db]])
    _print_table(shares, clean_share, mean)
    if arguments.plot is not None:
        arguments.plot.parent.mkdir(parents=True, exist_ok=True)
        arguments.plot.write_text(sweep_svg(shares, clean_share), encoding="utf-8")
    calibration = shipped_calibration()
    right = [confidence(one, calibration) for one in trials if one.right]
    wrong = [confidence(one, calibration) for one in trials if not one.right]
    figures = {
        "n": len(labels),
        "acceptance": {
            "clean": {**clean_share.figures(), "wrong": sum(not one.right for one in clean)},
            **{f"{snr_db:g}_db": share.figures() for snr_db, share in shares.items()},
            "mean_6_to_24_db": mean.figures(),
        },
        "published_mean_6_to_24_db": {
            name: sum(rates) / len(rates) / 100 for name, rates in PUBLISHED.items()
        },
        "decision_ms": {
            told(snr_db): latencies_ms([one for one in trials if one.condition == told(snr_db)])["decision"]
            for snr_db in (None, *SNRS_DB)
        },
        "threshold_keeping_99_percent": keeping(right),
        "curve": curve({"right_kept": right, "wrong_taken": wrong}),
    }
    return figures, TARGETS


def sweep_trials(labels: Labels, store: TrialStore, arguments: argparse.Namespace) -> list[Trial]:
    """Every trial of a sweep; what is kept from an earlier one is not played again."""
    threads = 2 if arguments.jobs == 1 else 1
    like = Job(
        kind="order",
        names=(),
        seed=arguments.seed,
        before_ms=arguments.before_ms,
        after_ms=arguments.after_ms,
        threads=threads,
    )
    jobs = order_jobs(list(labels), [None, *SNRS_DB], arguments.draws, like)
    return store.trials(jobs, title="sweep")


def told(snr_db: float | None) -> str:
    """A condition as trials name it."""
    return Job(kind="order", names=(), snr_db=snr_db).condition


def _print_table(shares: dict[float, Share], clean: Share, mean: Share) -> None:
    table = Table(
        title="orders right, percent; the named: as published, mean of two noises", title_justify="left"
    )
    for heading in ("", "here", "95 % from", "to", *PUBLISHED):
        table.add_column(heading, justify="right")
    rows = [("clean", clean), *((told(snr_db), share) for snr_db, share in shares.items())]
    for name, share in [*rows, ("mean 6-24 dB", mean)]:
        numbers = [f"{100 * number:.1f}" for number in (share.share, share.low, share.high)]
        table.add_row(name, *numbers, *_published(name))
    Console().print(table)


def _published(condition: str) -> list[str]:
    conditions = [told(snr_db) for snr_db in PUBLISHED_SNRS_DB]
    if condition in conditions:
        return [f"{rates[conditions.index(condition)]:.1f}" for rates in PUBLISHED.values()]
    if condition.startswith("mean"):
        return [f"{sum(rates) / len(rates):.1f}" for rates in PUBLISHED.values()]
    return ["" for _ in PUBLISHED]
