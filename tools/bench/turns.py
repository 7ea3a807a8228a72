"""The end of a turn: how soon after the end of speech it is decided, against what is lost by it.

Two sets of the real orders: whole, and with one pause in them (``paused_orders``); as they are, and with
``--snr-db`` in noise, of a kitchen or of somebody who reads (``--noise speech``). Clocks as in
``orders``: zero is the end of speech in the clean recording. Played by the turn engine in virtual time with
measured computing added (``turn_simulation``).

``decision_ms``: until the decision that counted; ``ended``: turns in which there was one before the sound was
over. ``reopened``: orders in which the speaker went on after a decision; nothing is lost by that, but where a
reply had begun to sound (``taken_back``) people hear it. ``computing_left_ms``: from the decision until it is
known what was said; ``first_sound_ms``: to the reply. ``lost``: orders that were wrong in the end, or became
two turns. ``--curve`` plays the same with more and less patience, and with silence alone deciding. ``--fit``
fits the weights of ``turn/endpoint.py`` anew, on what was heard in the last silence of orders and in the
pauses within them.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from nearfield_edge.composition import turn_settings
from nearfield_edge.configuration import Configuration
from nearfield_edge.turn.endpoint import EndpointSettings, Sentence
from nearfield_edge.turn.state import Mode, TurnSettings
from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.engines import load_asr, load_tts, load_turn, load_vad, sentence_listener
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.runtime.session import RuntimeOptions
from tools.bench.order_sounds import Labels, in_noise, read_labels, read_sound
from tools.bench.order_trials import ASR, KITCHEN, VAD, VOICE, coffee_grammar, is_accepted
from tools.bench.pause_places import read_places
from tools.bench.paused_orders import paused_order, room_tone
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target
from tools.bench.speech_end import speech_end
from tools.bench.turn_simulation import Heard, Outcome, Simulation, TurnModels

READ_SPEECH: Final = ("speech/2412-153948-0000.flac", "speech/2412-153948-0001.flac", "speech/jfk.flac")
_AFTER_SECONDS: Final = 2
_PATIENCES: Final = (0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
_SILENCES_MS: Final = (300, 400, 500, 700, 1_000)
_TWELVE_WORDS: Final = "One large latte with whole milk, that comes to four pounds twenty."


def _at_most(name: str, figure: str, value: float, unit: str = "") -> Target:
    return Target(name=name, figure=figure, at="most", value=value, unit=unit)


TARGETS: Final = (
    _at_most("decision, p50", "whole.decision_ms.p50", 300, "ms"),
    _at_most("decision, p95", "whole.decision_ms.p95", 500, "ms"),
    _at_most("computing after the decision, p50", "whole.computing_left_ms.p50", 80, "ms"),
    _at_most("computing after the decision, p95", "whole.computing_left_ms.p95", 150, "ms"),
    _at_most("whole orders reopened", "whole.reopened", 0.02),
    _at_most("whole orders lost", "whole.lost", 0),
    Target(name="orders with a pause right", figure="paused.right", at="least", value=0.97),
    _at_most("replies taken back", "paused.taken_back", 0.15),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--snr-db", type=float, metavar="N", help="in noise; absent: as recorded")
    parser.add_argument(
        "--noise",
        choices=("kitchen", "speech"),
        default="kitchen",
        help="speech is somebody who reads, far off",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth order")
    parser.add_argument("--curve", action="store_true", help="more and less patience, and silence alone")
    parser.add_argument("--fit", action="store_true", help="fit the weights of the evidence anew")


def run(arguments: argparse.Namespace) -> Report:
    """Play both sets and score them."""
    noisy = "" if arguments.snr_db is None else f" over {arguments.noise} at {arguments.snr_db:g} dB"
    title = f"the end of a turn{noisy}"
    labels = read_labels(arguments.data / "orders")
    if labels is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="turns", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    models = load_models()
    heard = {kind: list(sounds(kind, labels, arguments)) for kind in ("whole", "paused")}
    shipped = shipped_settings()
    outcomes = {kind: _played(models, shipped, found, kind) for kind, found in heard.items()}
    figures: dict[str, Any] = {"first_sound_ms": models.first_sound_ms}
    for kind, found in heard.items():
        figures[kind] = scored(found, outcomes[kind], labels)
    if arguments.curve:
        figures["curve"] = _curve(models, heard, labels)
    if arguments.fit:
        figures["fit"] = _fit([*outcomes["whole"], *outcomes["paused"]])
    return Report(name="turns", title=title, figures=figures, targets=TARGETS)


def shipped_settings() -> TurnSettings:
    """The device's own, listening without a wake word and never asking back."""
    settings = turn_settings(Configuration(), loudspeaker=False)
    return replace(settings, mode=Mode.OPEN_MIC, follow_up_ms=0)


def load_models(threads: int = 2) -> TurnModels:
    """The default models, each run once.

    Raises:
        EngineError: The recogniser cannot be searched.
    """
    runtime, small = RuntimeOptions(threads=threads), RuntimeOptions(threads=1)
    asr, grammar = load_asr(ASR, runtime=runtime), coffee_grammar()
    listener = sentence_listener(asr, grammar, pack_id=ASR)
    if listener is None or not isinstance(asr, MoonshineAsr):
        raise EngineError(f"{ASR} cannot be searched")
    judge = load_turn(runtime=small)
    for engine in (asr, listener, judge):
        engine.warm_up()
    return TurnModels(
        listener=listener,
        asr=asr,
        vad=load_vad(VAD, runtime=small),
        judge=judge,
        grammar=grammar,
        first_sound_ms=_first_sound_ms(runtime),
    )


