"""Playing by the clock: each 10 ms of a reply goes out when its time has come.

Used wherever no sound card sets the pace: files, a socket, or nothing at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import numpy as np

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.fading import faded
from nearfield_edge.audio.feed import ChunkFeed
from nearfield_edge.audio.reference import PlaybackReference
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.audio.sink import Played
from nearfield_edge.errors import SinkError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples

_NOTHING: Samples = np.zeros(0, np.float32)


class Outlet(Protocol):
    """Takes what is played, in order, while it is played."""

    async def begin(self) -> None:
        """A reply begins."""
        ...

    async def write(self, at: int, samples: Samples) -> None:
        """Take up to 10 ms of ``float32[n]`` at 16 kHz that are heard from ``at`` on, by the clock."""
        ...

    async def end(self, *, stopped: bool) -> None:
        """The reply is over; where it was stopped, what has not been heard yet is faded out and dropped."""
        ...

    async def close(self) -> None:
        """No more replies."""
        ...


class PacedSink:
    """A sink whose time is a clock; without an outlet it only keeps time."""

    def __init__(
        self,
        clock: PlaybackClock,
        outlet: Outlet | None = None,
        *,
        ahead_ms: int = 0,
        reference: PlaybackReference | None = None,
    ) -> None:
        """Prepare.

        Args:
            clock: When sound is heard.
            outlet: Where it goes.
            ahead_ms: How much sooner than heard it is handed to the outlet.
            reference: Told of what is played, by the time at which it is handed over.
        """
        self._clock = clock
        self._outlet = outlet
        self._ahead = ahead_ms * SAMPLES_PER_MS
        self._reference = reference
        self._underruns = 0
        self._playing: asyncio.Task[None] | None = None
        self._stopping = False
        self._written = 0
        self._due = 0
        self._last = 0.0
        self._rest: Samples = _NOTHING

    @property
    def underruns(self) -> int:
        """How often the next chunk was not there when it should have been heard."""
        return self._underruns

    async def play(
        self,
        chunks: AsyncIterator[Samples],
        rate_hz: int,
        *,
        on_first_sound: Callable[[], None] | None = None,
    ) -> Played:
        """Play ``float32[n]`` chunks at ``rate_hz``; see `AudioSink`.

        Raises:
            SinkError: Something plays already, or the outlet failed.
        """
        if self._playing is not None:
            raise SinkError("a reply is played already: stop it or wait for its end")
        self._stopping, self._written = False, 0
        feed = ChunkFeed(chunks, rate_hz, SAMPLE_RATE_HZ)
        # A task of its own, so that ``stop`` can end it wherever it waits.
        self._playing = asyncio.create_task(self._run(feed, on_first_sound))
        try:
            await self._playing
        except asyncio.CancelledError:
            if not self._stopping or _cancelled_from_outside():
                raise
        finally:
            self._playing = None
            await self._end()
        return Played(samples=self._heard(), stopped=self._stopping)

    def stop(self) -> None:
        """Be silent now."""
        if self._playing is not None:
            self._stopping = True
            self._playing.cancel()

    async def close(self) -> None:
        """Stop, and close the outlet."""
        self.stop()
        if self._outlet is not None:
            await self._outlet.close()

    async def _run(self, feed: ChunkFeed, on_first_sound: Callable[[], None] | None) -> None:
        async with feed:
            while (chunk := await self._next(feed)) is not None:
                for at in range(0, chunk.size, HOP_SAMPLES):
                    if not self._written:
                        await self._begin(on_first_sound)
                    self._rest = chunk[at + HOP_SAMPLES :]
                    await self._put(chunk[at : at + HOP_SAMPLES])
            await self._clock.wait_until(self._due)

    async def _next(self, feed: ChunkFeed) -> Samples | None:
        with self._clock.held():
            chunk = await feed.next_chunk()
        late = self._clock.now() - self._due
        if self._written and chunk is not None and chunk.size and late > HOP_SAMPLES:
            self._underruns += 1
            self._due += late
        return chunk

    async def _begin(self, on_first_sound: Callable[[], None] | None) -> None:
        self._due = self._clock.now()
        if self._outlet is not None:
            await self._outlet.begin()
        if on_first_sound is not None:
            on_first_sound()

    async def _put(self, block: Samples) -> None:
        if self._outlet is not None:
            await self._outlet.write(self._due, block)
        self._last = float(block[-1])
        if self._reference is not None:
            self._reference.write(self._due - self._ahead, block)
        self._written += block.size
        self._due += block.size
        await self._clock.wait_until(self._due - self._ahead)

    async def _end(self) -> None:
        if self._reference is not None:
            self._reference.cut(self._clock.now())
        if self._outlet is None or not self._written:
            return
        if self._stopping and not self._ahead:  # who is ahead fades out where it plays
            await self._outlet.write(self._due, faded(self._last, self._rest, SAMPLE_RATE_HZ))
        await self._outlet.end(stopped=self._stopping)

    def _heard(self) -> int:
        return max(0, self._written - max(0, self._due - self._clock.now()))


class WavTrack:
    """One channel of a WAV file as an outlet."""

    def __init__(self, file: WavFile, *, channel: int = 0, gapless: bool = False) -> None:
        """Write to a channel.

        Args:
            file: Closed with this outlet.
            channel: 0 is the left or only one.
            gapless: Put replies one after the other instead of where they were heard.
        """
        self._file = file
        self._channel = channel
        self._gapless = gapless
        self._end = 0

    async def begin(self) -> None:
        """Nothing to do."""

    async def write(self, at: int, samples: Samples) -> None:
        """Write what is heard.

        Raises:
            SinkError: The disk is full.
        """
        place = self._end if self._gapless else at
        self._file.write(self._channel, place, samples)
        self._end = place + samples.size

    async def end(self, *, stopped: bool) -> None:
        """What was heard stays."""

    async def close(self) -> None:
        """Complete the file.

        Raises:
            SinkError: The disk is full.
        """
        self._file.close()


def _cancelled_from_outside() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
