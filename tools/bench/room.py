"""A simulated room: what a microphone hears of a loudspeaker beside it and of somebody who speaks to it.

Impulse responses come from the image-source method in a box with walls that absorb alike, with images moved a
little at random so that no wall is a perfect mirror. A loudspeaker adds a delay, a band, a little distortion
and, where it has a clock of its own, drift. Everything is drawn from seeds: a scene is the same each time.

Source: J. Allen and D. Berkley, "Image method for efficiently simulating small-room acoustics", 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples

SOUND_METRES_PER_SECOND: Final = 343.0
_ACTIVE_BELOW_LOUDEST_DB: Final = 30.0
_TAPS: Final = 32
"""Of the interpolation that puts an image between two samples."""
_IMAGE_JITTER_METRES: Final = 0.03
_BAND_HZ: Final = (180.0, 7_000.0)
"""What a small loudspeaker gives back."""

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A box with a device in it, and somebody in front of the device."""

    name: str
    size_metres: Point
    reverberation_seconds: float
    """Until sound has died away by 60 dB, by Eyring's formula, which supposes that it comes from everywhere
    alike. In a box it takes longer: 0.57 s in the kiosk below, 0.91 s in the meeting room (from 20 dB)."""
    loudspeaker: Point
    microphone: Point
    talker: Point


