"""What each part of the search brings: the orders understood without it, or with another value of a constant.

Every variant is played over the same orders in the same noise (``--snr-db``, ``--seed``; ``--every N`` takes
every Nth order). ``right`` counts orders whose best reading is right, ``among_readings`` those for which any
meaning found by the search is: what a better ranking could still win. ``lost`` and ``won`` count the orders
on which a variant differs from ``as shipped``: they say more than the two totals. The constants were chosen
on these recordings, so the differences are worth more than the totals.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.beam import Search, SearchSettings
from nearfield_models.decoding.inner_language import InnerLanguage
from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import GrammarWalk
from nearfield_models.decoding.readings import readings_of
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.decoding.suppression import quietened
from nearfield_models.engines import load_asr
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.order_rates import shipped_calibration
from tools.bench.order_sounds import DEVICE, Labels, read_labels
from tools.bench.order_trials import ASR, Job, coffee_grammar, is_accepted, sounds
from tools.bench.recordings import default_data
from tools.bench.report import Report

SHIPPED: Final = "as shipped"
_MOST_READINGS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to search."""

    name: str
    settings: SearchSettings = SearchSettings()  # noqa: RUF009 - frozen
    prepare: Callable[[Samples], Samples] = quietened
    """What is done to the sound before it is encoded."""
    before_ms: int = DEVICE.pre_roll_ms
    after_ms: int = DEVICE.post_roll_ms


def _as_it_is(samples: Samples) -> Samples:
    return samples


VARIANTS: Final = (
    Variant(name=SHIPPED),
    Variant(name="noise not turned down", prepare=_as_it_is),
    Variant(name="inner language not taken off", settings=SearchSettings(language=0.0, search_language=0.0)),
    Variant(name="no bonus for letters", settings=SearchSettings(bonus=0.0, search_bonus=0.0)),
    Variant(
        name="neither: the plain beam",
        settings=SearchSettings(language=0.0, search_language=0.0, bonus=0.0, search_bonus=0.0),
    ),
    Variant(name="fillers cost nothing more", settings=SearchSettings(filler_cost=0.0)),
    Variant(
        name="taking back costs nothing more",
        settings=SearchSettings(correction_cost=0.0, correction_cost_in_noise=0.0),
    ),
    Variant(name="width 4", settings=SearchSettings(width=4, width_in_noise=4)),
    Variant(name="width 8, in noise too", settings=SearchSettings(width_in_noise=8)),
    Variant(name="width 24 in noise", settings=SearchSettings(width_in_noise=24)),
    Variant(name="dropped from 6 nats behind", settings=SearchSettings(behind=6.0)),
    Variant(name="600 ms of sound before", before_ms=600),
    Variant(name="no sound after the last speech", after_ms=0),
    Variant(name="500 ms of sound after", after_ms=500),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    right: bool
    among_readings: bool
    processor_seconds: float


class _Listener:
    """Searches one way after another with one recogniser."""

    def __init__(self, asr: MoonshineAsr) -> None:
        self._asr = asr
        self._marks = TokenMarks(asr.tokens)
        self._inner = InnerLanguage(asr.model, self._marks)
        self._spoken = SpokenGrammar(coffee_grammar(), WordTokens(asr.tokens))
        self._calibration = shipped_calibration()

    def outcome(self, samples: Samples, variant: Variant, label: Any) -> _Outcome:
        """Understand one order."""
        began = time.process_time()
        prepared = variant.prepare(samples)
        found = Search(
            self._asr.model,
            self._asr.model.encode(prepared),
            GrammarWalk(self._spoken),
            self._marks,
            self._inner,
            variant.settings if prepared is samples else variant.settings.in_noise,
            Cancellation(),
        ).run()
        readings = readings_of(
            found, self._spoken.grammar, self._asr.tokens, self._calibration, limit=_MOST_READINGS
        )
        took = time.process_time() - began
        right = [is_accepted(reading.match, label) for reading in readings]
        return _Outcome(right=right[:1] == [True], among_readings=any(right), processor_seconds=took)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--snr-db", type=float, default=6.0, metavar="N", help="of kitchen noise (default 6)")
    parser.add_argument("--every", type=int, default=2, metavar="N", help="every Nth order (default 2)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=[variant.name for variant in VARIANTS],
        help="variants, beside the shipped one",
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of one inference (default 2)")


def run(arguments: argparse.Namespace) -> Report:
    """Play every variant."""
    title = f"orders in kitchen noise at {arguments.snr_db:g} dB, without one part or another"
    labels = read_labels(arguments.data / "orders")
    if labels is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="ablations", title=title, figures={}, skipped=(reason,))
    chosen = tuple(sorted(labels)[:: arguments.every])
    asr = load_asr(ASR, runtime=RuntimeOptions(threads=arguments.threads))
    if not isinstance(asr, MoonshineAsr):
        reason = f"all of it: {ASR} cannot be searched, its decoder is not open"
        return Report(name="ablations", title=title, figures={}, skipped=(reason,))
    listener = _Listener(asr)
    outcomes = {
        variant.name: list(_outcomes(variant, chosen, labels, listener, arguments))
        for variant in VARIANTS
        if variant.name == SHIPPED or not arguments.only or variant.name in arguments.only
    }
    rows = {name: _row(found, outcomes[SHIPPED]) for name, found in outcomes.items()}
    _print_table(rows, title)
    figures = {"n": len(chosen), "snr_db": arguments.snr_db, "seed": arguments.seed, "variants": rows}
    return Report(name="ablations", title=title, figures=figures)


def _outcomes(
    variant: Variant,
    names: tuple[str, ...],
    labels: Labels,
    listener: _Listener,
    arguments: argparse.Namespace,
) -> Iterator[_Outcome]:
    job = Job(
        kind="order",
        names=names,
        snr_db=arguments.snr_db,
        seed=arguments.seed,
        before_ms=variant.before_ms,
        after_ms=variant.after_ms,
        threads=arguments.threads,
    )
    console = Console(stderr=True)
    played = track(sounds(job, arguments.data), variant.name, total=len(names), console=console)
    for name, samples, turn, _ in played:
        kept = samples if turn is None else turn.cut(samples)
        yield listener.outcome(kept, variant, labels[name])


def _row(found: Sequence[_Outcome], shipped: Sequence[_Outcome]) -> dict[str, Any]:
    pairs = list(zip(found, shipped, strict=True))
    return {
        "right": sum(one.right for one in found),
        "among_readings": sum(one.among_readings for one in found),
        "lost": sum(other.right and not one.right for one, other in pairs),
        "won": sum(one.right and not other.right for one, other in pairs),
        "processor_ms": round(1e3 * float(np.median([one.processor_seconds for one in found])), 1),
    }


def _print_table(rows: dict[str, dict[str, Any]], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("", *next(iter(rows.values()))):
        table.add_column(heading.replace("_", " "), justify="right" if heading else "left")
    for name, row in rows.items():
        table.add_row(name, *map(str, row.values()))
    Console().print(table)
