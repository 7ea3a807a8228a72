"""Bounded buffers between a thread of the sound card and the rest; neither side ever waits for the other.

Each has one writer and one reader. Both sides count samples from the beginning and touch only their own
count, so no lock is needed.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]


class CaptureRing:
    """What was captured and not yet taken; overflow overwrites the oldest, and silence is found there."""

    def __init__(self, capacity: int, channels: int = 1) -> None:
        self._rows = np.zeros((capacity, channels), np.int16)
        self._claimed = 0
        self._written = 0
        self._taken = 0
        self._lost = 0

    @property
    def lost(self) -> int:
        """Rows that were overwritten before they were taken; the reader's side."""
        return self._lost

    def write(self, rows: Pcm) -> None:
        """Add ``int16[n, channels]``; the writer's side."""
        capacity = len(self._rows)
        end = self._written + len(rows)
        kept = rows[-capacity:]
        first = (end - len(kept)) % capacity
        self._claimed = end
        head = min(len(kept), capacity - first)
        self._rows[first : first + head] = kept[:head]
        self._rows[: len(kept) - head] = kept[head:]
        self._written = end

    def take(self) -> Pcm:
        """Take all there is, ``int16[n, channels]``, silence where it was overwritten; the reader's side."""
        capacity, end = len(self._rows), self._written
        rows = np.zeros((end - self._taken, self._rows.shape[1]), np.int16)
        begin = max(self._taken, end - capacity)
        there = self._rows[np.arange(begin, end) % capacity]
        # What the writer overwrites meanwhile is not what it was.
        whole = max(begin, self._claimed - capacity)
        if whole < end:
            rows[whole - self._taken :] = there[whole - begin :]
        self._lost += min(whole, end) - self._taken
        self._taken = end
        return rows

    def drop(self) -> None:
        """Forget what was not taken; the reader's side."""
        self._taken = self._written


class PlaybackRing:
    """What is to be played; the writer waits for room, and the reader finds silence where nothing is."""

    def __init__(self, capacity: int) -> None:
        self._samples = np.zeros(capacity, np.float32)
        self._written = 0
        self._played = 0
        self._underruns = 0
        self._complete = False
        self._fade: NDArray[np.float32] | None = None
        self._faded = 0
        self._silent = threading.Event()

    @property
    def played(self) -> int:
        """Samples that the reader has taken."""
        return self._played

    @property
    def underruns(self) -> int:
        """How often the reader found too little in the middle of a reply."""
        return self._underruns

    @property
    def room(self) -> int:
        """Samples that may be written."""
        return len(self._samples) - (self._written - self._played)

    @property
    def empty(self) -> bool:
        """Whether all that was written was taken."""
        return self._written == self._played

    def write(self, samples: NDArray[np.float32]) -> None:
        """Add ``float32[n]``, no more than there is room for; the writer's side."""
        places = np.arange(self._written, self._written + samples.size) % len(self._samples)
        self._samples[places] = samples
        self._written += samples.size

    def complete(self) -> None:
        """Nothing more will be written, so that finding too little is no underrun; the writer's side."""
        self._complete = True

    def fade_out(self, gains: NDArray[np.float32]) -> None:
        """Play no more than what ``float32[n]`` gains are for, with them; the writer's side."""
        self._fade = gains

    def wait_until_silent(self, seconds: float) -> bool:
        """Whether the fading was over within so long; the writer's side, off the event loop."""
        return self._silent.wait(seconds)

    def fill(self, out: NDArray[np.float32]) -> None:
        """Fill ``float32[n, channels]``, each channel alike; the reader's side."""
        count = min(len(out), self._written - self._played)
        fade = self._fade
        if fade is not None:
            count = min(count, fade.size - self._faded)
        places = np.arange(self._played, self._played + count) % len(self._samples)
        out[:count] = self._samples[places, None]
        out[count:] = 0.0
        if fade is not None:
            out[:count] *= fade[self._faded : self._faded + count, None]
            self._faded += count
            if count < len(out):
                self._silent.set()
        elif count < len(out) and self._written and not self._complete:
            self._underruns += 1
        self._played += count
