"""What time is for a sink: a count of 16 kHz samples.

With a live source that is real time (``RealTimeClock``). A recording that is read as fast as possible has
its own time, which passes only as its frames are taken (``InputClock``): the agent calls ``advance`` once
per input frame, and a reply that lasts two seconds then ends 200 frames later, however long or short the
computing took. ``held`` keeps such a clock from moving while a result is awaited that, in this telling of the
story, takes no time; so the same recording gives the same events on a fast and on a slow machine. Real time
cannot be held: there ``held`` does nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol

from nearfield_models.pcm import SAMPLE_RATE_HZ

_SETTLING_ROUNDS: Final = 4
"""Turns of the event loop: a task, the one that it starts or wakes, and so on, as deep as a sink goes."""


class PlaybackClock(Protocol):
    """Tells how many samples of time have passed."""

    def now(self) -> int:
        """Samples at 16 kHz since the clock began."""
        ...

    async def wait_until(self, sample: int) -> None:
        """Return once ``now()`` has reached ``sample``."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Keep time from passing meanwhile, where time can be kept."""
        ...


class RealTimeClock:
    """Time as it passes for people; it begins when first asked."""

    def __init__(self) -> None:
        self._began: float | None = None

    def _seconds(self) -> float:
        moment = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = moment
        return moment - self._began

    def now(self) -> int:
        """Samples at 16 kHz since the clock began."""
        return int(self._seconds() * SAMPLE_RATE_HZ)

    async def wait_until(self, sample: int) -> None:
        """Sleep until then; a moment in the past returns after letting others run."""
        await asyncio.sleep(max(0.0, sample / SAMPLE_RATE_HZ - self._seconds()))

    def held(self) -> AbstractContextManager[None]:
        """Real time cannot be held."""
        return nullcontext()


class InputClock:
    """Time that passes as input frames are taken."""

    def __init__(self) -> None:
        self._now = 0
        self._holders = 0
        self._free = asyncio.Event()
        self._free.set()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> int:
        """Samples that ``advance`` has let pass."""
        return self._now

    async def wait_until(self, sample: int) -> None:
        """Wait for ``advance`` to reach the sample; a moment in the past returns at once."""
        if sample <= self._now:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (sample, next(self._order), reached))
        await reached

    def held(self) -> AbstractContextManager[None]:
        """Make ``advance`` wait until this is left."""
        return self._held()

    @contextmanager
    def _held(self) -> Iterator[None]:
        self._holders += 1
        self._free.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._free.set()

    async def advance(self, samples: int) -> None:
        """Let time pass, once nobody holds it.

        Tasks that are ready run first, so that a reply that was just begun gets to hold the time; and whoever
        waited for the new time has run when this returns.
        """
        await _let_others_run()
        await self._free.wait()
        self._now += samples
        woken = False
        while self._waiting and self._waiting[0][0] <= self._now:
            _, _, reached = heapq.heappop(self._waiting)
            if not reached.done():
                reached.set_result(None)
                woken = True
        if woken:
            await _let_others_run()


async def _let_others_run() -> None:
    for _ in range(_SETTLING_ROUNDS):
        await asyncio.sleep(0)
