"""The seam of sound coming in.

Contract for implementers:

* ``frames`` yields frames of exactly ``HOP_SAMPLES`` samples. ``first_sample`` counts from 0 without gaps:
  sound that was lost on the way (a full queue, a device pulled out) becomes frames of silence and is added
  to ``lost_samples``, so that positions always measure time. The last frame is filled up with silence.
* A source is iterated once, under ``contextlib.aclosing``. The iterator ends where the sound ends; a live
  source goes on until it is closed.
* Everything is converted to the inner format (``nearfield_models.pcm``) before it is yielded.
* ``close`` may be called at any time and more than once; the iterator then ends.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFrame:
    """10 ms of sound."""

    stream_id: str
    first_sample: int
    """Position of the first sample in the stream, at 16 kHz."""
    pcm: bytes
    """160 samples, int16 little-endian, mono."""


class AudioSource(Protocol):
    """Where sound comes from."""

    @property
    def paced(self) -> bool:
        """Whether frames come at the speed of real time; where not, they may be pulled at any speed."""
        ...

    @property
    def lost_samples(self) -> int:
        """How many samples became silence because the sound for them was lost."""
        ...

    def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield the sound in order.

        Raises:
            SourceError: Sound cannot be had, or no more of it.
        """
        ...

    async def close(self) -> None:
        """Stop listening and let go of the file, socket or device."""
        ...


@runtime_checkable
class Mutable(Protocol):
    """A source with a mute that reaches down to where the sound comes from.

    While muted no sound is taken in at all; the frames of that time are silence, and are not counted as lost.
    """

    @property
    def muted(self) -> bool:
        """Whether no sound is taken in."""
        ...

    def mute(self) -> None:
        """Stop taking in sound, now."""
        ...

    def unmute(self) -> None:
        """Take in sound again."""
        ...
