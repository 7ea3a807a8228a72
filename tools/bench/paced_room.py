"""A room in real time: what is said in it reaches the device as from a microphone, and replies are heard.

Positions in the room's sound and the sink's times are of one clock, so that a latency is a difference of
samples.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.source import AudioFrame
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, Samples, to_bytes
from tools.bench.speech_sound import AUDIBLE

_SILENCE: Final = bytes(HOP_BYTES)


class PacedRoom:
    """A source that gives each 10 ms when they are over: what is to be said, and silence between."""

    paced: Final = True
    lost_samples: Final = 0

    def __init__(self, clock: PlaybackClock) -> None:
        """Take the clock, which is also the sink's."""
        self._clock = clock
        self._hops: deque[bytes] = deque()
        self._began = 0
        self._at = 0
        self._closed = False

    @property
    def is_silent(self) -> bool:
        """Whether all that was to be said has been said."""
        return not self._hops

    def say(self, sound: Samples) -> int:
        """Play ``float32[n]`` behind what is played already; gives the time of its first sample."""
        at = self._began + self._at + len(self._hops) * HOP_SAMPLES
        pcm = to_bytes(sound)
        self._hops.extend(
            pcm[start : start + HOP_BYTES].ljust(HOP_BYTES, b"\0") for start in range(0, len(pcm), HOP_BYTES)
        )
        return at

    def hush(self) -> None:
        """Say nothing more of it."""
        self._hops.clear()

    def position(self, time: int) -> int:
        """Where in the room's sound a moment of the clock is."""
        return time - self._began

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield what sounds, until closed."""
        self._began = self._clock.now()
        while not self._closed:
            await self._clock.wait_until(self._began + self._at + HOP_SAMPLES)
            pcm = self._hops.popleft() if self._hops else _SILENCE
            first, self._at = self._at, self._at + HOP_SAMPLES
            yield AudioFrame(stream_id="room", first_sample=first, pcm=pcm)

    async def close(self) -> None:
        """End the frames."""
        self._closed = True


@dataclass(slots=True)
class HeardReply:
    """One reply as it came out of the loudspeaker."""

    first_audible: int | None = None
    """Time of its first sample of more than 1 % of full scale; None as long as there is none."""


class Listener:
    """An outlet that listens for the first sample of each reply that can be heard."""

    def __init__(self, clock: PlaybackClock) -> None:
        """Take the clock that the sink plays by."""
        self._clock = clock
        self.replies: list[HeardReply] = []
        self.sounds = False
        """Whether a reply can be heard now."""

    async def begin(self) -> None:
        """A reply begins, which need not be heard yet."""
        self.replies.append(HeardReply())

    async def write(self, at: int, samples: Samples) -> None:
        """Listen; what comes late is heard late."""
        if self.sounds:
            return
        loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
        if loud.size:
            self.sounds = True
            self.replies[-1].first_audible = max(at, self._clock.now()) + int(loud[0])

    async def end(self, *, stopped: bool) -> None:
        """It is silent again."""
        self.sounds = False

    async def close(self) -> None:
        """Nothing is held."""
