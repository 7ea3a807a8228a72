"""``python -m tools.calibrate`` fits the confidence of readings anew and writes it to the package.

A logistic regression over the evidence. Right: orders that are understood, clean and in kitchen noise at 12,
6 and 0 dB. Wrong: orders misunderstood there, orders whose value is taken out of the grammar (clean, 12 and
0 dB), speech that is no order (clean, 0 dB), and the noise alone. Both are weighted by what is expected of
a device: right and wrong 4 to 1.

Everything told is cross-validated in five parts: orders by recording, values left out by value, other speech
by recording or sentence, so that no part is judged by a fit that saw its like. What was played is kept and
shared with ``python -m tools.bench orders``.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from nearfield_models.errors import EngineError
from tools.bench.order_jobs import left_out_jobs, order_jobs, other_speech_jobs
from tools.bench.order_rates import taken_share
from tools.bench.order_sounds import read_labels
from tools.bench.order_trials import ASR, KITCHEN, Job, Trial
from tools.bench.recordings import default_data
from tools.bench.report import versions
from tools.bench.trial_store import CACHE, TrialStore, digest_of_everything
from tools.calibration_fit import KINDS, Fit, FitRows, Judged, columns, fit, judge, rows_from

RIGHT_SNRS_DB: Final = (None, 12.0, 6.0, 0.0)
LEFT_OUT_SNRS_DB: Final = (None, 12.0, 0.0)
OTHER_SPEECH_SNRS_DB: Final = (None, 0.0)
CHOSEN: Final = tuple(kind for kind in KINDS if kind != "margin")
"""A margin tells which of two is right, not whether either is: with it more is taken wrongly."""
_SHIPPED: Final = Path(str(resources.files("nearfield_models.decoding") / "calibration.toml"))
_HEADING: Final = """\
# How the evidence for a reading becomes the probability that it is what was said and meant: a logistic
# regression, one table a model pack. `python -m tools.calibrate` writes it anew from the development
# recordings.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, tell, and write unless asked not to."""
    parser = argparse.ArgumentParser(prog="python -m tools.calibrate", description=__doc__.split("\n")[0])
    add_arguments(parser)
    asked = parser.parse_args(arguments)
    if asked.asr != ASR:
        print(f"the trials are played with {ASR}: there is no other recogniser to calibrate", file=sys.stderr)
        return 2
    chosen = tuple(asked.evidence.split(","))
    if unknown := sorted(set(chosen) - set(KINDS)):
        print(f"no such evidence: {', '.join(unknown)}; there is {', '.join(KINDS)}", file=sys.stderr)
        return 2
    trials = play_all(asked)
    if not trials:
        print(f"no recordings in {asked.data}: name their folder with --data", file=sys.stderr)
        return 2
    rows = rows_from(trials)
    for choice in choices(chosen) if asked.compare else [chosen]:
        _print_line(choice, judge(rows, choice))
    fitted, judged = fit(*columns(rows, chosen)), judge(rows, chosen)
    print_curve(rows, judged)
    if asked.dry_run:
        return 0
    write(asked.out, asked.asr, chosen, fitted, provenance(trials, rows, judged))
    print(f"written to {asked.out}")
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--asr", default=ASR, metavar="PACK", help=f"the recogniser (default {ASR})")
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--out", type=Path, default=_SHIPPED, metavar="FILE", help="default: the package's")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N orders by name")
    parser.add_argument("--per-value", type=int, metavar="N", help="orders for each value left out (all)")
    parser.add_argument(
        "--others", type=int, metavar="N", help="recordings of each wake phrase (default all)"
    )
    parser.add_argument("--sentences", type=int, default=300, metavar="N", help="CLINC150 sentences (300)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of all that is drawn")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="keeps what was played")
    parser.add_argument(
        "--evidence", default=",".join(CHOSEN), metavar="A,B", help="what to weigh (default: all but margin)"
    )
    parser.add_argument("--compare", action="store_true", help="judge also each alone, and all without one")
    parser.add_argument("--dry-run", action="store_true", help="write nothing")


