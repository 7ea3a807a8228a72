"""The seam of sound going out.

Contract for implementers:

* ``play`` returns when the last sample has been heard, or soon after ``stop``. One ``play`` at a time.
* ``stop`` never waits: it takes effect within one hop, whatever is queued, and without a click.
* Chunks are asked for ahead of time, up to a bounded number, so that a voice computes while it is heard.
* A chunk that comes late is an underrun: the listener hears a gap, and ``underruns`` counts it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What became of one ``play``."""

    samples: int
    """How much was really heard, at 16 kHz."""
    stopped: bool
    """Whether ``stop`` cut it short."""


class AudioSink(Protocol):
    """Where sound goes."""

    @property
    def underruns(self) -> int:
        """How often the next chunk was not there when it should have been heard."""
        ...

    async def play(
        self,
        chunks: AsyncIterator[Samples],
        rate_hz: int,
        *,
        on_first_sound: Callable[[], None] | None = None,
    ) -> Played:
        """Play ``float32[n]`` chunks at ``rate_hz`` one after the other, without a gap.

        Args:
            chunks: The caller closes it where it needs closing; what it raises is raised here.
            rate_hz: Rate of the chunks; the sink converts.
            on_first_sound: Called once, when the first sample is on its way to the listener.

        Raises:
            SinkError: Sound cannot be played, or no more of it.
        """
        ...

    def stop(self) -> None:
        """Be silent now; ``play`` returns what was heard until here. Nothing happens where nothing plays."""
        ...

    async def close(self) -> None:
        """Stop, and let go of the file, socket or device."""
        ...
