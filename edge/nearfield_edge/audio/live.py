"""Frames in real time from something that may fall silent: a sound card, a socket.

Positions must measure time. So whenever nothing comes for longer than a moment, silence takes its place, as
much of it as time has passed; a turn that is under way then ends as it would in a silent room.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from enum import Enum
from typing import Final, Protocol

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.framing import Framer
from nearfield_edge.audio.source import AudioFrame
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples

GRACE_MS: Final = 500
"""How long sound may be late without being given up; more than any network's or card's usual jitter."""


class Gap(Enum):
    """Why there is no sound."""

    ABSENT = "absent"
    """Nobody sends: muted, or nobody is connected."""
    LOST = "lost"
    """Somebody should: the device went away, or the sound for this time was dropped."""


class PolledSound(Protocol):
    """Live sound that is asked for what has come, so that one of several can be followed at a time.

    Contract for implementers: ``poll`` never waits for sound. What lies between two calls may be long: it
    was muted meanwhile, or not wanted. Muted, it takes in nothing, down to where the sound comes from.
    """

    @property
    def lost_samples(self) -> int:
        """How many samples were lost on this side of ``poll``."""
        ...

    async def poll(self) -> Samples | Gap:
        """``float32[n]`` at 16 kHz, empty where nothing has come yet; or why nothing will."""
        ...

    def mute(self) -> None:
        """Stop taking in sound, now."""
        ...

    def unmute(self) -> None:
        """Take in sound again."""
        ...

    async def close(self) -> None:
        """Let go of the socket or device."""
        ...


class LiveFrames:
    """Follows one live stream."""

    def __init__(self, stream_id: str, clock: PlaybackClock) -> None:
        self._clock = clock
        self._framer = Framer(stream_id)
        self._lost = 0
        self._closed = False

    @property
    def lost_samples(self) -> int:
        """Samples of silence that stand for lost sound."""
        return self._lost

    @property
    def closed(self) -> bool:
        """Whether the frames end."""
        return self._closed

    def close(self) -> None:
        """End the frames."""
        self._closed = True

    async def follow(self, poll: Callable[[], Awaitable[Samples | Gap]]) -> AsyncGenerator[AudioFrame]:
        """Yield frames until closed.

        Args:
            poll: Gives what has come since it was last asked (``float32[n]`` at 16 kHz, empty where nothing
                has come yet), or why nothing will.
        """
        last, stalled = self._clock.now(), False
        while not self._closed:
            got = await poll()
            frames: list[AudioFrame] = []
            if not isinstance(got, Gap) and got.size:
                last, stalled = self._clock.now(), False
                frames = self._framer.accept(got)
            else:
                waited = self._clock.now() - last
                stalled = stalled or isinstance(got, Gap) or waited > GRACE_MS * SAMPLES_PER_MS
                if stalled and waited >= HOP_SAMPLES:
                    silence = waited - waited % HOP_SAMPLES
                    last += silence
                    self._lost += 0 if got is Gap.ABSENT else silence
                    frames = self._framer.silence(silence)
            for frame in frames:
                yield frame
            await self._clock.wait_until(self._clock.now() + HOP_SAMPLES)
