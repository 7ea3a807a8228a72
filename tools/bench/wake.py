"""Wake words on real recordings: misses, false alarms and processor time.

Every folder is one stream: its recordings one after another, each followed by half a second without speech,
fed in hops of 10 ms as the device does, and the detector is never reset. With noise, each recording (and the
half second) is mixed with an excerpt taken at a place drawn from ``--seed``.

* ``missed_count``, ``missed_share``: positive recordings without a detection; the 95 % interval is Wilson's.
* ``alarms``: detections in the negatives. ``alarms_per_hour_95`` is the rate that this count excludes at
  95 %: with none in h hours, 3/h (the rule of three), so an hour or so can never prove one in ten hours.
* ``noticed_after_ms``: from the end of the phrase, where the voice detector last hears speech in the clean
  recording, to the hop that reports it. ``end_off_ms``: how far from there the engine says the phrase ended.
* ``cpu_percent_of_one_core``: for an hour of which ``--speech-share`` is speech, from the processor time of
  hops with speech (and half a second after it) and of all others, measured apart on all streams. All
  computing is done in the feeding thread, with one thread.

``--part`` takes every other recording of a folder by sorted name: thresholds are chosen on ``even``.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from nearfield_models.engines import WAKE_ENGINES, load_asr, load_phrase_wake, load_vad, load_wake
from nearfield_models.pcm import (
    HOP_BYTES,
    HOP_SAMPLES,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_MS,
    Samples,
    to_bytes,
    to_float,
)
from nearfield_models.resampling import mix_down, resample
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from tools.bench.mixing import excerpt, mix
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

PHRASE: Final = "phrase"
_GAP_SAMPLES: Final = SAMPLE_RATE_HZ // 2
_SOUND_FILES: Final = (".flac", ".wav")
_ONE_THREAD: Final = RuntimeOptions(threads=1)
_Z_95: Final = 1.96

TARGETS: Final = (
    Target(name="wake phrases missed", figure="missed_share", at="most", value=0.027),
    Target(name="false alarms", figure="alarms", at="most", value=0),
    Target(name="processor", figure="cpu_percent_of_one_core", at="most", value=10.0, unit="%"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording as it is fed."""

    file: Path
    samples: Samples
    """``float32[n]`` with the gap after it and the noise in it."""
    speech_end: int | None
    """Sample after the last speech of the clean recording; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a detector said to one recording."""

    file: Path
    sample_count: int
    speech_end: int | None
    detections: tuple[tuple[int, WakeDetection], ...]
    """With the sample, counted from the recording's first, at which each was reported."""


