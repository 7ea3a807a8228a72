"""The orders' sound: clean or mixed with noise, and the turn that the device would have made of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from nearfield_edge.turn.endpoint import EndReason, Listening, end_of_turn
from nearfield_edge.turn.state import TurnSettings
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples
from nearfield_models.resampling import mix_down, resample
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from tools.bench.mixing import excerpt, mix

DEVICE: Final = TurnSettings()

Labels = Mapping[str, Mapping[str, Any]]
"""By the recording's name: ``intent`` and ``slots``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardTurn:
    """What the device keeps of a recording, and when it decides that the turn has ended. In samples."""

    first: int
    end: int
    last_heard: int
    """After the voice detector's last hop of speech."""
    decided: int
    """Where the decision falls; the recording may be over before."""
    interrupted: int
    """How often the turn was thought to have ended before the speaker had finished."""

    def cut(self, samples: Samples) -> Samples:
        """The utterance."""
        return samples[self.first : self.end]


def read_labels(folder: Path) -> Labels | None:
    """What was ordered; None where the recordings are not there."""
    file = folder / "labels.json"
    if not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {name: found[name] for name in sorted(found)}


def read_sound(file: Path) -> Samples:
    """``float32[n]`` at 16 kHz, one channel."""
    sound, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    return resample(mix_down(sound), rate_hz)


def in_noise(clean: Samples, noise: Samples, snr_db: float, *, name: str, seed: int) -> Samples:
    """Mix a recording with an excerpt whose place depends on its name and the seed, and on nothing else."""
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return mix(clean, excerpt(noise, clean.size, generator), snr_db)


def heard_turn(
    samples: Samples,
    vad: VadEngine,
    *,
    before_ms: int = DEVICE.pre_roll_ms,
    after_ms: int = DEVICE.post_roll_ms,
) -> HeardTurn | None:
    """Listen to ``float32[n]`` hop by hop; None where no speech is noticed.

    A turn that was thought to have ended goes on when speech resumes: a recording is one order.
    """
    vad.reset()
    segmenter = SpeechSegmenter(SegmentationSettings())
    first: int | None = None
    last, decided, interrupted = samples.size, None, 0
    for at in range(0, samples.size - HOP_SAMPLES + 1, HOP_SAMPLES):
        state = segmenter.accept(at, vad.accept(samples[at : at + HOP_SAMPLES]))
        now = at + HOP_SAMPLES
        if state.speaking and state.last_heard is not None:
            first = now if first is None else first  # where the device notices it
            last = state.last_heard
        if first is None:
            continue
        if state.speaking and state.last_heard == now:
            interrupted += decided is not None
            decided = None
        elif decided is None and _ended((now - last) // SAMPLES_PER_MS):
            decided = now
    if first is None:
        return None
    return HeardTurn(
        first=max(0, first - before_ms * SAMPLES_PER_MS),
        end=min(samples.size, last + after_ms * SAMPLES_PER_MS),
        last_heard=last,
        decided=last + DEVICE.endpoint.end_silence_ms * SAMPLES_PER_MS if decided is None else decided,
        interrupted=interrupted,
    )


def _ended(silence_ms: int) -> bool:
    heard = Listening(
        has_speech=True,
        trailing_silence_ms=silence_ms,
        turn_ms=silence_ms,  # no recording is as long as the longest turn
        talk_held=False,
        talk_released=False,
    )
    return end_of_turn(heard, DEVICE.endpoint) is EndReason.SILENCE
