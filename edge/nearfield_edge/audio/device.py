"""A microphone that may be pulled out, put back and muted, and a speaker that stops at once.

The sound card's threads only read and fill ring buffers; everything else happens outside them. Microphone and
speaker of one process share one `SoundCard`, since looking for new devices is only possible while neither is
in use: a speaker is open only while it plays, and a lost microphone not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

import numpy as np

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.fading import fade
from nearfield_edge.audio.feed import ChunkFeed
from nearfield_edge.audio.live import GRACE_MS, Gap, LiveFrames
from nearfield_edge.audio.reference import PlaybackReference, ReferenceTrack
from nearfield_edge.audio.ring import CaptureRing, PlaybackRing
from nearfield_edge.audio.sink import Played
from nearfield_edge.audio.sound_card import CardStream, PortAudioCard, SoundCard
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SinkError, SourceError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples
from nearfield_models.resampling import StreamResampler, mix_down

RETRY_SECONDS: Final = 1
_CAPTURE_SECONDS: Final = 2
_PLAYBACK_SECONDS: Final = 1
_LONGEST_FADE_SECONDS: Final = 0.05
"""How long a stopped device may take to ask for the fade; then it is closed as it is."""


class Microphone:
    """A source. While muted the device is closed, so nothing is captured at all."""

    paced: Final = True

    def __init__(
        self, name: str | None = None, *, clock: PlaybackClock, card: SoundCard | None = None
    ) -> None:
        """Open the microphone.

        Args:
            name: Or part of it; None is the system's default.
            clock: Tells how much silence stands for sound that does not come.
            card: Shared with the speaker; PortAudio by default.

        Raises:
            SourceError: There is none, or it cannot be opened.
        """
        self._name = name
        self._clock = clock
        self._card = card or PortAudioCard()
        self._live = LiveFrames("microphone", clock)
        self._muted = False
        self._losses = 0
        self._overruns = 0
        self._overwritten = 0
        self._last_heard: int | None = None
        self._next_try = 0
        self._stream: CardStream | None = None
        self._open()

    @property
    def lost_samples(self) -> int:
        """How many samples became silence because the sound for them was lost."""
        in_ring = self._lost_in_ring(self._stream) if self._stream else 0
        return self._live.lost_samples + self._overwritten + in_ring

    @property
    def losses(self) -> int:
        """How often the device went away."""
        return self._losses

    @property
    def overruns(self) -> int:
        """How often the hardware reported sound that it could not hand over."""
        return self._overruns + (self._stream.faults if self._stream else 0)

    @property
    def muted(self) -> bool:
        """Whether the device is closed by will."""
        return self._muted

    def mute(self) -> None:
        """Close the device, now."""
        self._muted = True
        self._let_go()

    def unmute(self) -> None:
        """Open the device again with the next frame."""
        self._muted = False
        self._next_try = 0

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield what is heard until closed, and silence while muted or while the device is away."""
        async with aclosing(self._live.follow(self.poll)) as frames:
            async for frame in frames:
                yield frame

    async def close(self) -> None:
        """Let go of the device."""
        self._live.close()
        self._let_go()

    def _open(self) -> None:
        stream = self._card.open_input(self._name)
        self._ring = CaptureRing(stream.rate_hz * _CAPTURE_SECONDS, stream.channels)
        self._resampler = StreamResampler(stream.rate_hz)
        stream.start(self._ring.write)
        self._stream = stream

    def _let_go(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._overruns += stream.faults
            self._overwritten += self._lost_in_ring(stream)
            stream.close()

    def _lost_in_ring(self, stream: CardStream) -> int:
        return self._ring.lost * SAMPLE_RATE_HZ // stream.rate_hz

    async def poll(self) -> Samples | Gap:
        """What was captured since it was last asked; see `PolledSound`."""
        if self._last_heard is None:
            self._last_heard = self._clock.now()
        if self._muted:
            return Gap.ABSENT
        if self._stream is None:
            return await self._try_again()
        rows = self._ring.take()
        if len(rows):
            self._last_heard = self._clock.now()
            return self._resampler.accept(mix_down(rows.astype(np.float32) / 32768.0))
        silent = self._clock.now() - self._last_heard
        if not self._stream.alive or silent > GRACE_MS * SAMPLES_PER_MS:
            self._losses += 1
            self._let_go()
            return Gap.LOST
        return np.zeros(0, np.float32)

    async def _try_again(self) -> Samples | Gap:
        if self._clock.now() < self._next_try:
            return Gap.LOST
        self._next_try = self._clock.now() + RETRY_SECONDS * SAMPLE_RATE_HZ
        try:
            await asyncio.to_thread(self._look_and_open)
        except SourceError:
            return Gap.LOST
        if self._muted or self._live.closed:
            self._let_go()
        self._last_heard = self._clock.now()
        return np.zeros(0, np.float32)

    def _look_and_open(self) -> None:
        self._card.look_again()
        self._open()


class Speaker:
    """A sink. The device is open only while it plays, so that a new default one is used by the next reply."""

    def __init__(
        self,
        name: str | None = None,
        *,
        clock: PlaybackClock,
        card: SoundCard | None = None,
        reference: PlaybackReference | None = None,
    ) -> None:
        """Prepare; the device is opened by ``play``.

        Args:
            name: Or part of it; None is the system's default.
            clock: Paces looking after the ring, not the sound.
            card: Shared with the microphone; PortAudio by default.
            reference: Told of what is played, from the moment at which the device first took some of it.

        Raises:
            SourceError: PortAudio is not installed.
        """
        self._name = name
        self._clock = clock
        self._card = card or PortAudioCard()
        self._underruns = 0
        self._heard = 0
        self._stopping = False
        self._playing: asyncio.Task[None] | None = None
        self._stream: CardStream | None = None
        self._ring = PlaybackRing(1)
        self._reference = reference
        self._track: ReferenceTrack | None = None

    @property
    def underruns(self) -> int:
        """How often the next chunk was not there when it should have been heard."""
        return self._underruns + self._ring.underruns

    async def play(
        self,
        chunks: AsyncIterator[Samples],
        rate_hz: int,
        *,
        on_first_sound: Callable[[], None] | None = None,
    ) -> Played:
        """Play ``float32[n]`` chunks at ``rate_hz``; see `AudioSink`.

        Raises:
            SinkError: Something plays already, or the speaker cannot be opened, or went away.
        """
        if self._playing is not None:
            raise SinkError("a reply is played already: stop it or wait for its end")
        self._stopping, self._heard = False, 0
        # A task of its own, so that ``stop`` can end it wherever it waits.
        self._playing = asyncio.create_task(self._run(chunks, rate_hz, on_first_sound))
        try:
            await self._playing
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stopping or (task is not None and task.cancelling()):
                raise
        finally:
            try:
                if self._stopping:
                    await asyncio.to_thread(self._ring.wait_until_silent, _LONGEST_FADE_SECONDS)
            finally:
                self._playing = None
                self._let_go()
        return Played(samples=self._heard, stopped=self._stopping)

    def stop(self) -> None:
        """Be silent now: what was not played is not played, but for a few milliseconds that fade out."""
        if self._playing is not None and not self._stopping:
            self._stopping = True
            self._ring.fade_out(fade(self._stream.rate_hz if self._stream else SAMPLE_RATE_HZ))
            self._playing.cancel()

    async def close(self) -> None:
        """Stop, and close the device at once."""
        self.stop()
        self._let_go()

    async def _run(
        self, chunks: AsyncIterator[Samples], rate_hz: int, on_first_sound: Callable[[], None] | None
    ) -> None:
        stream = await asyncio.to_thread(self._open)
        began = False
        async with ChunkFeed(chunks, rate_hz, stream.rate_hz) as feed:
            while (chunk := await feed.next_chunk()) is not None:
                if chunk.size and not began and on_first_sound is not None:
                    on_first_sound()
                began = began or bool(chunk.size)
                await self._put(stream, chunk)
        self._ring.complete()
        while not self._ring.empty:
            await self._breathe(stream)
        await asyncio.to_thread(stream.finish)

    async def _put(self, stream: CardStream, chunk: Samples) -> None:
        at = 0
        while True:
            room = self._ring.room
            self._ring.write(chunk[at : at + room])
            if self._track is not None:
                self._track.add(chunk[at : at + room])
            at += room
            if at >= chunk.size:
                return
            await self._breathe(stream)

    async def _breathe(self, stream: CardStream) -> None:
        await self._clock.wait_until(self._clock.now() + HOP_SAMPLES)
        if self._track is not None:
            self._track.taken(self._ring.played)
        if not stream.alive:
            raise SinkError("the speaker went away while it played: plug it in again")

    def _open(self) -> CardStream:
        self._card.look_again()
        stream = self._card.open_output(self._name)
        self._ring = PlaybackRing(stream.rate_hz * _PLAYBACK_SECONDS)
        if self._reference is not None:
            self._track = ReferenceTrack(self._reference, self._clock, stream.rate_hz)
        stream.start(self._ring.fill)
        self._stream = stream
        return stream

    def _let_go(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
            self._heard = self._ring.played * SAMPLE_RATE_HZ // stream.rate_hz
            if self._track is not None:
                self._track.end(self._ring.played)
                self._track = None
            self._underruns += self._ring.underruns + stream.faults
            self._ring = PlaybackRing(1)