def _first_sound_ms(runtime: RuntimeOptions) -> float:
    voice = load_tts(VOICE, runtime=runtime)
    voice.warm_up()
    took = []
    for _ in range(7):
        began = time.perf_counter()
        next(iter(voice.synthesise(_TWELVE_WORDS)))
        took.append((time.perf_counter() - began) * 1e3)
    return float(np.median(took))


def sounds(kind: str, labels: Labels, arguments: argparse.Namespace) -> Iterator[Heard]:
    """Every order that has a place for a pause, whole or with the pause, with room behind it."""
    noise = None if arguments.snr_db is None else _noise(arguments)
    for name, place in list(read_places().items())[:: arguments.every]:
        samples = read_sound(arguments.data / "orders" / "speech" / name)
        end = speech_end(samples)
        if name not in labels or end is None:
            continue
        if kind == "paused":
            paused = paused_order(name, samples, place, end)
            samples, end = paused.samples, paused.speech_end
        samples = np.concatenate([samples, room_tone(samples, _AFTER_SECONDS * SAMPLE_RATE_HZ)])
        if noise is not None:
            samples = in_noise(samples, noise, arguments.snr_db, name=name, seed=arguments.seed)
        yield Heard(name=name, samples=samples, speech_end=end)


def _noise(arguments: argparse.Namespace) -> Samples:
    if arguments.noise == "kitchen":
        return read_sound(arguments.data / KITCHEN)
    return np.concatenate([read_sound(arguments.data / name) for name in READ_SPEECH])


def _played(models: TurnModels, settings: TurnSettings, heard: Sequence[Heard], title: str) -> list[Outcome]:
    simulation = Simulation(models, settings)
    console = Console(stderr=True)
    return [simulation.play(one) for one in track(heard, title, console=console, transient=True)]


def scored(heard: Sequence[Heard], outcomes: Sequence[Outcome], labels: Labels) -> dict[str, Any]:
    """The figures of a set."""
    count = len(heard)
    right = [_is_right(outcome, labels[one.name]) for one, outcome in zip(heard, outcomes, strict=True)]
    guesses = sum(outcome.guesses for outcome in outcomes)
    return {
        "n": count,
        "ended": sum(outcome.transcript is not None for outcome in outcomes) / count,
        "decision_ms": _percentiles([outcome.decided_ms for outcome in outcomes]),
        "computing_left_ms": _percentiles([outcome.computing_left_ms for outcome in outcomes]),
        "first_sound_ms": _percentiles([outcome.first_sound_ms for outcome in outcomes]),
        "reopened": sum(outcome.reopened > 0 for outcome in outcomes) / count,
        "taken_back": sum(outcome.taken_back > 0 for outcome in outcomes) / count,
        "lost": count - sum(right),
        "right": sum(right) / count,
        "guesses_an_order": guesses / count,
        "computing_ms_an_order": sum(outcome.computing_ms for outcome in outcomes) / count,
    }


def _is_right(outcome: Outcome, label: Any) -> bool:
    readings = () if outcome.transcript is None else outcome.transcript.readings or ()
    return outcome.turns == 1 and bool(readings) and is_accepted(readings[0].match, label)


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{share}": round(float(np.percentile(values, share)), 1) for share in (50, 90, 95, 99)}


def _curve(models: TurnModels, heard: dict[str, list[Heard]], labels: Labels) -> list[dict[str, Any]]:
    shipped = shipped_settings()
    variants = [
        (f"patience {factor:g}", replace(shipped, endpoint=replace(shipped.endpoint, patience=factor)))
        for factor in _PATIENCES
    ]
    variants += [
        (f"silence alone, {ms} ms", replace(shipped, endpoint=_silence_alone(ms), judge_at_ms=()))
        for ms in _SILENCES_MS
    ]
    table = Table(title="more and less patience", title_justify="left")
    for column in ("", "p50", "p95", "reopened", "taken back", "lost", "right"):
        table.add_column(column, justify="left" if not column else "right")
    points = []
    for name, settings in variants:
        found = {
            kind: scored(sounds, _played(models, settings, sounds, name), labels)
            for kind, sounds in heard.items()
        }
        points.append({"settings": name, **found})
        decision = found["whole"]["decision_ms"]
        shares = (found["whole"]["reopened"], found["paused"]["taken_back"])
        lost = found["whole"]["lost"] + found["paused"]["lost"]
        table.add_row(
            name,
            *(f"{decision[at]:.0f} ms" for at in ("p50", "p95")),
            *(f"{share:.1%}" for share in shares),
            str(lost),
            f"{found['paused']['right']:.1%}",
        )
    Console().print(table)
    return points


def _silence_alone(ms: int) -> EndpointSettings:
    """Whatever the evidence, the same silence."""
    return EndpointSettings(steps=((-math.inf, ms),), longest_silence_ms=ms, end_silence_ms=ms)


def _fit(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Weights of a logistic regression: ends of speech against silences within it."""
    rows, ends = [], []
    for outcome in outcomes:
        guessed = None
        for guess, completeness, final in outcome.looks:
            guessed = guess or guessed
            if guessed is None or completeness is None:
                continue
            share = min(max(completeness, 0.015), 0.985)
            comma = guessed.transcript.text.endswith(",")
            none = guessed.sentence is Sentence.NONE
            rows.append((1.0, math.log(share / (1 - share)), float(comma), float(none)))
            ends.append(final)
    table, answers = np.array(rows), np.array(ends, dtype=float)
    weights = np.zeros(table.shape[1])
    ridge = 0.05 * np.eye(weights.size)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-table @ weights))
        hessian = (table.T * (chance * (1 - chance))) @ table + ridge
        weights += np.linalg.solve(hessian, table.T @ (answers - chance) - ridge @ weights)
    return dict(zip(("bias", "sound", "comma", "no_sentence"), map(float, weights), strict=True))
