"""What is measured of a spoken reply: when it is first heard, and whether it clicks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.resampling import StreamResampler
from nearfield_models.tts.engine import TtsEngine

AUDIBLE: Final = 0.01
"""What counts as heard: 40 dB below full scale, in any sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A reply, spoken and timed."""

    text: str
    first_audible_ms: float | None
    """From the text to its first audible sample, played at 16 kHz from the first chunk on; None if silent."""
    first_processor_ms: float | None
    """What all threads together computed until then; other work on the machine changes it less."""
    computed_seconds: float
    processor_seconds: float
    """Of all threads together, to the end."""
    chunks: tuple[Samples, ...]
    """At the voice's rate."""
    rate_hz: int

    @property
    def sound(self) -> Samples:
        """``float32[n]`` at the voice's rate."""
        return np.concatenate(self.chunks)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return sum(chunk.size for chunk in self.chunks) / self.rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """Jumps from one sample to the next, and where silence begins and ends; shares of full scale."""

    largest_at_borders: float
    """Where two chunks meet, sentences' seams among them."""
    largest_inside: float
    begins_at: float
    """The first sample, after silence."""
    ends_at: float
    """The last one, before silence."""


def speak(voice: TtsEngine, text: str, *, now: Callable[[], float] = time.perf_counter) -> Spoken:
    """Let a voice say a text as a sink would take it.

    Args:
        voice: Warm already.
        text: To be said.
        now: Seconds of a steady clock.
    """
    rate_hz = voice.capabilities.sample_rate_hz
    converter = StreamResampler(rate_hz, SAMPLE_RATE_HZ)
    chunks: list[Samples] = []
    first: float | None = None
    first_processor: float | None = None
    given, playing_since = 0, None
    processor, began = time.process_time(), now()
    for chunk in voice.synthesise(text):
        chunks.append(chunk)
        ready = converter.accept(chunk)
        if playing_since is None and ready.size:
            playing_since = now() - began
        if first is None and playing_since is not None:
            loud = np.flatnonzero(np.abs(ready) > AUDIBLE)
            if loud.size:  # played when its turn comes, but not before it is there
                first_processor = (time.process_time() - processor) * 1000
                first = max(
                    playing_since * 1000 + (given + int(loud[0])) / SAMPLES_PER_MS, (now() - began) * 1000
                )
        given += ready.size
    return Spoken(
        text=text,
        first_audible_ms=first,
        first_processor_ms=first_processor,
        computed_seconds=now() - began,
        processor_seconds=time.process_time() - processor,
        chunks=tuple(chunks),
        rate_hz=rate_hz,
    )


def clicks(chunks: Sequence[Samples]) -> Clicks:
    """Look for clicks in a reply of at least one chunk."""
    seams = [abs(float(after[0] - before[-1])) for before, after in itertools.pairwise(chunks)]
    inside = [float(np.abs(np.diff(chunk)).max()) for chunk in chunks if chunk.size > 1]
    return Clicks(
        largest_at_borders=max(seams, default=0.0),
        largest_inside=max(inside, default=0.0),
        begins_at=abs(float(chunks[0][0])),
        ends_at=abs(float(chunks[-1][-1])),
    )
