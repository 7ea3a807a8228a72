"""Understanding a recogniser that gives text only: orders by their sound, and what else is taken for one.

The orders are heard as in ``orders``; from there on only the transcripts count. They are matched word by word
(``by_words``), by sound (``by_sound``), and their values are spotted with the intent given (``spotted``).

* ``at_confidence``: for each confidence, how many orders are taken and right, taken and wrong, and how many
  of the other texts are taken for a sentence of the skill: CLINC150's, as text, and the transcripts of the
  wake-word recordings and of ``speech/``.
* ``left_out_taken``: values are taken out of the grammar one by one, and the orders that name them matched;
  the mean share that is silently taken for another order at the confidence that keeps 99 % of the right ones.
* ``ambiguous``: where two matches lie less than ``CLOSE`` apart: how many orders that are right, and wrong.
* ``matching_ms``: matching by sound alone, with the shipped coffee and rooms skills as one grammar.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import yaml

import nearfield_edge
from nearfield_models.engines import load_asr, load_vad
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.phonetic_index import PhoneticIndex
from nearfield_models.grammar.phonetic_matching import match_phonetically
from nearfield_models.grammar.spotting import spot_values
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.resampling import mix_down, resample
from tools.bench.mixing import excerpt, mix
from tools.bench.order_sounds import heard_turn
from tools.bench.order_trials import is_accepted
from tools.bench.recordings import default_data
from tools.bench.report import Report

CONFIDENCES: Final = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
CLOSE: Final = 0.02
LONGEST_SECONDS: Final = 30
LEFT_OUT: Final = (
    ("coffeeDrink", "americano"), ("coffeeDrink", "cappuccino"), ("coffeeDrink", "espresso"),
    ("coffeeDrink", "latte"), ("coffeeDrink", "mocha"), ("coffeeDrink", "house coffee"),
    ("coffeeDrink", "drip coffee"), ("roast", "dark roast"), ("roast", "light roast"),
    ("numberOfShots", "double shot"), ("numberOfShots", "triple shot"), ("size", "large"), ("size", "small"),
    ("size", "twelve ounce"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One order, matched by sound."""

    confidence: float
    """0 where nothing matched."""
    is_right: bool
    ahead: float
    """Confidence before the next match; 1.0 where there is none."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N orders by name")
    parser.add_argument("--others", type=int, default=1_000, metavar="N", help="CLINC sentences (1000)")
    parser.add_argument("--snr-db", type=float, metavar="N", help="mix kitchen noise into the orders")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument("--engine", help="recogniser (default: the first there is)")
    parser.add_argument("--pack", default="moonshine-tiny-en", metavar="ID", help="the recogniser's pack")
    parser.add_argument("--transcripts", type=Path, metavar="FILE", help="written, or read if it is there")
    parser.add_argument("--show-wrong", action="store_true", help="print every order that is not right")


def run(arguments: argparse.Namespace) -> Report:
    """Match the transcripts."""
    title = "orders understood from text by sound"
    labels_file = arguments.data / "orders" / "labels.json"
    if not labels_file.is_file():
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="phonetic", title=title, figures={}, skipped=(reason,))
    labels: dict[str, Any] = json.loads(labels_file.read_text(encoding="utf-8"))
    heard = _transcripts(arguments, sorted(labels)[: arguments.limit])
    orders = {name: text for name, text in heard.items() if name in labels}
    others = [text for name, text in heard.items() if name not in labels]
    others = sorted(set(others)) + _clinc(arguments.data, arguments.others)
    grammar, index = compile_grammar([sentences_of("coffee")]), PhoneticIndex()
    index.prepare(grammar)
    judged = {
        name: _judge(match_phonetically(grammar, text, index=index, limit=2), labels[name])
        for name, text in orders.items()
    }
    if arguments.show_wrong:
        _show_wrong(grammar, index, orders, labels, judged)
    taken = [_confidence(match_phonetically(grammar, text, index=index, limit=1)) for text in others]
    keeping = _keeping(list(judged.values()))
    figures = {
        "n": len(orders),
        "by_words": sum(_by_words(grammar, text, labels[name]) for name, text in orders.items()),
        "by_sound": sum(one.is_right for one in judged.values()),
        "spotted": sum(_by_spotting(grammar, index, text, labels[name]) for name, text in orders.items()),
        "other_texts": len(others),
        "at_confidence": {f"{at:.2f}": _at(at, list(judged.values()), taken) for at in CONFIDENCES},
        "keeping_99_percent": {"confidence": keeping, **_at(keeping, list(judged.values()), taken)},
        "left_out_taken": _left_out(orders, labels, keeping),
        "ambiguous": {
            kind: sum(one.ahead < CLOSE and one.is_right is right for one in judged.values())
            for kind, right in (("right", True), ("wrong", False))
        },
        "matching_ms": _timed(list(orders.values())),
        "snr_db": arguments.snr_db,
        "seed": arguments.seed,
        "pack": arguments.pack,
    }
    return Report(name="phonetic", title=title, figures=figures, packages=("numpy", "gruut", "hassil"))


def sentences_of(skill: str, left_out: tuple[str, str] | None = None) -> SentenceSource:
    """A shipped skill's sentences, without one of a list's values."""
    folder = Path(nearfield_edge.__file__).parent / "shipped_skills" / skill
    templates: dict[str, Any] = yaml.safe_load((folder / "sentences.yaml").read_text(encoding="utf-8"))
    if left_out is not None:
        values = templates["lists"][left_out[0]]["values"]
        templates["lists"][left_out[0]]["values"] = [
            value for value in values if (value["out"] if isinstance(value, dict) else value) != left_out[1]
        ]
    return SentenceSource(skill=skill, templates=templates)


def _judge(matches: Sequence[GrammarMatch], label: Mapping[str, Any]) -> Judged:
    ahead = matches[0].confidence - matches[1].confidence if len(matches) > 1 else 1.0
    right = bool(matches) and is_accepted(matches[0], label)
    return Judged(confidence=_confidence(matches), is_right=right, ahead=ahead)


def _confidence(matches: Sequence[GrammarMatch]) -> float:
    return matches[0].confidence if matches else 0.0


def _by_words(grammar: Grammar, text: str, label: Mapping[str, Any]) -> bool:
    matches = match_text(grammar, text, limit=1)
    return bool(matches) and is_accepted(matches[0], label)


def _by_spotting(grammar: Grammar, index: PhoneticIndex, text: str, label: Mapping[str, Any]) -> bool:
    spotted = spot_values(grammar, "coffee", label["intent"], text, index=index)
    values = {found.slot: found.value.value for found in spotted}
    return all(values.get(slot) == value for slot, value in label["slots"].items())


def _at(confidence: float, judged: Sequence[Judged], others: Sequence[float]) -> dict[str, int]:
    taken = [one for one in judged if one.confidence >= confidence]
    return {
        "right": sum(one.is_right for one in taken),
        "wrong": sum(not one.is_right for one in taken),
        "others_taken": sum(other >= confidence for other in others),
    }


def _keeping(judged: Sequence[Judged], share: float = 0.99) -> float:
    right = sorted(one.confidence for one in judged if one.is_right)
    return right[int(len(right) * (1 - share))] if right else 1.0


def _left_out(orders: Mapping[str, str], labels: Mapping[str, Any], confidence: float) -> float | None:
    shares = []
    for slot, value in LEFT_OUT:
        named = [text for name, text in orders.items() if labels[name]["slots"].get(slot) == value]
        grammar, index = compile_grammar([sentences_of("coffee", (slot, value))]), PhoneticIndex()
        taken = [_confidence(match_phonetically(grammar, text, index=index, limit=1)) for text in named]
        shares += [sum(one >= confidence for one in taken) / len(taken)] if taken else []
    return float(np.mean(shares)) if shares else None


def _timed(texts: Sequence[str]) -> dict[str, float]:
    grammar, index = compile_grammar([sentences_of("coffee"), sentences_of("rooms")]), PhoneticIndex()
    index.prepare(grammar)
    taken_ms = []
    for text in texts:
        began = time.perf_counter()
        match_phonetically(grammar, text, index=index, limit=1)
        taken_ms.append((time.perf_counter() - began) * 1e3)
    return {f"p{share}": float(np.percentile(taken_ms, share)) for share in (50, 95)} if taken_ms else {}


def _clinc(data: Path, count: int) -> list[str]:
    file = data / "nlu" / "clinc150_train_val.json"
    if not file.is_file():
        return []
    parts = json.loads(file.read_text(encoding="utf-8"))
    sentences = [text for part in ("val", "oos_val") for text, _ in parts[part]]
    return sentences[:: max(1, len(sentences) // max(1, count))][:count]


def _transcripts(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    if arguments.transcripts is not None and arguments.transcripts.is_file():
        found: dict[str, str] = json.loads(arguments.transcripts.read_text(encoding="utf-8"))
        return found
    asr, vad = load_asr(arguments.pack, engine=arguments.engine), load_vad()
    asr.warm_up()
    heard = {}
    for name, samples in _sounds(arguments, names):
        turn = heard_turn(samples, vad)
        heard[name] = asr.transcribe(samples if turn is None else turn.cut(samples)).text
    if arguments.transcripts is not None:
        arguments.transcripts.write_text(json.dumps(heard, indent=1), encoding="utf-8")
    return heard


def _sounds(arguments: argparse.Namespace, names: Sequence[str]) -> Iterator[tuple[str, Samples]]:
    noise = _read(arguments.data / "noise" / "kitchen.flac")
    generator = np.random.default_rng(arguments.seed)
    for name in names:
        samples = _read(arguments.data / "orders" / "speech" / name)
        if arguments.snr_db is not None:
            samples = mix(samples, excerpt(noise, samples.size, generator), arguments.snr_db)
        yield name, samples
    for folder in ("wake", "speech"):
        for file in sorted((arguments.data / folder).rglob("*.*"))[: arguments.limit]:
            if file.suffix in (".flac", ".wav"):
                yield str(file.relative_to(arguments.data)), _read(file)[: LONGEST_SECONDS * SAMPLE_RATE_HZ]


def _read(file: Path) -> Samples:
    sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return resample(mix_down(sound), rate_hz)


def _show_wrong(
    grammar: Grammar,
    index: PhoneticIndex,
    orders: Mapping[str, str],
    labels: Mapping[str, Any],
    judged: Mapping[str, Judged],
) -> None:
    for name, text in orders.items():
        if not judged[name].is_right:
            print(f"{name}\n  wanted {labels[name]['slots']}\n  heard  {text}")
            for match in match_phonetically(grammar, text, index=index, limit=2):
                slots = {slot: found.value for slot, found in match.slots.items()}
                print(f"  {match.confidence:.2f}   {slots}")
