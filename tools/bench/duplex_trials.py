"""A front end at work on a scene: what comes out, what a voice detector hears in it, what is understood."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nearfield_models.engines import load_vad, load_wake
from nearfield_models.frontend.engine import FrontEnd
from nearfield_models.pcm import HOP_MS, HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples, to_bytes
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.vad.engine import VadEngine
from tools.bench.duplex_sounds import WARM_UP_SECONDS, Scene, Spoken
from tools.bench.order_sounds import Labels, heard_turn
from tools.bench.order_trials import VAD, OrderRecogniser, is_accepted
from tools.bench.speech_hops import speech_hops as heard_hops

HEARD_WITHIN_MS: Final = 300
INTERRUPTION_MS: Final = 200
"""For which the voice detector must have heard speech before it counts as somebody who interrupts."""
STOPS_AFTER_MS: Final = 80
"""From an interruption until the loudspeaker is silent: somebody must decide, and buffers must run dry."""
WAKE_PACKS: Final = ("microwakeword-okay-nabu", "microwakeword-alexa")
_EARLY_MS: Final = 100
"""A voice detector may hear a breath that the measure of an onset by its energy does not."""
_QUIET_BEFORE_MS: Final = 500
_SETTLED_SECONDS: Final = 8
_ONE_THREAD: Final = RuntimeOptions(threads=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """Both signals of a scene, ``float32[n]`` each."""

    suppressed: Samples
    recogniser: Samples
    hop_ms: NDArray[np.float64]
    """What each hop took."""


def cleaned(front_end: FrontEnd, played: Samples, microphone: Samples) -> Cleaned:
    """Run a front end over a scene of whole hops."""
    suppressed, recogniser = np.zeros_like(microphone), np.zeros_like(microphone)
    took = np.zeros(microphone.size // HOP_SAMPLES)
    for number in range(took.size):
        hop = slice(number * HOP_SAMPLES, (number + 1) * HOP_SAMPLES)
        began = time.perf_counter()
        heard = front_end.accept(microphone[hop], played[hop])
        took[number] = (time.perf_counter() - began) * 1e3
        suppressed[hop], recogniser[hop] = heard.suppressed, heard.recogniser
    return Cleaned(suppressed=suppressed, recogniser=recogniser, hop_ms=took)


def speech_hops(signal: Samples) -> NDArray[np.bool_]:
    """For each hop whether the device's detector would call it speech, near or not."""
    return heard_hops(signal, load_vad(VAD, runtime=_ONE_THREAD))


def interrupting(speech: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each hop of speech whether there has been enough of it without a pause."""
    found = np.zeros_like(speech)
    for first, end in segments(speech):
        found[first + INTERRUPTION_MS // HOP_MS : end] = True
    return found


def segments(speech: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First hop and hop after the last of each stretch of speech."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], speech, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def wake_count(signal: Samples) -> int:
    """How often the default wake words are heard."""
    engine = load_wake(WAKE_PACKS[0], also=WAKE_PACKS[1:], runtime=_ONE_THREAD)
    hops = range(0, signal.size - HOP_SAMPLES + 1, HOP_SAMPLES)
    return sum(engine.accept(to_bytes(signal[at : at + HOP_SAMPLES])) is not None for at in hops)


def noticed_after_ms(spoken: Spoken, speech: NDArray[np.bool_]) -> int | None:
    """From an order's onset until it counts as speech.

    None where it does not within a second, or where there was speech just before, which is not this order's.
    """
    onset = spoken.onset // HOP_SAMPLES
    early, quiet = _EARLY_MS // HOP_MS, _QUIET_BEFORE_MS // HOP_MS
    if speech[max(0, onset - quiet) : onset - early].any():
        return None
    heard = np.flatnonzero(speech[onset - early : onset + 1_000 // HOP_MS])
    return max(0, (int(heard[0]) - early) * HOP_MS) if heard.size else None


def stopped_spans(scene: Scene, speech: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where the loudspeaker is silent, in a device that stops when it is interrupted, by samples."""
    spans = []
    for spoken in scene.spoken:
        heard = np.flatnonzero(speech[spoken.onset // HOP_SAMPLES : spoken.end // HOP_SAMPLES])
        if heard.size:
            noticed = spoken.onset // HOP_SAMPLES + int(heard[0]) + 1
            spans.append((noticed * HOP_SAMPLES + STOPS_AFTER_MS * SAMPLES_PER_MS, spoken.end))
    return spans


def right_orders(
    scene: Scene, signals: Cleaned, recogniser: OrderRecogniser, labels: Labels, vad: VadEngine
) -> dict[str, bool]:
    """Which orders are understood, cut by the one signal out of the other as the device does."""
    found: dict[str, bool] = {}
    for spoken in scene.spoken:
        turn = heard_turn(signals.suppressed[spoken.first : spoken.end], vad)
        found[spoken.name] = False
        if turn is None:
            continue
        listened = recogniser.listen(turn.cut(signals.recogniser[spoken.first : spoken.end]))
        best = listened.readings[0] if listened is not None and listened.readings else None
        found[spoken.name] = best is not None and is_accepted(best.match, labels[spoken.name])
    return found


def enhancement_db(echo: Samples, left: Samples) -> dict[str, float]:
    """Echo return loss enhancement in seconds with echo, once settled: mean, and the tenth that is worst."""
    count = echo.size // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ
    before, after = (
        np.square(sound[:count].reshape(-1, SAMPLE_RATE_HZ), dtype=np.float64).mean(axis=1) + 1e-12
        for sound in (echo, left)
    )
    settled = np.arange(before.size) >= _SETTLED_SECONDS
    sounding = settled & (before > before.max() * 1e-3)
    gains = 10 * np.log10(before[sounding] / after[sounding])
    return {"mean": round(float(gains.mean()), 1), "p10": round(float(np.percentile(gains, 10)), 1)}


def disturbance_db(scene: Scene, signal: Samples) -> float:
    """How far all that is not near speech or noise lies below near speech while orders are said."""
    change = signal - scene.near - scene.noise
    said = np.zeros(scene.near.size, np.bool_)
    for spoken in scene.spoken:
        said[spoken.onset : spoken.last] = True
    powers = [float(np.square(sound[said], dtype=np.float64).mean()) for sound in (change, scene.near)]
    return round(10 * float(np.log10((powers[0] + 1e-12) / (powers[1] + 1e-12))), 1)


def cost_ms(hops: Sequence[NDArray[np.float64]]) -> Mapping[str, Any]:
    """What a hop takes."""
    took = np.concatenate(list(hops))[WARM_UP_SECONDS * 100 :]
    return {f"p{share}": round(float(np.percentile(took, share)), 3) for share in (50, 95)}