KIOSK: Final = Room(
    name="kiosk",
    size_metres=(6.0, 5.0, 3.0),
    reverberation_seconds=0.35,
    loudspeaker=(2.0, 1.0, 1.3),
    microphone=(2.12, 1.0, 1.38),
    talker=(2.1, 1.7, 1.6),
)
MEETING_ROOM: Final = Room(
    name="meeting room",
    size_metres=(7.5, 4.2, 2.7),
    reverberation_seconds=0.55,
    loudspeaker=(3.6, 2.0, 0.8),
    microphone=(3.8, 2.1, 0.8),
    talker=(5.0, 2.6, 1.2),
)
ROOMS: Final = (KIOSK, MEETING_ROOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """From what is played to the microphone."""

    delay_ms: float = 60.0
    """Of buffers and converters, beside the way through the air."""
    drift_ppm: float = 0.0
    """By how much the loudspeaker's clock runs faster than the microphone's."""
    distortion: float = 0.0
    """0 is a perfect loudspeaker; at 1 loud sound is bent by a few per cent."""


def impulse_response(room: Room, source: Point, *, seed: int, seconds: float = 0.4) -> Samples:
    """``float32[n]`` at 16 kHz from a place in the room to its microphone."""
    generator = np.random.default_rng(seed)
    size = np.array(room.size_metres)
    images, reflections = _images(size, np.array(source), seconds * SOUND_METRES_PER_SECOND)
    moved = generator.normal(0.0, _IMAGE_JITTER_METRES, images.shape) * (reflections > 0)[:, None]
    distances = np.linalg.norm(images + moved - np.array(room.microphone), axis=1)
    heard = distances < seconds * SOUND_METRES_PER_SECOND
    gains = _reflection(room) ** reflections[heard] / np.maximum(distances[heard], 0.05)
    return _placed(distances[heard] / SOUND_METRES_PER_SECOND * SAMPLE_RATE_HZ, gains, seconds)


def echo(played: Samples, room: Room, path: Path, *, seed: int) -> Samples:
    """``float32[n]`` that the microphone hears of ``float32[n]`` that is played, at an arbitrary level."""
    bent = _distorted(_band_limited(played), path.distortion)
    if path.drift_ppm:
        # A faster clock has played everything sooner.
        bent = soxr.resample(bent, SAMPLE_RATE_HZ * (1 + path.drift_ppm * 1e-6), SAMPLE_RATE_HZ)
    late = np.concatenate([np.zeros(round(path.delay_ms * SAMPLE_RATE_HZ / 1e3), np.float32), bent])
    response = impulse_response(room, room.loudspeaker, seed=seed)
    return _of_length(convolved(late[: played.size], response), played.size)


def near(speech: Samples, room: Room, *, seed: int) -> Samples:
    """``float32[n]`` that the microphone hears of somebody who speaks, aligned to the dry sound's time."""
    response = impulse_response(room, room.talker, seed=seed + 1)
    direct = int(np.argmax(np.abs(response)))
    return _of_length(convolved(speech, response)[direct:], speech.size)


def active_level_dbfs(samples: Samples) -> float:
    """Mean power of the hops of ``float32[n]`` that are not far below its loudest: pauses do not count."""
    hops = samples[: samples.size // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    powers = np.square(hops, dtype=np.float64).mean(axis=1)
    active = powers[powers > powers.max() * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)]
    return float(10 * np.log10(active.mean() + 1e-12)) if active.size else -120.0


def at_level(samples: Samples, dbfs: float) -> Samples:
    """The same sound at an active level."""
    factor = 10 ** ((dbfs - active_level_dbfs(samples)) / 20)
    return (samples * factor).astype(np.float32)


def convolved(sound: Samples, response: Samples) -> Samples:
    """``float32[n + m - 1]`` by one long transform."""
    length = sound.size + response.size - 1
    points = 1 << (length - 1).bit_length()
    product = np.fft.rfft(sound, points) * np.fft.rfft(response, points)
    return np.fft.irfft(product, points)[:length].astype(np.float32)


def _images(
    size: NDArray[np.float64], source: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Every mirror image within reach, and how often its sound meets a wall."""
    axes, hits = [], []
    for length, at in zip(size, source, strict=True):
        most = int(np.ceil(reach / (2 * length)))
        cells = np.arange(-most, most + 1)
        axes.append(np.concatenate([2 * cells * length + at, 2 * cells * length - at]))
        hits.append(np.concatenate([np.abs(2 * cells), np.abs(2 * cells - 1)]))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    counts = np.stack(np.meshgrid(*hits, indexing="ij"), axis=-1).reshape(-1, 3).sum(axis=1)
    near_enough = np.linalg.norm(grid - source, axis=1) < reach + np.linalg.norm(size)
    return grid[near_enough], counts[near_enough]


def _reflection(room: Room) -> float:
    """Of a wall's pressure, by Eyring's formula."""
    x, y, z = room.size_metres
    volume, surface = x * y * z, 2 * (x * y + y * z + x * z)
    absorbed = 1 - np.exp(-0.161 * volume / (surface * room.reverberation_seconds))
    return float(np.sqrt(1 - absorbed))


def _placed(positions: NDArray[np.float64], gains: NDArray[np.float64], seconds: float) -> Samples:
    length = int(seconds * SAMPLE_RATE_HZ)
    response = np.zeros(length + _TAPS)
    whole = np.floor(positions).astype(np.int64)
    for tap in range(-_TAPS // 2 + 1, _TAPS // 2 + 1):
        off = tap - (positions - whole)
        window = 0.5 + 0.5 * np.cos(2 * np.pi * off / _TAPS)
        places = np.clip(whole + tap, 0, response.size - 1)
        np.add.at(response, places, gains * np.sinc(off) * window)
    return response[:length].astype(np.float32)


def _band_limited(sound: Samples) -> Samples:
    points = 1 << (sound.size + SAMPLE_RATE_HZ - 1).bit_length()
    spectrum = np.fft.rfft(sound, points)
    hertz = np.fft.rfftfreq(points, 1 / SAMPLE_RATE_HZ)
    low, high = _BAND_HZ
    # The phase of filters of first and second order: a loudspeaker does not answer before it is asked.
    falling = 1 / (1 + 1j * hertz / high)
    rising = (1j * hertz / low) ** 2 / (1 + 1.4j * hertz / low + (1j * hertz / low) ** 2)
    banded: Samples = np.fft.irfft(spectrum * rising * falling, points)[: sound.size].astype(np.float32)
    return banded


def _distorted(sound: Samples, amount: float) -> Samples:
    if not amount:
        return sound
    peak = float(np.abs(sound).max()) or 1.0
    drive = 0.9 * amount
    scaled = sound / peak
    # Odd by saturation, even by a membrane that does not move alike both ways.
    bent = np.tanh(drive * scaled) / drive + 0.03 * amount * scaled**2
    return np.asarray(bent * peak, np.float32)


def _of_length(samples: Samples, length: int) -> Samples:
    kept = np.zeros(length, np.float32)
    kept[: min(length, samples.size)] = samples[:length]
    return kept
