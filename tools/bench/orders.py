"""Real coffee orders: how many are fully understood, and how fast.

Every recording is heard whole by the voice activity detector, cut to the stretch from ``--before-ms`` before
speech is noticed to ``--after-ms`` after the last (what the device keeps of an utterance with its default
settings), recognised in one piece and understood by the grammar of the shipped coffee skill alone.

* ``command_acceptance``: the share of orders whose intent is right and whose labelled slots all have exactly
  the labelled value; extra slots are not penalised.
* ``latency_ms``: for each order, the time from the decision that the utterance has ended to its
  understanding: final transcript plus matching, computed from scratch, without partial results before it.
  The silence that the device waits for and the detector's work, done while the person speaks, are not in it.
* ``rtf``: all computing (detector, transcript, understanding) over the length of the recordings.

With noise, each recording is mixed with an excerpt of the noise taken at a place drawn from ``--seed``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import yaml

import nearfield_edge
from nearfield_edge.turn.state import TurnSettings
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.engines import load_asr, load_vad
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.words import split_words
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples
from nearfield_models.resampling import mix_down, resample
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from tools.bench.mixing import excerpt, mix
from tools.bench.recordings import default_data
from tools.bench.report import Report

DEVICE: Final = TurnSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One order, recognised and understood."""

    name: str
    transcript: str
    match: GrammarMatch | None
    latency_seconds: float
    computing_seconds: float
    sound_seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--data", type=Path, default=default_data() / "orders", help="folder with labels.json and speech/"
    )
    parser.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
    parser.add_argument("--snr-db", type=float, default=6.0, metavar="N", help="with --noise (default 6)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N by name")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument(
        "--before-ms", type=int, default=DEVICE.pre_roll_ms, metavar="N", help="sound kept before speech"
    )
    parser.add_argument(
        "--after-ms",
        type=int,
        default=DEVICE.endpoint.end_silence_ms,
        metavar="N",
        help="sound kept after it",
    )
    parser.add_argument("--show-wrong", action="store_true", help="print every order that was not accepted")


def run(arguments: argparse.Namespace) -> Report:
    """Hear the orders and score them."""
    title = "real coffee orders"
    if arguments.noise is not None:
        title += f", {arguments.noise.stem} noise at {arguments.snr_db:g} dB"
    labels_file = arguments.data / "labels.json"
    if not labels_file.is_file():
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="orders", title=title, figures={}, skipped=(reason,))
    labels: dict[str, Any] = json.loads(labels_file.read_text(encoding="utf-8"))
    chosen = {name: labels[name] for name in sorted(labels)[: arguments.limit]}
    heard = _hear_all(list(chosen), arguments)
    wrong = [order for order in heard if not is_accepted(order.match, chosen[order.name])]
    if arguments.show_wrong:
        for order in wrong:
            print(_told(order, chosen[order.name]))
    figures = {
        **figures_of(heard, len(heard) - len(wrong)),
        "wrong_although_all_values_were_heard": sum(
            holds_every_value(order.transcript, chosen[order.name]) for order in wrong
        ),
        "before_ms": arguments.before_ms,
        "after_ms": arguments.after_ms,
        "noise": arguments.noise and arguments.noise.name,
        "snr_db": arguments.snr_db if arguments.noise else None,
        "seed": arguments.seed,
    }
    return Report(name="orders", title=title, figures=figures, packages=("numpy", "onnxruntime", "hassil"))


def is_accepted(match: GrammarMatch | None, label: Mapping[str, Any]) -> bool:
    """Whether an order is right: the intent, and every labelled slot exactly."""
    if match is None or match.intent != label["intent"]:
        return False
    said = {name: slot.value for name, slot in match.slots.items()}
    return all(said.get(name) == value for name, value in label["slots"].items())


def holds_every_value(transcript: str, label: Mapping[str, Any]) -> bool:
    """Whether each labelled value stands word for word in the transcript: what spotting values could find."""
    heard = f" {_words(transcript)} "
    return all(f" {_words(value)} " in heard for value in label["slots"].values())


def _words(text: str) -> str:
    return " ".join(word.text for word in split_words(text))


def figures_of(heard: Sequence[Heard], accepted: int) -> dict[str, Any]:
    """Sum up; with no order at all, only their number."""
    if not heard:
        return {"n": 0, "accepted": 0}
    latencies_ms = np.array([order.latency_seconds for order in heard]) * 1e3
    computing = sum(order.computing_seconds for order in heard)
    return {
        "n": len(heard),
        "accepted": accepted,
        "command_acceptance": accepted / len(heard),
        "latency_ms": {
            "p50": float(np.percentile(latencies_ms, 50)),
            "p95": float(np.percentile(latencies_ms, 95)),
        },
        "rtf": computing / sum(order.sound_seconds for order in heard),
    }


def utterance(samples: Samples, vad: VadEngine, before_ms: int, after_ms: int) -> Samples:
    """Cut ``float32[n]`` to its speech and the margins; all of it where no speech is found."""
    vad.reset()
    segmenter = SpeechSegmenter(SegmentationSettings())
    first: int | None = None
    last = samples.size
    for at in range(0, samples.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        state = segmenter.accept(at, vad.accept(samples[at : at + HOP_SAMPLES]))
        if state.speaking and state.last_heard is not None:
            first = at + HOP_SAMPLES if first is None else first  # where the device notices it
            last = state.last_heard
    if first is None:
        return samples
    return samples[max(0, first - before_ms * SAMPLES_PER_MS) : last + after_ms * SAMPLES_PER_MS]


def coffee_grammar() -> Grammar:
    """The sentences of the shipped coffee skill."""
    file = Path(nearfield_edge.__file__).parent / "shipped_skills" / "coffee" / "sentences.yaml"
    templates = yaml.safe_load(file.read_text(encoding="utf-8"))
    return compile_grammar([SentenceSource(skill="coffee", templates=templates)])


def _hear_all(names: Sequence[str], arguments: argparse.Namespace) -> list[Heard]:
    asr, vad, grammar = load_asr(), load_vad(), coffee_grammar()
    asr.warm_up()
    noise = None if arguments.noise is None else _read(arguments.noise)
    generator = np.random.default_rng(arguments.seed)
    heard = []
    for name in names:
        samples = _read(arguments.data / "speech" / name)
        if noise is not None:
            samples = mix(samples, excerpt(noise, samples.size, generator), arguments.snr_db)
        began = time.perf_counter()
        kept = utterance(samples, vad, arguments.before_ms, arguments.after_ms)
        heard.append(_hear(name, samples, kept, began, asr, grammar))
    return heard


def _hear(
    name: str, samples: Samples, kept: Samples, began: float, asr: AsrEngine, grammar: Grammar
) -> Heard:
    ended = time.perf_counter()
    transcript = asr.transcribe(kept).text
    matches = match_text(grammar, transcript, limit=1)
    done = time.perf_counter()
    return Heard(
        name=name,
        transcript=transcript,
        match=matches[0] if matches else None,
        latency_seconds=done - ended,
        computing_seconds=done - began,
        sound_seconds=samples.size / (1_000 * SAMPLES_PER_MS),
    )


def _read(file: Path) -> Samples:
    sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return resample(mix_down(sound), rate_hz)


def _told(order: Heard, label: Mapping[str, Any]) -> str:
    slots = order.match.slots if order.match else {}
    understood = {name: slot.value for name, slot in slots.items()} if order.match else "nothing"
    return f"{order.name}\n  wanted {label['slots']}\n  heard  {order.transcript}\n  understood {understood}"