def play_all(asked: argparse.Namespace) -> list[Trial]:
    """Every trial the fit is made from."""
    labels = read_labels(asked.data / "orders")
    if labels is None:
        return []
    names = list(labels)[: asked.limit]
    threads = 2 if asked.jobs == 1 else 1
    store = TrialStore(asked.data, asked.cache, digest=digest_of_everything(asked.data), processes=asked.jobs)
    like = Job(kind="order", names=(), seed=asked.seed, threads=threads)
    jobs = [
        *order_jobs(names, RIGHT_SNRS_DB, 1, like),
        *left_out_jobs(
            {name: labels[name] for name in names},
            most=asked.per_value,
            seed=asked.seed,
            threads=threads,
            snrs_db=LEFT_OUT_SNRS_DB,
        ),
        Job(kind="recording", names=(KITCHEN,), threads=threads),
    ]
    for snr_db in OTHER_SPEECH_SNRS_DB:
        jobs += other_speech_jobs(
            asked.data,
            recordings=asked.others,
            sentences=asked.sentences,
            seed=asked.seed,
            threads=threads,
            snr_db=snr_db,
        )
    return store.trials(jobs, title="trials")


def choices(chosen: Sequence[str]) -> list[tuple[str, ...]]:
    """What to compare: the choice, the choice without each, each alone."""
    without = [tuple(kind for kind in chosen if kind != left) for left in chosen] if len(chosen) > 1 else []
    return [tuple(chosen), *without, *((kind,) for kind in chosen)]


def print_curve(rows: FitRows, judged: Judged) -> None:
    """The cross-validated confidence curve."""
    table = Table(title="confidence, cross-validated", title_justify="left")
    for heading in ("threshold", "right kept", "wrong taken"):
        table.add_column(heading, justify="right")
    missing = [0.0] * sum(rows.without_reading.values())
    right = judged.probabilities[rows.right].tolist()
    wrong = [*judged.probabilities[~rows.right].tolist(), *missing]
    for threshold in sorted({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, judged.threshold}):
        shares = (taken_share(found, threshold) for found in (right, wrong))
        table.add_row(f"{threshold:.3f}", *("" if one is None else f"{one:.4f}" for one in shares))
    Console().print(table)


def provenance(trials: Sequence[Trial], rows: FitRows, judged: Judged) -> str:
    """What the fit was made from, and what it is worth."""
    found = versions(("numpy", "onnxruntime"))
    played = Counter(trial.kind for trial in trials)
    taken = ", ".join(
        f"{kind} {100 * share:.1f} %" for kind, share in judged.taken.items() if share is not None
    )
    right, wrong = int(rows.right.sum()), int((~rows.right).sum())
    kinds = ", ".join(f"{number} {kind}" for kind, number in played.items())
    packages = ", ".join(f"{name} {version}" for name, version in found.items())
    return (
        f"Fitted {datetime.now(UTC):%Y-%m-%d} by tools.calibrate on {right} right readings (orders of the "
        "speech-to-intent\nbenchmark, clean and in kitchen noise at 12, 6 and 0 dB) and "
        f"{wrong} wrong ones; trials: {kinds}.\nRight and wrong weighted 4 to 1. Cross-validated by value "
        f"and recording, at {judged.threshold:.3f}, which keeps 99 % of the right, taken of the "
        f"wrong:\n{taken}.\n"
        f"{packages}."
    )


def write(file: Path, pack: str, chosen: Sequence[str], fitted: Fit, told: str) -> None:
    """Write the table of a pack; those of others stay."""
    tables: dict[str, Any] = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    tables[pack] = {
        "provenance": told,
        "intercept": fitted.intercept,
        "weights": dict(zip(chosen, fitted.weights.tolist(), strict=True)),
    }
    file.write_text(_HEADING + "".join(_toml(name, table) for name, table in sorted(tables.items())), "utf-8")


def _toml(pack: str, table: Mapping[str, Any]) -> str:
    told = table["provenance"].strip()
    if '"""' in told or "\\" in told:
        raise EngineError(f"the provenance of {pack} cannot be written: it has quotes or a backslash in it")
    lines = [f"\n[{pack}]", f'provenance = """\n{told}"""', f"intercept = {float(table['intercept']):.4f}"]
    lines += [f"\n[{pack}.weights]"]
    lines += [f"{name} = {float(weight):.4f}" for name, weight in table["weights"].items()]
    return "\n".join(lines) + "\n"


def _print_line(chosen: Sequence[str], judged: Judged) -> None:
    taken = "  ".join(f"{kind} {share:.4f}" for kind, share in judged.taken.items() if share is not None)
    print(", ".join(chosen))
    print(f"  log loss {judged.log_loss:.4f}  threshold {judged.threshold:.4f}  taken: {taken}")


if __name__ == "__main__":
    sys.exit(main())
