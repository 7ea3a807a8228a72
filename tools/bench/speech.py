"""From a text to the first sample that is heard: by the voice, and from the disk where it was kept.

The texts are what the shipped skills say (``spoken_replies``). Those that are one sentence of 12 words are
timed, each once, by a warm voice that has never said them: as the sink takes them, at 16 kHz, to the first
sample of more than 1 % of full scale (-40 dBFS). ``kept_ms`` is of the same sentences from the disk. The
real-time factor is of sentences of 2 s and more. Loudness (ITU-R BS.1770, by pyloudnorm) and clicks are of
further replies, too; ``own_lufs`` belongs into the manifest of the voice's pack as ``loudness_lufs``.

Where other work keeps the machine busy, ``first_processor_ms`` and ``processor_seconds_a_second`` say more:
what all threads together computed.

``parts_ms`` tells where the time to the first sound goes, ``times_as_long`` how it compares with a flow that
is computed for the whole sentence first: the median of the ratios, each both ways in this run.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from nearfield_edge.configuration import Configuration
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.levels import LevelledVoice
from nearfield_models.tts.piper import PiperVoice
from nearfield_models.tts.piper_sound import first_frames
from nearfield_models.tts.prompt_store import PromptStore
from nearfield_models.tts.prompt_voice import PromptVoice
from nearfield_sync.telemetry import Counters
from tools.bench.report import Report, Target
from tools.bench.speech_sound import Spoken, clicks, speak
from tools.bench.spoken_replies import spoken_replies

WORDS: Final = 12
SHORTEST_SECONDS: Final = 2.0
_SHORTEST_LOUDNESS_SECONDS: Final = 0.5
_ONE_SENTENCE: Final = re.compile(r"[^.!?]+[.!?]")
_COMPARED: Final = 10
"""Sentences of which every sample is computed in two ways."""
_MOST_BYTES: Final = 1 << 30

TARGETS: Final = (
    Target(name="first audible sample", figure="first_audible_ms.p50", at="most", value=100, unit="ms"),
    Target(name="the same, kept", figure="kept_ms.p50", at="most", value=5, unit="ms"),
    Target(name="real-time factor", figure="real_time_factor", at="most", value=0.08),
    Target(name="chunks equal the whole", figure="clicks.chunked_difference", at="most", value=1e-5),
    Target(name="no click at a border", figure="clicks.border_share", at="most", value=1.0),
    Target(name="one loudness", figure="loudness.deviation_db", at="most", value=1.5, unit="dB"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--voice", default=Configuration().engines.tts, help="the voice's pack")
    parser.add_argument("--sentences", type=int, default=40, help="how many are timed (default: 40)")
    parser.add_argument("--replies", type=int, default=80, help="how many more are looked at (default: 80)")
    parser.add_argument("--threads", type=int, default=2, help="of one inference (default: 2)")


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    timed, others = _texts(arguments.sentences, arguments.replies)
    pack = ModelStore.default().installed(arguments.voice)
    with tempfile.TemporaryDirectory(prefix="nearfield-bench-") as folder:
        runtime = RuntimeOptions(threads=arguments.threads, cache_folder=Path(folder) / "compiled")
        own = PiperVoice(pack, runtime)
        voice = LevelledVoice(own, pack.loudness_lufs)
        voice.warm_up()
        sentences = [speak(voice, text) for text in timed]
        kept = _from_disk(voice, sentences, Path(folder) / "prompts")
        replies = [*sentences, *(speak(voice, text) for text in others)]
        figures: dict[str, Any] = {
            "sentences": len(sentences),
            "replies": len(replies),
            "first_audible_ms": _spread([each.first_audible_ms for each in sentences]),
            "first_processor_ms": _spread([each.first_processor_ms for each in sentences]),
            "kept_ms": _spread([each.first_audible_ms for each in kept]),
            "kept_processor_ms": _spread([each.first_processor_ms for each in kept]),
            **_real_time_factors(replies),
            "parts_ms": _parts(own, timed),
            "clicks": {**_clicks(replies), "chunked_difference": _chunked_difference(own, timed[:_COMPARED])},
            "loudness": _loudness(replies, 20 * math.log10(voice.gain)),
            "threads": arguments.threads,
        }
    return Report(
        name="speech",
        title=f"from text to sound, {arguments.voice}",
        figures=figures,
        targets=TARGETS,
        packages=("numpy", "onnxruntime", "gruut", "pyloudnorm"),
    )


def _texts(sentences: int, replies: int) -> tuple[list[str], list[str]]:
    """Single sentences of 12 words, and others, spread over all that is said."""
    said = spoken_replies()
    fitting = [text for text in said if _ONE_SENTENCE.fullmatch(text) and len(text.split()) == WORDS]
    timed = _spread_over(fitting, sentences)
    return timed, _spread_over([text for text in said if text not in timed], replies)


def _spread_over(texts: Sequence[str], count: int) -> list[str]:
    return (
        [texts[number * len(texts) // count] for number in range(count)] if count < len(texts) else [*texts]
    )


def _from_disk(voice: TtsEngine, spoken: Sequence[Spoken], folder: Path) -> list[Spoken]:
    counters = Counters()
    store = PromptStore(folder, voice.capabilities.fingerprint, most_bytes=_MOST_BYTES, counters=counters)
    for each in spoken:
        store.keep(each.text, each.sound)
    keeping = PromptVoice(voice, store, [each.text for each in spoken], counters=counters)
    said = [speak(keeping, each.text) for each in spoken]
    if counters.value("nearfield_prompts_said_total", origin="store") != len(spoken):
        raise RuntimeError("not every sentence came from the disk: is there no room for them?")
    return said


def _real_time_factors(spoken: Sequence[Spoken]) -> dict[str, float]:
    long = [each for each in spoken if each.seconds >= SHORTEST_SECONDS]
    return {
        "real_time_factor": statistics.median(each.computed_seconds / each.seconds for each in long),
        "processor_seconds_a_second": statistics.median(
            each.processor_seconds / each.seconds for each in long
        ),
    }


def _parts(voice: PiperVoice, texts: Sequence[str]) -> dict[str, float]:
    """Medians over sentences of what comes before the first sound, one part after the other."""
    spent: dict[str, list[float]] = defaultdict(list)
    ratios = []
    cancellation = Cancellation()
    for text in texts:
        began = time.perf_counter()
        phonemes = next(iter(voice.phonemiser.sentences(text)))
        spelt = time.perf_counter()
        frames = voice.frames(phonemes)
        framed = time.perf_counter()
        next(voice.sound.chunks(frames, cancellation))
        sounded = time.perf_counter()
        voice.sound.latent(frames, 0, frames.shape[2])
        whole = time.perf_counter()
        voice.sound.latent(frames, 0, min(first_frames(), frames.shape[2]))
        first = time.perf_counter()
        for name, seconds in (
            ("phonemes", spelt - began),
            ("text", framed - spelt),
            ("first_chunk", sounded - framed),
            ("flow_of_first_chunk", first - whole),
            ("flow_whole", whole - sounded),
        ):
            spent[name].append(seconds * 1000)
        ratios.append((sounded - began) / (sounded - began + (whole - sounded) - (first - whole)))
    parts = {name: statistics.median(each) for name, each in spent.items()}
    return {**parts, "times_as_long": statistics.median(ratios)}


def _clicks(spoken: Sequence[Spoken]) -> dict[str, float]:
    """The worst of all replies; ``border_share`` is the largest jump at a border by the largest inside."""
    found = [clicks(each.chunks) for each in spoken]
    return {
        "border_share": max(each.largest_at_borders / each.largest_inside for each in found),
        "largest_at_borders": max(each.largest_at_borders for each in found),
        "largest_inside": max(each.largest_inside for each in found),
        "begins_at": max(each.begins_at for each in found),
        "ends_at": max(each.ends_at for each in found),
    }


def _chunked_difference(voice: PiperVoice, texts: Sequence[str]) -> float:
    """The largest difference of any sample between a sentence in chunks and in one piece."""
    worst = 0.0
    for text in texts:
        for phonemes in voice.phonemiser.sentences(text):
            frames = voice.frames(phonemes)
            chunked = np.concatenate(list(voice.sound.chunks(frames, Cancellation())))
            worst = max(worst, float(np.abs(chunked - voice.sound.whole(frames)).max()))
    return worst


def _loudness(spoken: Sequence[Spoken], gain_db: float) -> dict[str, float]:
    import pyloudnorm

    heard = [each for each in spoken if each.seconds >= _SHORTEST_LOUDNESS_SECONDS]
    meter = pyloudnorm.Meter(heard[0].rate_hz)
    found = np.array([meter.integrated_loudness(each.sound.astype(float)) for each in heard])
    median = float(np.median(found))
    low, high = np.percentile(found - median, [5, 95])
    return {
        "median_lufs": median,
        "own_lufs": median - gain_db,
        "deviation_db": float(found.std()),
        "p5_db": float(low),
        "p95_db": float(high),
        "most_db": float(np.abs(found - median).max()),
        "peak": max(_peak(each.sound) for each in spoken),
    }


def _peak(sound: Samples) -> float:
    return float(np.abs(sound).max())


def _spread(values: Sequence[float | None]) -> dict[str, float]:
    heard = [value for value in values if value is not None]
    p50, p95 = np.percentile(heard, [50, 95])
    return {"p50": float(p50), "p95": float(p95), "silent": len(values) - len(heard)}
