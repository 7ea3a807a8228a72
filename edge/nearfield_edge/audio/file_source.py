"""Sound from a file: WAV, FLAC and what else libsndfile reads, of any length, in bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Final

import soundfile

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.framing import Framer
from nearfield_edge.audio.riff import missing_bytes
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SourceError
from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import HOP_SAMPLES, Samples
from nearfield_models.resampling import StreamResampler, mix_down

LONGEST_SECONDS: Final = 4 * 3600.0
_BLOCK_SECONDS: Final = 0.5
_UNREADABLE: Final = (OSError, RuntimeError, TypeError, ValueError)
"""What libsndfile's binding raises for a file that it cannot open or read."""


class FileSource:
    """Reads a recording, as fast as it is asked or at the speed of real time; the frames are the same."""

    lost_samples: Final = 0

    def __init__(
        self,
        path: Path,
        *,
        pace: PlaybackClock | None = None,
        longest_seconds: float = LONGEST_SECONDS,
    ) -> None:
        """Open the file.

        Args:
            path: What to read.
            pace: Gives each frame when its time has come; None gives them as fast as they are asked for.
            longest_seconds: A longer recording is refused.

        Raises:
            SourceError: No such file, no sound, damaged, or too long.
        """
        self._path = path
        self._pace = pace
        self._closed = False
        if not path.is_file():
            raise SourceError(f"there is no file {path}: name a recording")
        if not path.stat().st_size:
            raise SourceError(f"{path} is empty: name a recording with sound in it")
        try:
            missing = missing_bytes(path)
            self._file = soundfile.SoundFile(path)
        except _UNREADABLE as error:
            raise SourceError(
                f"{path} is not a sound file that can be read: expected WAV, FLAC, Ogg, MP3 or AIFF"
            ) from error
        try:
            self._check(missing, longest_seconds)
            self._resampler = StreamResampler(self._file.samplerate)
        except AudioFormatError as error:
            self._file.close()
            raise SourceError(f"{path} cannot be converted: {error}") from error
        except SourceError:
            self._file.close()
            raise

    def _check(self, missing: int, longest_seconds: float) -> None:
        seconds = self._file.frames / self._file.samplerate
        if missing:
            raise SourceError(
                f"{self._path} is truncated: {missing} bytes of its sound are missing; copy it again"
            )
        if not self._file.frames:
            raise SourceError(f"{self._path} holds no sound: name a recording with sound in it")
        if seconds > longest_seconds:
            raise SourceError(
                f"{self._path} lasts {seconds:.0f} s, longer than the limit of {longest_seconds:.0f} s: "
                "cut it or raise the limit for files"
            )

    @property
    def paced(self) -> bool:
        """Whether frames come at the speed of real time."""
        return self._pace is not None

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield the recording.

        Raises:
            SourceError: The file is damaged further on.
        """
        framer = Framer(self._path.name)
        began = self._pace.now() if self._pace else 0
        blocks = self._blocks()
        while not self._closed:
            block = await asyncio.to_thread(next, blocks, None)
            for frame in framer.finish() if block is None else framer.accept(block):
                if self._pace:
                    await self._pace.wait_until(began + frame.first_sample + HOP_SAMPLES)
                if self._closed:
                    return
                yield frame
            if block is None:
                return

    async def close(self) -> None:
        """Stop reading."""
        self._closed = True

    def _blocks(self) -> Iterator[Samples]:
        """Yield the sound at 16 kHz; runs in a worker thread, since decoding takes its time."""
        frames = max(1, int(self._file.samplerate * _BLOCK_SECONDS))
        read = 0
        with self._file:
            while True:
                try:
                    block = self._file.read(frames, dtype="float32", always_2d=True)
                except _UNREADABLE as error:
                    raise self._damaged(read) from error
                read += len(block)
                if not len(block):
                    break
                yield self._resampler.accept(mix_down(block))
            if read < self._file.frames:
                raise self._damaged(read)
        yield self._resampler.finish()

    def _damaged(self, read: int) -> SourceError:
        rate_hz = self._file.samplerate
        return SourceError(
            f"{self._path} is damaged after {read / rate_hz:.1f} s of the "
            f"{self._file.frames / rate_hz:.1f} s that it names: copy it again"
        )
