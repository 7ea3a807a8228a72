"""Single trials of understanding speech by a grammar: what was played, taken for what, in what time.

A job is a batch of sounds under one condition. It loads what it needs by itself, so that it can be run in any
process, and its outcome depends on nothing but the job, the recordings, the code and the models.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import yaml

import nearfield_edge
from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.asr.moonshine_model import DecoderPast, Encoded
from nearfield_models.decoding.calibration import Calibration, Evidence
from nearfield_models.decoding.readings import Reading
from nearfield_models.decoding.recogniser import GrammarRecogniser
from nearfield_models.engines import load_asr, load_vad
from nearfield_models.errors import EngineError
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from tools.bench.exchange_device import Speaker
from tools.bench.order_sounds import DEVICE, HeardTurn, Labels, heard_turn, in_noise, read_labels, read_sound
from tools.bench.recordings import ROOT
from tools.bench.speech_end import speech_end
from tools.demo.customer import customer_voice

ASR: Final = "moonshine-tiny-en"
VAD: Final = "silero-vad"
VOICE: Final = "piper-en-us-joe-medium"
SPOKEN: Final = ROOT / "out" / "bench" / "spoken"
COFFEE: Final = Path(nearfield_edge.__file__).parent / "shipped_skills" / "coffee" / "sentences.yaml"

KITCHEN: Final = "noise/kitchen.flac"

_UNCALIBRATED: Final = Calibration(intercept=0.0, weights={}, provenance="trials keep the evidence itself")
_LONGEST_PIECE: Final = 12 * SAMPLE_RATE_HZ
_SHORTEST_PIECE: Final = SAMPLE_RATE_HZ
_AROUND: Final = np.zeros(SAMPLE_RATE_HZ, np.float32)

Kind = Literal["order", "left_out", "recording", "sentence"]
OrderRecogniser = GrammarRecogniser[Encoded, DecoderPast]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A batch of sounds played under one condition."""

    kind: Kind
    """Orders; orders whose value is not in the grammar; other recordings; sentences spoken by the voice."""
    names: tuple[str, ...]
    """Of orders; of files in the data folder; the sentences themselves."""
    snr_db: float | None = None
    """Of the kitchen noise, or of ``noise``; None plays the recordings as they are."""
    seed: int = 0
    """Of the places in the noise."""
    left_out: tuple[str, str] | None = None
    """Slot and value that are taken out of the grammar."""
    noise: str = KITCHEN
    """File in the data folder, or an absolute path."""
    before_ms: int = DEVICE.pre_roll_ms
    after_ms: int = DEVICE.post_roll_ms
    threads: int = 2

    @property
    def condition(self) -> str:
        """In words."""
        return "clean" if self.snr_db is None else f"{self.snr_db:g} dB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One sound, and what it was taken for."""

    kind: Kind
    name: str
    condition: str
    seed: int
    left_out: str
    """``slot=value``; empty where the grammar was whole."""
    transcript: str
    """What the free decode heard."""
    taken_for: str
    """The best reading's intent and slots, in words; empty where there was none."""
    right: bool
    """Whether that is what was ordered; never where nothing of the grammar was said."""
    evidence: Evidence | None
    """For the best reading."""
    waited_ms: float | None
    """From the end of speech to the decision that the turn had ended; None where either is not found."""
    detector_off_ms: float | None
    """By how much the voice detector's last hop of speech lies behind the end of speech."""
    interrupted: int
    computing_ms: float
    """From the decision to the readings, computed from scratch."""
    processor_ms: float
    """The processor time of it, all threads together: what other programs took is not in it."""

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Trial:
        """From what ``document`` gave."""
        evidence = document["evidence"]
        return cls(**{**document, "evidence": None if evidence is None else Evidence(**evidence)})


def is_accepted(match: GrammarMatch | None, label: Mapping[str, Any]) -> bool:
    """Whether an order is right: the intent, and every labelled slot exactly."""
    if match is None or match.intent != label["intent"]:
        return False
    said = {name: slot.value for name, slot in match.slots.items()}
    return all(said.get(name) == value for name, value in label["slots"].items())


def coffee_templates(left_out: tuple[str, str] | None = None) -> dict[str, Any]:
    """The sentences of the shipped coffee skill, with one value of a list left out if asked for.

    Raises:
        ValueError: The list has no such value.
    """
    templates: dict[str, Any] = yaml.safe_load(COFFEE.read_text(encoding="utf-8"))
    if left_out is not None:
        slot, value = left_out
        values = templates["lists"][slot]["values"]
        kept = [entry for entry in values if _out(entry) != value]
        if len(kept) == len(values):
            raise ValueError(f"the list {slot} of {COFFEE.name} has no value {value!r} to leave out")
        templates["lists"][slot]["values"] = kept
    return templates