@dataclass(slots=True)
class Costs:
    """Processor time and length of sound, with speech and without."""

    seconds: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})
    sound_seconds: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})

    def percent(self, speech_share: float) -> float | None:
        """Of one core, for sound of which such a share is speech; None where one kind was not heard."""
        if not all(self.sound_seconds.values()):
            return None
        speech, rest = (self.seconds[kind] / self.sound_seconds[kind] for kind in (True, False))
        return 100 * (speech_share * speech + (1 - speech_share) * rest)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    data = default_data()
    parser.add_argument("--phrase", default="alexa", help="what is listened for (default: alexa)")
    parser.add_argument(
        "--engine", choices=(PHRASE, *WAKE_ENGINES), default=PHRASE, help=f"the detector (default: {PHRASE})"
    )
    parser.add_argument("--pack", help="of an engine other than 'phrase' (default: microwakeword-PHRASE)")
    parser.add_argument("--positives", type=Path, metavar="DIR", help="default: wake/PHRASE of the data")
    parser.add_argument(
        "--negatives", type=Path, nargs="*", metavar="DIR", help="default: all other recordings of the data"
    )
    parser.add_argument("--noise", type=Path, metavar="FILE", help="noise to mix in")
    parser.add_argument("--snr-db", type=float, default=10.0, metavar="N", help="with --noise (default 10)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the places in the noise")
    parser.add_argument("--sensitivity", type=float, default=0.5, help="of the engine 'phrase', 0 to 1")
    parser.add_argument("--part", choices=("all", "even", "odd"), default="all", help="of each folder")
    parser.add_argument("--limit", type=int, metavar="N", help="recordings of each folder, spread evenly")
    parser.add_argument("--speech-share", type=float, default=0.1, help="of the hour (default: 0.1)")
    parser.add_argument("--show", action="store_true", help="print what was missed, and every false alarm")
    parser.set_defaults(data=data)


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    title = f"{arguments.phrase!r} by {arguments.engine}"
    if arguments.noise is not None:
        title += f", {arguments.noise.stem} noise at {arguments.snr_db:g} dB"
    positives = arguments.positives or arguments.data / "wake" / arguments.phrase
    if not sound_files(positives):
        reason = f"all of it: no recordings in {positives}, name their folder with --positives"
        return Report(name="wake", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    negatives = arguments.negatives
    if negatives is None:
        negatives = _others(arguments.data, positives)
    engine, costs = _engine(arguments), Costs()
    heard = _hear(engine, positives, arguments, costs)
    figures: dict[str, Any] = {"n": len(heard), **_positive_figures(heard)}
    alarms: dict[str, int] = {}
    hours = 0.0
    for folder in negatives:
        mistaken = _hear(engine, folder, arguments, costs)
        alarms["/".join(folder.parts[-2:])] = sum(len(one.detections) for one in mistaken)
        hours += sum(one.sample_count for one in mistaken) / SAMPLE_RATE_HZ / 3600
        if arguments.show:
            _show(mistaken, of_alarms=True)
    if arguments.show:
        _show(heard, of_alarms=False)
    total = sum(alarms.values())
    figures |= {
        "alarms": total,
        "alarms_in": alarms,
        "hours_of_negatives": round(hours, 2),
        "alarms_per_hour_95": round(most_events(total) / hours, 1) if hours else None,
        "speech_share": arguments.speech_share,
        "cpu_percent_of_one_core": costs.percent(arguments.speech_share),
        "cpu_percent_without_speech": costs.percent(0.0),
        "cpu_percent_in_speech": costs.percent(1.0),
        "part": arguments.part,
        "seed": arguments.seed,
    }
    return Report(name="wake", title=title, figures=figures, targets=TARGETS)


def wilson(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    share, weight = count / of, _Z_95**2 / of
    middle = (share + weight / 2) / (1 + weight)
    half = _Z_95 / (1 + weight) * math.sqrt(share * (1 - share) / of + weight / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def most_events(count: int) -> float:
    """The mean of a Poisson count above which as few as ``count`` events come in less than 5 % of cases.

    With none it is 3.0: the rule of three.
    """
    low, high = float(count), 10.0 + 3.0 * count
    while high - low > 1e-6:
        mean = (low + high) / 2
        term = total = math.exp(-mean)
        for number in range(1, count + 1):
            term *= mean / number
            total += term
        low, high = (mean, high) if total > 0.05 else (low, mean)
    return low


def _engine(arguments: argparse.Namespace) -> WakeEngine:
    if arguments.engine == PHRASE:
        return load_phrase_wake(
            [arguments.phrase],
            asr=load_asr(runtime=_ONE_THREAD),
            vad=load_vad(runtime=_ONE_THREAD),
            sensitivity=arguments.sensitivity,
        )
    pack = arguments.pack or f"microwakeword-{arguments.phrase}"
    return load_wake(pack, engine=arguments.engine, runtime=_ONE_THREAD)


def _others(data: Path, positives: Path) -> list[Path]:
    wake = [folder for folder in sorted((data / "wake").glob("*")) if folder.name != positives.name]
    return [*wake, data / "orders" / "speech", data / "speech", data / "noise"]


def sound_files(folder: Path) -> list[Path]:
    """The recordings of a folder by name."""
    return sorted(file for file in folder.glob("*") if file.suffix.lower() in _SOUND_FILES)


def recordings_of(folder: Path, arguments: argparse.Namespace) -> Iterator[Recording]:
    """The chosen recordings of a folder; the noise in each does not depend on which are chosen."""
    noise = None if arguments.noise is None else _read(arguments.noise)
    generator = np.random.default_rng(arguments.seed)
    vad = load_vad(runtime=_ONE_THREAD)
    files = sound_files(folder)
    wanted = chosen(files, arguments.part, arguments.limit)
    for file in files:
        length = soundfile.info(file).duration
        if file not in wanted:
            if noise is not None:
                excerpt(noise, round(length * SAMPLE_RATE_HZ) + _GAP_SAMPLES, generator)
            continue
        clean = np.concatenate([_read(file), np.zeros(_GAP_SAMPLES, np.float32)])
        samples = clean
        if noise is not None:
            samples = mix(clean, excerpt(noise, clean.size, generator), arguments.snr_db)
        yield Recording(file=file, samples=samples, speech_end=_speech_end(clean, vad))


def chosen(files: Sequence[Path], part: str, limit: int | None) -> frozenset[Path]:
    """The files of a part, at most ``limit`` of them, spread evenly."""
    step = {"all": slice(None), "even": slice(0, None, 2), "odd": slice(1, None, 2)}[part]
    kept = files[step]
    count = len(kept) if limit is None else min(limit, len(kept))
    return frozenset(kept[index * len(kept) // count] for index in range(count))


def _speech_end(samples: Samples, vad: VadEngine) -> int | None:
    vad.reset()
    segmenter = SpeechSegmenter(SegmentationSettings())
    last = None
    for at in range(0, samples.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        last = segmenter.accept(at, vad.accept(samples[at : at + HOP_SAMPLES])).last_heard
    return last


def _hear(engine: WakeEngine, folder: Path, arguments: argparse.Namespace, costs: Costs) -> list[Heard]:
    """Feed a folder as one stream; the sound itself is not kept."""
    engine.reset()
    vad, segmenter = load_vad(runtime=_ONE_THREAD), SpeechSegmenter(SegmentationSettings(offset_ms=500))
    position, heard = 0, []
    for recording in recordings_of(folder, arguments):
        pcm = to_bytes(recording.samples)
        found = []
        for at in range(0, len(pcm) - HOP_BYTES + 1, HOP_BYTES):
            hop = pcm[at : at + HOP_BYTES]
            speech = segmenter.accept(position, vad.accept(to_float(hop))).speaking
            position += HOP_SAMPLES
            began = time.thread_time()
            detection = engine.accept(hop)
            costs.seconds[speech] += time.thread_time() - began
            costs.sound_seconds[speech] += HOP_SAMPLES / SAMPLE_RATE_HZ
            if detection is not None:
                found.append((at // 2 + HOP_SAMPLES, detection))
        heard.append(
            Heard(
                file=recording.file,
                sample_count=recording.samples.size,
                speech_end=recording.speech_end,
                detections=tuple(found),
            )
        )
    return heard


def _positive_figures(heard: Sequence[Heard]) -> dict[str, Any]:
    missed = sum(not one.detections for one in heard)
    low, high = wilson(missed, len(heard))
    timed = [
        (at - end, at - detection.ended_ago_samples - end)
        for one in heard
        for at, detection in one.detections[:1]
        if (end := one.speech_end) is not None
    ]
    figures: dict[str, Any] = {
        "missed_count": missed,
        "missed_share": missed / len(heard),
        "missed_share_95_from": low,
        "missed_share_95_to": high,
        "heard_twice": sum(len(one.detections) > 1 for one in heard),
    }
    if timed:
        after, off = (np.array(column) / SAMPLES_PER_MS for column in zip(*timed, strict=True))
        figures["noticed_after_ms"] = {f"p{at}": float(np.percentile(after, at)) for at in (50, 95)}
        figures["end_off_ms"] = {f"p{at}": float(np.percentile(off, at)) for at in (5, 50, 95)}
    return figures


def _show(heard: Sequence[Heard], *, of_alarms: bool) -> None:
    for one in heard:
        for at, detection in one.detections if of_alarms else ():
            print(f"alarm   {one.file} at {at / SAMPLE_RATE_HZ:.2f} s, score {detection.score:.2f}")
        if not of_alarms and not one.detections:
            print(f"missed  {one.file}")


def _read(file: Path) -> Samples:
    sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return resample(mix_down(sound), rate_hz)
