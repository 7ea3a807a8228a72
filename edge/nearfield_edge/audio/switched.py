"""The device's own microphone and loudspeaker, or a page's while one is there.

While a client has the line, it alone is heard and spoken to: the own microphone is closed, not merely
ignored. When it leaves, the own ones come back with the next frame and the next reply.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.live import Gap, LiveFrames, PolledSound
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.sink import AudioSink, Played
from nearfield_edge.audio.socket_sound import AHEAD_MS, SocketSound
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SinkError
from nearfield_models.pcm import Samples


class SwitchedSource:
    """A source whose positions go on through every switch."""

    paced: Final = True

    def __init__(self, own: PolledSound | None, line: SocketSound, clock: PlaybackClock) -> None:
        """Follow the line while somebody is there, else the own sound; silence where there is none."""
        self._own = own
        self._line = line
        self._live = LiveFrames("switched", clock)
        self._muted = False
        self._by_line = False

    @property
    def lost_samples(self) -> int:
        """How many samples became silence because the sound for them was lost."""
        own = 0 if self._own is None else self._own.lost_samples
        return self._live.lost_samples + self._line.lost_samples + own

    @property
    def muted(self) -> bool:
        """Whether no sound is taken in, from nowhere."""
        return self._muted

    def mute(self) -> None:
        """Take in nothing, now."""
        self._muted = True
        self._line.mute()
        if self._own is not None and not self._by_line:
            self._own.mute()

    def unmute(self) -> None:
        """Take in sound again."""
        self._muted = False
        self._line.unmute()
        if self._own is not None and not self._by_line:
            self._own.unmute()

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield what is heard until closed, and silence while muted or while nothing is there."""
        async with aclosing(self._live.follow(self._poll)) as frames:
            async for frame in frames:
                yield frame

    async def close(self) -> None:
        """Let go of the own microphone."""
        self._live.close()
        if self._own is not None:
            await self._own.close()

    async def _poll(self) -> Samples | Gap:
        if self._line.connected is not self._by_line:
            self._switch()
        if self._by_line:
            return await self._line.poll()
        return Gap.ABSENT if self._own is None else await self._own.poll()

    def _switch(self) -> None:
        self._by_line = self._line.connected
        if not self._by_line:
            self._line.drop()
        if self._own is None or self._muted:
            return
        self._own.mute() if self._by_line else self._own.unmute()


class SwitchedSink:
    """A sink that is chosen anew for each reply."""

    def __init__(self, own: AudioSink, line: SocketSound, clock: PlaybackClock) -> None:
        """Play to the line while somebody is there when a reply begins, else to the own sink."""
        self._own = own
        self._line = line
        self._to_line = PacedSink(clock, line, ahead_ms=AHEAD_MS)
        self._playing: AudioSink | None = None

    @property
    def underruns(self) -> int:
        """How often the next chunk was not there when it should have been heard."""
        return self._own.underruns + self._to_line.underruns

    async def play(
        self,
        chunks: AsyncIterator[Samples],
        rate_hz: int,
        *,
        on_first_sound: Callable[[], None] | None = None,
    ) -> Played:
        """Play ``float32[n]`` chunks at ``rate_hz``; see `AudioSink`.

        Raises:
            SinkError: Something plays already, or the own loudspeaker cannot be had.
        """
        if self._playing is not None:
            raise SinkError("a reply is played already: stop it or wait for its end")
        self._playing = self._to_line if self._line.connected else self._own
        try:
            return await self._playing.play(chunks, rate_hz, on_first_sound=on_first_sound)
        finally:
            self._playing = None

    def stop(self) -> None:
        """Be silent now."""
        if self._playing is not None:
            self._playing.stop()

    async def close(self) -> None:
        """Stop, and let go of the own loudspeaker."""
        await self._to_line.close()
        await self._own.close()
