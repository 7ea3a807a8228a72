"""Raw sound on a byte stream, as another program writes it into this one's standard input."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import AsyncGenerator
from typing import Final

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.framing import Framer
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SourceError
from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import SAMPLE_RATE_HZ
from nearfield_models.resampling import PcmDecoder

_READ_BYTES: Final = 8_192
_QUEUE_BLOCKS: Final = 16
"""Blocks read but not taken; a full queue stops the reading, and with it whoever writes the pipe."""
_LEAD_SAMPLES: Final = SAMPLE_RATE_HZ // 2
"""How far a stream may run ahead of time: a recorder's own buffer comes in bursts."""


class StdinSource:
    """Reads interleaved little-endian samples until the stream ends."""

    lost_samples: Final = 0

    def __init__(
        self,
        stream: io.BufferedIOBase | io.RawIOBase,
        *,
        rate_hz: int,
        channels: int = 1,
        width_bits: int = 16,
        pace: PlaybackClock | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            stream: ``sys.stdin.buffer``, or any other with a file descriptor.
            rate_hz: Of the stream.
            channels: Interleaved; they are mixed down.
            width_bits: 8 (unsigned), 16, 24 or 32.
            pace: Keeps a writer who is faster than time from running ahead of it; None takes all as it comes.

        Raises:
            SourceError: A rate, channel count or width that cannot be converted, or a stream that is none.
        """
        try:
            self._decoder = PcmDecoder(rate_hz=rate_hz, channels=channels, width_bits=width_bits)
            self._descriptor = stream.fileno()
        except AudioFormatError as error:
            raise SourceError(f"standard input cannot be converted: {error}") from error
        except (OSError, ValueError) as error:
            raise SourceError("standard input is closed: pipe raw sound into it") from error
        self._is_inner_format = (rate_hz, channels, width_bits) == (SAMPLE_RATE_HZ, 1, 16)
        self._pace = pace
        self._closed = False
        self._blocks: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._room = threading.Semaphore(_QUEUE_BLOCKS)

    @property
    def paced(self) -> bool:
        """Whether the sound is heard at the speed of real time."""
        return self._pace is not None

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield the sound until the stream ends.

        Raises:
            SourceError: The stream cannot be read.
        """
        framer = Framer("stdin")
        began = None if self._pace is None else self._pace.now()
        loop = asyncio.get_running_loop()
        # A read of a pipe cannot be broken off, and must not keep the process from ending: a daemon thread.
        threading.Thread(target=self._read, args=(loop,), name="stdin", daemon=True).start()
        while not self._closed:
            block = await self._blocks.get()
            self._room.release()
            if isinstance(block, OSError):
                raise SourceError(f"standard input cannot be read: {block.strerror}") from block
            for frame in self._framed(framer, block):
                if self._pace is not None and began is not None:
                    due = began + frame.first_sample - _LEAD_SAMPLES
                    if due > self._pace.now():
                        await self._pace.wait_until(due)
                yield frame
            if not block:
                break
        for frame in framer.finish():
            yield frame

    def _framed(self, framer: Framer, block: bytes) -> list[AudioFrame]:
        if self._is_inner_format:
            return framer.accept_pcm(block)
        return framer.accept(self._decoder.accept(block) if block else self._decoder.finish())

    async def close(self) -> None:
        """Stop reading; the iterator ends at once."""
        if not self._closed:
            self._closed = True
            self._room.release()
            self._blocks.put_nowait(b"")

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        block: bytes | OSError = b"\0"
        while block and not isinstance(block, OSError):
            self._room.acquire()
            try:
                block = os.read(self._descriptor, _READ_BYTES)
            except OSError as error:
                block = error
            try:
                loop.call_soon_threadsafe(self._blocks.put_nowait, block)
            except RuntimeError:
                return  # the loop has ended, and nobody listens any more
            if self._closed:
                return
