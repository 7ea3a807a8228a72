"""What was handed to the loudspeaker, by the time at which it is heard: the reference of echo cancellation.

Sinks write what they play, ahead of time where they know it; the ears read it hop by hop. Both are on the
event loop. Positions are samples of the sinks' clock.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.resampling import StreamResampler

_MOVED_SAMPLES: Final = 40 * SAMPLES_PER_MS
_HOPS_TO_LAY: Final = 500
_SECONDS: Final = 4
"""Kept around the present; a sink writes no more than two seconds ahead."""


class PlaybackReference:
    """A ring of the sound that is played; what was never written is silence."""

    def __init__(self) -> None:
        self._ring = np.zeros(_SECONDS * SAMPLE_RATE_HZ, np.float32)
        self._end = 0

    @property
    def end(self) -> int:
        """Position after the latest sample."""
        return self._end

    def write(self, at: int, samples: Samples) -> None:
        """Take ``float32[n]`` that are heard from ``at`` on, in place of what was written there before."""
        self._advance(at + samples.size)
        kept = samples[max(0, self._begin - at) :]
        first = at + samples.size - kept.size
        self._ring[np.arange(first, first + kept.size) % self._ring.size] = kept

    def cut(self, at: int) -> None:
        """Nothing of what was written from ``at`` on will be heard: the sink was stopped."""
        first = max(at, self._begin)
        if first < self._end:
            self._ring[np.arange(first, self._end) % self._ring.size] = 0.0

    def read(self, first: int, count: int) -> Samples:
        """Copy ``float32[count]`` from ``first`` on; silence where nothing was written or it is forgotten."""
        found = np.zeros(count, np.float32)
        begin, end = max(first, self._begin), min(first + count, self._end)
        if begin < end:
            found[begin - first : end - first] = self._ring[np.arange(begin, end) % self._ring.size]
        return found

    @property
    def _begin(self) -> int:
        return self._end - self._ring.size

    def _advance(self, end: int) -> None:
        """Let the ring end no sooner than that, with silence between what was and what will be written."""
        fresh = min(end - self._end, self._ring.size)
        if fresh > 0:
            self._ring[np.arange(end - fresh, end) % self._ring.size] = 0.0
            self._end = end


class ReferenceTrack:
    """One reply of a sound card, whose own thread takes the sound: when it began is seen a moment later."""

    def __init__(self, reference: PlaybackReference, clock: PlaybackClock, rate_hz: int) -> None:
        """Begin a reply.

        Args:
            reference: What is told of it.
            clock: Whose samples its positions are.
            rate_hz: Of the sound card.
        """
        self._reference = reference
        self._clock = clock
        self._rate_hz = rate_hz
        self._resampler = StreamResampler(rate_hz)
        self._early: list[Samples] = []
        self._began: int | None = None
        self._next = 0

    def add(self, samples: Samples) -> None:
        """Take ``float32[n]`` at the card's rate that it will play after all before."""
        converted = self._resampler.accept(samples)
        if self._began is None:
            self._early.append(converted)
        else:
            self._write(converted)

    def taken(self, count: int) -> None:
        """Learn how many samples, at its rate, the card has taken until now."""
        if self._began is None and count:
            self._began = self._next = self._clock.now() - count * SAMPLE_RATE_HZ // self._rate_hz
            early, self._early = self._early, []
            for samples in early:
                self._write(samples)

    def end(self, count: int) -> None:
        """The reply is over, after so many samples at the card's rate."""
        self.taken(count)
        if self._began is not None:
            self._reference.cut(self._began + count * SAMPLE_RATE_HZ // self._rate_hz)

    def _write(self, samples: Samples) -> None:
        self._reference.write(self._next, samples)
        self._next += samples.size


class ReferenceReader:
    """Reads the reference by the microphone's positions, which begin elsewhere than the sinks' clock.

    A frame is heard soon after it was captured, now sooner, now later; the soonest of some seconds tells how
    the two lie to each other. They are only laid anew where that has moved by much: sound was lost, or the
    machine slept. What is less, the canceller finds.
    """

    def __init__(self, reference: PlaybackReference, clock: PlaybackClock) -> None:
        """Read a reference whose positions are a clock's samples."""
        self._reference = reference
        self._clock = clock
        self._offset: int | None = None
        self._soonest: int | None = None
        self._heard = 0

    def read(self, first_sample: int) -> Samples:
        """Give ``float32[160]`` for the frame that begins at a position of the microphone, heard now."""
        offset = self._clock.now() - first_sample
        self._soonest = offset if self._soonest is None else min(offset, self._soonest)
        self._heard += 1
        if self._offset is None or offset < self._offset - _MOVED_SAMPLES:
            self._offset = offset
        if self._heard >= _HOPS_TO_LAY:
            if abs(self._soonest - self._offset) > _MOVED_SAMPLES:
                self._offset = self._soonest
            self._soonest, self._heard = None, 0
        return self._reference.read(first_sample + self._offset, HOP_SAMPLES)
