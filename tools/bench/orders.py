"""Real coffee orders: how many are fully understood, how fast, and what else is taken for one.

Every recording is listened to by the device's own voice detector and ended by silence alone (the device
knows more: ``turns``), cut to what the device keeps (``--before-ms``, ``--after-ms``), and understood by the
sentences of the shipped coffee skill. With noise, each is mixed with an excerpt whose place depends on its
name and ``--seed``.

* ``command_acceptance``: the share of orders whose intent is right and whose labelled slots all have
  exactly the labelled value; extra slots are not penalised.
* ``latency_ms.decision``: from the end of speech, found in the clean recording by its energy
  (``speech_end``), to the decision, by silence alone, that the turn has ended. ``detector_off_ms`` is what
  the voice detector adds to it.
* ``latency_ms.computing``: intent and slots computed from scratch, with nothing done while the person spoke;
  ``processor_ms`` is the processor time of it, whatever else the machine did.
* ``latency_ms.after_decision``: what of it comes after that decision, since the device begins as soon as
  there has been as much silence as it keeps (``Speculate`` in the turn engine), before it decides.
* ``latency_ms.whole``: from the end of speech to intent and slots.
* ``thought_over_early``: orders whose speaker paused so long that the turn was thought to have ended before.

``--free-text`` understands the recogniser's plain text instead of searching in the grammar. ``--sweep``,
``--leave-values-out`` and ``--other-speech`` go together in any choice (see ``orders_sweep`` and
``orders_rejection``); what they have played is kept in ``--cache``. ``--among-skills`` is for itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearfield_models.grammar.words import split_words
from tools.bench.order_free_text import play_free_text
from tools.bench.order_jobs import order_jobs
from tools.bench.order_latencies import latencies_ms, percentiles
from tools.bench.order_rates import right_share
from tools.bench.order_sounds import DEVICE, Labels, read_labels
from tools.bench.order_trials import KITCHEN, Job, Trial, play
from tools.bench.orders_among_skills import among_skills
from tools.bench.orders_rejection import rejection
from tools.bench.orders_sweep import sweep
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.bench.trial_store import CACHE, TrialStore, digest_of_everything


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
    parser.add_argument("--snr-db", type=float, default=6.0, metavar="N", help="with --noise (default 6)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N orders by name")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of all that is drawn (default 0)")
    parser.add_argument(
        "--before-ms", type=int, default=DEVICE.pre_roll_ms, metavar="N", help="sound kept before speech"
    )
    parser.add_argument(
        "--after-ms",
        type=int,
        default=DEVICE.post_roll_ms,
        metavar="N",
        help="sound kept after it",
    )
    parser.add_argument("--show-wrong", action="store_true", help="print every order that was not accepted")
    parser.add_argument("--free-text", action="store_true", help="match the plain transcript instead")
    many = parser.add_argument_group("many conditions")
    many.add_argument("--sweep", action="store_true", help="all ratios of speech to noise, and clean")
    many.add_argument("--draws", type=int, default=5, metavar="N", help="of the noise, for each (default 5)")
    many.add_argument("--plot", type=Path, metavar="FILE", help="with --sweep: where its picture (SVG) goes")
    many.add_argument("--leave-values-out", action="store_true", help="orders for what is not in the grammar")
    many.add_argument("--other-speech", action="store_true", help="speech that is no order")
    many.add_argument(
        "--per-value", type=int, metavar="N", help="orders for each value left out (default: all)"
    )
    many.add_argument("--others", type=int, metavar="N", help="recordings of each wake phrase (default: all)")
    many.add_argument(
        "--sentences", type=int, default=300, metavar="N", help="CLINC150 sentences spoken (default 300)"
    )
    many.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes; times mean little beyond 1"
    )
    many.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="what was played is kept here")
    parser.add_argument("--among-skills", action="store_true", help="beside 20 other skills, and alone")


def run(arguments: argparse.Namespace) -> Report:
    """Hear the orders and score them."""
    labels = read_labels(arguments.data / "orders")
    if labels is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="orders", title="real coffee orders", figures={}, skipped=(reason,))
    labels = {name: labels[name] for name in list(labels)[: arguments.limit]}
    if arguments.among_skills:
        return among_skills(labels, arguments)
    if arguments.sweep or arguments.leave_values_out or arguments.other_speech:
        return _many(labels, arguments)
    return _one(labels, arguments)


def _one(labels: Labels, arguments: argparse.Namespace) -> Report:
    """One condition, played anew each time."""
    title = "real coffee orders"
    if arguments.noise is not None:
        title += f", {arguments.noise.stem} noise at {arguments.snr_db:g} dB"
    if arguments.free_text:
        title += ", from the plain transcript"
    played: list[Trial] = []
    for job in order_jobs(list(labels), [_snr_db(arguments)], 1, _like(arguments)):
        played += (play_free_text if arguments.free_text else play)(job, arguments.data)
    wrong = [trial for trial in played if not trial.right]
    if arguments.show_wrong:
        for trial in wrong:
            print(told(trial, labels))
    figures = {
        **figures_of(played),
        "wrong_although_all_values_were_heard": sum(
            holds_every_value(trial.transcript, labels[trial.name]) for trial in wrong
        ),
        "before_ms": arguments.before_ms,
        "after_ms": arguments.after_ms,
        "noise": arguments.noise and arguments.noise.name,
        "snr_db": _snr_db(arguments),
        "seed": arguments.seed,
    }
    targets = [] if arguments.free_text else _promised(_snr_db(arguments))
    return Report(
        name="orders",
        title=title,
        figures=figures,
        targets=targets,
        packages=("numpy", "onnxruntime", "hassil"),
    )


def _many(labels: Labels, arguments: argparse.Namespace) -> Report:
    store = TrialStore(
        arguments.data,
        arguments.cache,
        digest=digest_of_everything(arguments.data),
        processes=arguments.jobs,
    )
    figures: dict[str, Any] = {}
    targets: list[Target] = []
    parts = []
    if arguments.sweep:
        parts.append(sweep(labels, store, arguments))
    if arguments.leave_values_out or arguments.other_speech:
        parts.append(rejection(labels, store, arguments))
    for found, promised in parts:
        figures |= found
        targets += promised
    figures |= {"draws": arguments.draws, "seed": arguments.seed, "processes": arguments.jobs}
    return Report(
        name="orders",
        title="real coffee orders under many conditions",
        figures=figures,
        targets=targets,
        packages=("numpy", "onnxruntime", "hassil"),
    )


def figures_of(trials: Sequence[Trial]) -> dict[str, Any]:
    """Sum up; with no order at all, only their number."""
    if not trials:
        return {"n": 0, "accepted": 0}
    accepted = sum(trial.right for trial in trials)
    share = right_share(trials)
    return {
        "n": len(trials),
        "accepted": accepted,
        "wrong": len(trials) - accepted,
        "command_acceptance": share.share,
        "command_acceptance_from_95": share.low,
        "command_acceptance_to_95": share.high,
        "latency_ms": latencies_ms(trials),
        "processor_ms": percentiles([trial.processor_ms for trial in trials]),
        "detector_off_ms": percentiles(
            [trial.detector_off_ms for trial in trials if trial.detector_off_ms is not None], (5, 50, 95)
        ),
        "thought_over_early": sum(trial.interrupted > 0 for trial in trials),
        "no_end_of_speech": sum(trial.waited_ms is None for trial in trials),
    }


def holds_every_value(transcript: str, label: Mapping[str, Any]) -> bool:
    """Whether each labelled value stands word for word in the transcript: what spotting values could find."""
    heard = f" {_words(transcript)} "
    return all(f" {_words(value)} " in heard for value in label["slots"].values())


def told(trial: Trial, labels: Labels) -> str:
    """An order that was not accepted, in four lines."""
    return (
        f"{trial.name}\n  wanted {labels[trial.name]['slots']}\n  heard  {trial.transcript}\n"
        f"  understood {trial.taken_for or 'nothing'}"
    )


def _promised(snr_db: float | None) -> list[Target]:
    if snr_db is None:
        return [Target(name="orders wrong", figure="wrong", at="most", value=1)]
    least = {6.0: 0.97, 0.0: 0.85}.get(snr_db)
    if least is None:
        return []
    return [Target(name="orders right", figure="command_acceptance", at="least", value=least)]


def _snr_db(arguments: argparse.Namespace) -> float | None:
    return None if arguments.noise is None else arguments.snr_db


def _like(arguments: argparse.Namespace) -> Job:
    return Job(
        kind="order",
        names=(),
        seed=arguments.seed,
        before_ms=arguments.before_ms,
        after_ms=arguments.after_ms,
        noise=KITCHEN if arguments.noise is None else str(arguments.noise.resolve()),
    )


def _words(text: str) -> str:
    return " ".join(word.text for word in split_words(text))
