"""Imports every module and uses every engine; run as a program, it prints what it used.

Started by the test of the restricted site inside a network namespace where each packet is counted.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator

import numpy as np
import soxr

from nearfield_models import engines
from nearfield_models.frontend.cancelling import EchoCancellingFrontEnd
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples, to_bytes
from nearfield_models.runtime.session import RuntimeOptions

PACKAGES = (
    "nearfield_edge",
    "nearfield_models",
    "nearfield_sync",
    "nearfield_provisioning",
    "nearfield_firmware",
)
OPENVINO = RuntimeOptions(engine="openvino")
OPTIONAL_LIBRARIES = ("ai_edge_litert.interpreter", "pvporcupine", "pywhispercpp.model")
"""Of engines whose models or keys only a site can bring: imported, not used."""
MOONSHINE_ENGINES = ("moonshine", "sherpa")
MICRO_WAKE_WORD_ENGINES = ("microwakeword", "microwakeword-litert")


def import_everything() -> int:
    """Import each module of the device's packages; their number."""
    count = 0
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
                count += 1
    return count


def speak(name: str, runtime: RuntimeOptions) -> Samples:
    """Speech of the voice at 16 kHz, made by one engine."""
    voice = engines.load_tts(engine=name, runtime=runtime)
    sound = np.concatenate(list(voice.synthesise("A large latte, please.")))
    resampled: Samples = soxr.resample(sound, voice.capabilities.sample_rate_hz, SAMPLE_RATE_HZ)
    return resampled.astype(np.float32)


def hops(sound: Samples) -> Iterator[Samples]:
    """10 ms at a time."""
    for start in range(0, sound.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        yield sound[start : start + HOP_SAMPLES]


def say(*words: object) -> None:
    """One line of what was used."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")


def use_everything() -> None:
    """Use each engine of each role, on each runtime that takes it, and say what came of it."""
    say("modules", import_everything())
    for name in OPTIONAL_LIBRARIES:
        say("imported", importlib.import_module(name).__name__)
    sound = np.zeros(0, np.float32)
    for name in engines.TTS_ENGINES:
        sound = speak(name, RuntimeOptions())
        say("tts", name, sound.size)
    for name in MOONSHINE_ENGINES:
        say("asr", name, engines.load_asr(engine=name).transcribe(sound).text)
    for name in engines.VAD_ENGINES:
        for runtime in (RuntimeOptions(), OPENVINO):
            vad = engines.load_vad(engine=name, runtime=runtime)
            say("vad", name, runtime.engine, round(max(vad.accept(hop) for hop in hops(sound)), 3))
    for name in engines.TURN_ENGINES:
        say("turn", name, round(engines.load_turn(engine=name).completeness(sound), 3))
    front_end = EchoCancellingFrontEnd()
    cleaned = [front_end.accept(hop, hop) for hop in hops(sound)]
    say("front end", len(cleaned), "delay", front_end.delay_samples)
    for name in MICRO_WAKE_WORD_ENGINES:
        wake = engines.load_wake(engine=name)
        say("wake", name, sum(wake.accept(to_bytes(hop)) is not None for hop in hops(sound)))
    for runtime in (RuntimeOptions(), OPENVINO):
        vectors = engines.load_embedding(runtime=runtime).embed(["A large latte, please."])
        say("embedding", runtime.engine, vectors.shape)
    phrase = engines.load_phrase_wake(["large latte"], asr=engines.load_asr(), vad=engines.load_vad())
    say("wake phrase", sum(phrase.accept(to_bytes(hop)) is not None for hop in hops(sound)))


if __name__ == "__main__":
    use_everything()