def coffee_grammar(left_out: tuple[str, str] | None = None) -> Grammar:
    """Those sentences, compiled."""
    return compile_grammar([SentenceSource(skill="coffee", templates=coffee_templates(left_out))])


def load_recogniser(grammar: Grammar, *, threads: int = 2) -> OrderRecogniser:
    """The default recogniser, listening for a grammar.

    Raises:
        EngineError: Its pack is of an engine whose decoder is not open.
    """
    asr = load_asr(ASR, runtime=RuntimeOptions(threads=threads))
    if not isinstance(asr, MoonshineAsr):
        raise EngineError(f"{ASR} cannot be searched: its decoder is not open")
    asr.warm_up()
    return GrammarRecogniser(asr.model, asr.tokens, grammar, _UNCALIBRATED)


def play(job: Job, data: Path) -> tuple[Trial, ...]:
    """Run every trial of a job over the recordings in ``data``."""
    labels = read_labels(data / "orders") or {}
    recogniser = load_recogniser(coffee_grammar(job.left_out), threads=job.threads)
    return tuple(
        _trial(job, name, sound, turn, end, recogniser, labels)
        for name, sound, turn, end in sounds(job, data)
    )


def sounds(job: Job, data: Path) -> Iterator[tuple[str, Samples, HeardTurn | None, int | None]]:
    """Every sound of a job: its name, the samples, the turn in it, where speech ends by the clean sound."""
    vad = load_vad(VAD, runtime=RuntimeOptions(threads=job.threads))
    noise = None if job.snr_db is None else read_sound(data / job.noise)
    for name, clean in _clean(job, data):
        samples = clean
        if noise is not None and job.snr_db is not None:
            samples = in_noise(clean, noise, job.snr_db, name=name, seed=job.seed)
        turn = heard_turn(samples, vad, before_ms=job.before_ms, after_ms=job.after_ms)
        yield name, samples, turn, speech_end(clean)


def _clean(job: Job, data: Path) -> Iterator[tuple[str, Samples]]:
    match job.kind:
        case "order" | "left_out":
            for name in job.names:
                yield name, read_sound(data / "orders" / "speech" / name)
        case "recording":
            for name in job.names:
                yield from _pieces(name, read_sound(data / name))
        case "sentence":
            digest = ModelStore.default().installed(VOICE).digest
            speaker = Speaker(partial(customer_voice, VOICE), f"{VOICE} {digest}", SPOKEN)
            for sentence in job.names:
                yield sentence, np.concatenate([_AROUND, speaker.say(sentence), _AROUND])


def _pieces(name: str, samples: Samples) -> Iterator[tuple[str, Samples]]:
    """A long recording in pieces as long as a command may be."""
    if samples.size <= _LONGEST_PIECE:
        yield name, samples
        return
    for number, at in enumerate(range(0, samples.size - _SHORTEST_PIECE, _LONGEST_PIECE)):
        yield f"{name}#{number}", samples[at : at + _LONGEST_PIECE]


def _trial(
    job: Job,
    name: str,
    samples: Samples,
    turn: HeardTurn | None,
    end: int | None,
    recogniser: OrderRecogniser,
    labels: Labels,
) -> Trial:
    kept = samples if turn is None else turn.cut(samples)
    began, processor_began = time.perf_counter(), time.process_time()
    listened = recogniser.listen(kept)
    computing_ms = (time.perf_counter() - began) * 1e3
    processor_ms = (time.process_time() - processor_began) * 1e3
    best = listened.readings[0] if listened is not None and listened.readings else None
    return Trial(
        kind=job.kind,
        name=name,
        condition=job.condition,
        seed=job.seed,
        left_out="" if job.left_out is None else "=".join(job.left_out),
        transcript="" if listened is None else listened.transcript.text,
        taken_for=_told(best),
        right=best is not None and job.kind == "order" and is_accepted(best.match, labels[name]),
        evidence=None if best is None else best.evidence,
        waited_ms=None if turn is None or end is None else (turn.decided - end) / SAMPLES_PER_MS,
        detector_off_ms=None if turn is None or end is None else (turn.last_heard - end) / SAMPLES_PER_MS,
        interrupted=0 if turn is None else turn.interrupted,
        computing_ms=computing_ms,
        processor_ms=processor_ms,
    )


def _told(reading: Reading | None) -> str:
    if reading is None:
        return ""
    slots = {name: slot.value for name, slot in sorted(reading.match.slots.items())}
    return f"{reading.match.intent} {slots}"


def _out(entry: Any) -> Any:
    return entry["out"] if isinstance(entry, dict) else entry
