"""The orders with the coffee skill alone and beside twenty others, in one run.

Every recording is understood by both grammars one after the other, in turn the one or the other first, so
that a busy machine slows both alike. The recognisers are two, each with its own copy of the model.
"""

from __future__ import annotations

import argparse
import statistics
import time

from nearfield_models.decoding.recogniser import Listened
from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_models.pcm import Samples
from tools.bench.many_skills import ENTRIES, many_skills
from tools.bench.order_latencies import percentiles
from tools.bench.order_sounds import Labels
from tools.bench.order_trials import (
    KITCHEN,
    Job,
    OrderRecogniser,
    coffee_grammar,
    coffee_templates,
    is_accepted,
    load_recogniser,
    sounds,
)
from tools.bench.report import Report, Target

TARGETS = (
    Target(name="points lost", figure="points_lost", at="most", value=0.5),
    Target(name="times as long", figure="times_as_long", at="most", value=1.3),
)


def among_skills(labels: Labels, arguments: argparse.Namespace) -> Report:
    """Measure."""
    sources = [SentenceSource(skill="coffee", templates=coffee_templates()), *many_skills(arguments.seed)]
    recognisers = {
        "alone": load_recogniser(coffee_grammar()),
        "among": load_recogniser(compile_grammar(sources)),
    }
    right = dict.fromkeys(recognisers, 0)
    taken_by_others = 0
    took_ms: dict[str, list[float]] = {name: [] for name in recognisers}
    snr_db = None if arguments.noise is None else arguments.snr_db
    noise = KITCHEN if arguments.noise is None else str(arguments.noise.resolve())
    job = Job(kind="order", names=tuple(labels), snr_db=snr_db, seed=arguments.seed, noise=noise)
    for number, (name, samples, turn, _) in enumerate(sounds(job, arguments.data)):
        kept = samples if turn is None else turn.cut(samples)
        ordered = list(recognisers.items())
        for which, recogniser in ordered if number % 2 else reversed(ordered):
            listened, ms = _timed(recogniser, kept)
            match = listened.readings[0].match if listened is not None and listened.readings else None
            right[which] += is_accepted(match, labels[name])
            taken_by_others += match is not None and match.skill != "coffee"
            took_ms[which].append(ms)
    n = len(labels)
    pairs = zip(took_ms["among"], took_ms["alone"], strict=True)
    return Report(
        name="orders",
        title=f"coffee orders, {job.condition}, beside {len(sources) - 1} other skills",
        figures={
            "n": n,
            "skills": len(sources),
            "list_entries_of_the_others": ENTRIES,
            "right_alone": right["alone"],
            "right_among": right["among"],
            "taken_by_other_skills": taken_by_others,
            "points_lost": 100 * (right["alone"] - right["among"]) / n if n else None,
            "computing_ms": {which: percentiles(ms) for which, ms in took_ms.items()},
            "times_as_long": statistics.median(among / alone for among, alone in pairs) if n else None,
            "seed": arguments.seed,
        },
        targets=TARGETS,
        packages=("numpy", "onnxruntime", "hassil"),
    )


def _timed(recogniser: OrderRecogniser, samples: Samples) -> tuple[Listened | None, float]:
    began = time.perf_counter()
    listened = recogniser.listen(samples)
    return listened, (time.perf_counter() - began) * 1e3
