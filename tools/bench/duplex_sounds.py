"""What is played and said in the benchmark of duplex: the device's voice, orders spoken into it, the room."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples
from nearfield_models.store import ModelStore
from tools.bench.exchange_device import Speaker
from tools.bench.mixing import excerpt
from tools.bench.order_sounds import read_sound
from tools.bench.order_trials import KITCHEN, SPOKEN, VOICE
from tools.bench.room import Path as SoundPath
from tools.bench.room import Room, at_level, echo, near
from tools.bench.speech_end import speech_end
from tools.demo.customer import customer_voice

ECHO_DBFS: Final = -26.0
"""Active level of the echo in the microphone."""
PLAYED_DBFS: Final = -20.0
FLOOR_DBFS: Final = -66.0
"""Of the microphone's own noise."""
WARM_UP_SECONDS: Final = 8
"""The device has spoken before anybody interrupts it."""
_BETWEEN_SENTENCES_SECONDS: Final = 0.25
_LONGEST_SENTENCE: Final = 220
"""Characters; a reply is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A device in a room."""

    room: Room
    path: SoundPath
    echo_over_near_db: float = 0.0
    kitchen_db: float | None = None
    """By how much near speech is louder than the kitchen; None for a quiet room."""
    seed: int = 0

    @property
    def name(self) -> str:
        """In words."""
        parts = [self.room.name, f"{self.path.delay_ms:g} ms", f"echo {self.echo_over_near_db:+g} dB"]
        if self.path.drift_ppm:
            parts.append(f"{self.path.drift_ppm:+g} ppm")
        if self.path.distortion:
            parts.append(f"distortion {self.path.distortion:g}")
        if self.kitchen_db is not None:
            parts.append(f"kitchen {self.kitchen_db:g} dB")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """An order in a scene, by samples."""

    name: str
    first: int
    """Of the recording, with its silence."""
    end: int
    onset: int
    """Of the speech in it."""
    last: int
    """After the last speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is played, and what the microphone hears of everything; ``float32[n]`` each."""

    played: Samples
    echo: Samples
    near: Samples
    noise: Samples
    spoken: tuple[Spoken, ...]

    @property
    def microphone(self) -> Samples:
        """All together."""
        return self.echo + self.near + self.noise


def device_speech(data: Path, seconds: float) -> Samples:
    """So much of the voice pack's speech, ``float32[n]``: sentences of an encyclopedia."""
    digest = ModelStore.default().installed(VOICE).digest
    speaker = Speaker(partial(customer_voice, VOICE), f"{VOICE} {digest}", SPOKEN)
    pause = np.zeros(round(_BETWEEN_SENTENCES_SECONDS * SAMPLE_RATE_HZ), np.float32)
    pieces: list[Samples] = []
    missing = round(seconds * SAMPLE_RATE_HZ)
    for sentence in _sentences(data):
        if missing <= 0:
            break
        pieces += [speaker.say(sentence), pause]
        missing -= pieces[-2].size + pause.size
    sound = np.concatenate(pieces)
    return np.resize(sound, round(seconds * SAMPLE_RATE_HZ)).astype(np.float32)


def order_names(data: Path, limit: int) -> list[str]:
    """So many orders, spread evenly over all."""
    names = sorted(file.name for file in (data / "orders" / "speech").glob("*.flac"))
    count = min(limit, len(names))
    return [names[index * len(names) // count] for index in range(count)]


def scene(data: Path, condition: Condition, *, names: Sequence[str], seconds: float = 0.0) -> Scene:
    """The device speaks all the time, and the orders are said into it one after another.

    Args:
        data: Where the recordings are.
        condition: Room, path and levels.
        names: Of the orders.
        seconds: How long the scene lasts at least.
    """
    orders = [read_sound(data / "orders" / "speech" / name) for name in names]
    length = WARM_UP_SECONDS * SAMPLE_RATE_HZ + sum(order.size + HOP_SAMPLES for order in orders)
    length = max(length, round(seconds * SAMPLE_RATE_HZ)) // HOP_SAMPLES * HOP_SAMPLES + HOP_SAMPLES
    said = np.zeros(length, np.float32)
    spoken, at = [], WARM_UP_SECONDS * SAMPLE_RATE_HZ
    for name, order in zip(names, orders, strict=True):
        level = ECHO_DBFS - condition.echo_over_near_db
        said[at : at + order.size] += at_level(near(order, condition.room, seed=condition.seed), level)
        spoken.append(_placed(name, order, at))
        at += -(-order.size // HOP_SAMPLES) * HOP_SAMPLES
    played = at_level(device_speech(data, length / SAMPLE_RATE_HZ)[:length], PLAYED_DBFS)
    return Scene(
        played=played,
        echo=at_level(echo(played, condition.room, condition.path, seed=condition.seed), ECHO_DBFS),
        near=said,
        noise=_noise(data, condition, length),
        spoken=tuple(spoken),
    )


def silenced(whole: Scene, condition: Condition, spans: Sequence[tuple[int, int]]) -> Scene:
    """The same scene, where nothing is played in some spans of samples."""
    played = whole.played.copy()
    for first, end in spans:
        played[first:end] = 0.0
    bare = echo(whole.played, condition.room, condition.path, seed=condition.seed)
    factor = float(np.abs(whole.echo).max() / np.abs(bare).max())
    heard = (factor * echo(played, condition.room, condition.path, seed=condition.seed)).astype(np.float32)
    return Scene(played=played, echo=heard, near=whole.near, noise=whole.noise, spoken=whole.spoken)


def _placed(name: str, order: Samples, at: int) -> Spoken:
    last, before = speech_end(order), speech_end(order[::-1])
    if last is None or before is None:
        raise ValueError(f"nothing is said in {name}: leave it out")
    return Spoken(name=name, first=at, end=at + order.size, onset=at + order.size - before, last=at + last)


def _noise(data: Path, condition: Condition, length: int) -> Samples:
    generator = np.random.default_rng(condition.seed)
    noise = generator.normal(0.0, 10 ** (FLOOR_DBFS / 20), length).astype(np.float32)
    if condition.kitchen_db is not None:
        kitchen = excerpt(read_sound(data / KITCHEN), length, generator)
        noise += at_level(kitchen, ECHO_DBFS - condition.echo_over_near_db - condition.kitchen_db)
    return noise


def _sentences(data: Path) -> list[str]:
    passages = json.loads((data / "qa" / "squad2_part.json").read_text(encoding="utf-8"))["passages"]
    found = [
        sentence.strip() + "."
        for passage in passages
        for sentence in passage["text"].split(". ")
        if 20 <= len(sentence) <= _LONGEST_SENTENCE and sentence.isascii()
    ]
    return list(dict.fromkeys(found))
