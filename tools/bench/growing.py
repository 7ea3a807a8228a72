"""Orders that are searched while they are said, against the same orders searched once, from scratch.

Each order is cut as the device cuts it. While it grows it is searched every ``--every-ms``, the last time
``--lag-ms`` before its end, as a search that was under way when the speech ended is given up; then the whole
is searched with what those searches are worth (``decoding/drafts.py``), and once without.

``growing.right`` and ``scratch.right``: orders understood fully. ``..._ms``: computing after the end of
speech, and of each search before it. ``share``: the medians' ratio, which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track

from nearfield_models.decoding.recogniser import Listened, SentenceListener, SoFar
from nearfield_models.engines import load_asr, load_vad, sentence_listener
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.order_sounds import HeardTurn, Labels, heard_turn, in_noise, read_labels, read_sound
from tools.bench.order_trials import ASR, KITCHEN, VAD, coffee_grammar, is_accepted
from tools.bench.paused_orders import room_tone
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

TARGETS: Final = (
    Target(name="orders lost by growing", figure="lost_by_growing", at="most", value=0),
    Target(name="computing after the end of speech, of scratch", figure="share", at="most", value=0.6),
)
_FIRST_MS: Final = 900
"""Of an utterance, pre-roll included, before it is searched for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One order, searched both ways."""

    name: str
    growing: bool
    scratch: bool
    """Whether it was understood."""
    growing_ms: float
    scratch_ms: float
    partial_ms: tuple[float, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--snr-db", type=float, metavar="N", help="in kitchen noise; absent: as recorded")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument("--every", type=int, default=4, metavar="N", help="only every Nth order (default: 4)")
    parser.add_argument("--every-ms", type=int, default=300, metavar="N", help="how often it is searched")
    parser.add_argument("--lag-ms", type=int, default=260, metavar="N", help="the last time before its end")
    parser.add_argument("--show", action="store_true", help="print the orders that differ")


def run(arguments: argparse.Namespace) -> Report:
    """Search both ways."""
    title = "orders searched while they are said"
    if arguments.snr_db is not None:
        title += f", at {arguments.snr_db:g} dB"
    labels = read_labels(arguments.data / "orders")
    if labels is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="growing", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    trials = _trials(arguments, labels)
    if arguments.show:
        for trial in trials:
            if trial.growing != trial.scratch:
                print(f"{trial.name}: {'won' if trial.growing else 'lost'}")
    return Report(name="growing", title=title, figures=scored(trials), targets=TARGETS)


def scored(trials: Sequence[Trial]) -> dict[str, Any]:
    """The figures."""
    growing_ms, scratch_ms = (
        [getattr(trial, name) for trial in trials] for name in ("growing_ms", "scratch_ms")
    )
    return {
        "n": len(trials),
        "growing": {"right": sum(trial.growing for trial in trials), "ms": _percentiles(growing_ms)},
        "scratch": {"right": sum(trial.scratch for trial in trials), "ms": _percentiles(scratch_ms)},
        "partial_ms": _percentiles([took for trial in trials for took in trial.partial_ms]),
        "lost_by_growing": sum(trial.scratch and not trial.growing for trial in trials),
        "won_by_growing": sum(trial.growing and not trial.scratch for trial in trials),
        "share": round(float(np.median(growing_ms) / np.median(scratch_ms)), 3),
    }


def _trials(arguments: argparse.Namespace, labels: Labels) -> list[Trial]:
    noise = None if arguments.snr_db is None else read_sound(arguments.data / KITCHEN)
    vad = load_vad(VAD, runtime=RuntimeOptions(threads=1))
    asr = load_asr(ASR, runtime=RuntimeOptions(threads=2))
    listener = sentence_listener(asr, coffee_grammar(), pack_id=ASR)
    if listener is None:
        raise EngineError(f"{ASR} cannot be searched")
    listener.warm_up()
    trials = []
    names = list(labels)[:: arguments.every]
    for name in track(names, "orders", console=Console(stderr=True), transient=True):
        sound = read_sound(arguments.data / "orders" / "speech" / name)
        sound = np.concatenate([sound, room_tone(sound, SAMPLE_RATE_HZ)])
        if noise is not None:
            sound = in_noise(sound, noise, arguments.snr_db, name=name, seed=arguments.seed)
        turn = heard_turn(sound, vad)
        if turn is not None:
            trials.append(_trial(name, sound, turn, listener, labels[name], arguments))
    return trials


def _trial(
    name: str,
    sound: Samples,
    turn: HeardTurn,
    listener: SentenceListener,
    label: Any,
    arguments: argparse.Namespace,
) -> Trial:
    so_far: SoFar | None = None
    partial_ms = []
    last = turn.end - arguments.lag_ms * SAMPLES_PER_MS
    for end in range(turn.first + _FIRST_MS * SAMPLES_PER_MS, last, arguments.every_ms * SAMPLES_PER_MS):
        began = time.perf_counter()
        partial = listener.listen(sound[turn.first : end], so_far=so_far, is_whole=False)
        partial_ms.append((time.perf_counter() - began) * 1e3)
        so_far = None if partial is None else partial.so_far
    found = []
    for known in (so_far, None):
        began = time.perf_counter()
        listened = listener.listen(turn.cut(sound), so_far=known)
        found.append((_is_right(listened, label), (time.perf_counter() - began) * 1e3))
    (growing, growing_ms), (scratch, scratch_ms) = found
    return Trial(
        name=name,
        growing=growing,
        scratch=scratch,
        growing_ms=growing_ms,
        scratch_ms=scratch_ms,
        partial_ms=tuple(partial_ms),
    )


def _is_right(listened: Listened | None, label: Any) -> bool:
    readings = () if listened is None else listened.readings
    return bool(readings) and is_accepted(readings[0].match, label)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return (
        {f"p{share}": round(float(np.percentile(values, share)), 1) for share in (50, 90)} if values else {}
    )
