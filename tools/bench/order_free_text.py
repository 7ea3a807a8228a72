"""Orders understood from the recogniser's plain transcript: what the search is held against."""

from __future__ import annotations

import time
from pathlib import Path

from nearfield_models.engines import load_asr
from nearfield_models.grammar import match_text
from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.order_sounds import read_labels
from tools.bench.order_trials import ASR, Job, Trial, coffee_grammar, is_accepted, sounds


def play_free_text(job: Job, data: Path) -> tuple[Trial, ...]:
    """Run the trials of a job of orders; they bear no evidence."""
    labels = read_labels(data / "orders") or {}
    asr, grammar = load_asr(ASR, runtime=RuntimeOptions(threads=job.threads)), coffee_grammar(job.left_out)
    asr.warm_up()
    trials = []
    for name, samples, turn, end in sounds(job, data):
        kept = samples if turn is None else turn.cut(samples)
        began, processor_began = time.perf_counter(), time.process_time()
        transcript = asr.transcribe(kept).text
        matches = match_text(grammar, transcript, limit=1)
        match = matches[0] if matches else None
        computing_ms = (time.perf_counter() - began) * 1e3
        slots = {} if match is None else {name: slot.value for name, slot in match.slots.items()}
        trials.append(
            Trial(
                kind=job.kind,
                name=name,
                condition=job.condition,
                seed=job.seed,
                left_out="",
                transcript=transcript,
                taken_for="" if match is None else f"{match.intent} {slots}",
                right=is_accepted(match, labels[name]),
                evidence=None,
                waited_ms=None if turn is None or end is None else (turn.decided - end) / SAMPLES_PER_MS,
                detector_off_ms=(
                    None if turn is None or end is None else (turn.last_heard - end) / SAMPLES_PER_MS
                ),
                interrupted=0 if turn is None else turn.interrupted,
                computing_ms=computing_ms,
                processor_ms=(time.process_time() - processor_began) * 1e3,
            )
        )
    return tuple(trials)
