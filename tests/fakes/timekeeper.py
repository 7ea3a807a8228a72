"""A timekeeper whose time the test moves; who waits is woken when their moment has come."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from nearfield_cloud.timing import Timekeeper
from tests.fakes.clock import SettableClock


class SettableTimekeeper(SettableClock):
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._somebody = asyncio.Condition()

    async def wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.monotonic_ms() + seconds * 1000, woken))
        async with self._somebody:
            self._somebody.notify_all()
        await woken

    async def pass_when_waited_for(self, seconds: float, *, passing: float | None = None) -> None:
        """Let time pass as soon as somebody waits for no longer than that; fails after 10 s of real time.

        Args:
            seconds: What somebody waits for at most; exactly that, where ``passing`` is given.
            passing: How much time passes, if not the same.
        """
        limit_ms = self.monotonic_ms() + seconds * 1000

        def waits() -> bool:
            waited = [at_ms for at_ms, woken in self._waiting if not woken.done()]
            return limit_ms in waited if passing is not None else any(at_ms <= limit_ms for at_ms in waited)

        async with asyncio.timeout(10), self._somebody:
            await self._somebody.wait_for(waits)
        self.pass_time(seconds if passing is None else passing)

    def pass_time(self, seconds: float) -> None:
        """Let time pass and wake whose moment has come."""
        self.advance(timedelta(seconds=seconds))
        for at_ms, woken in self._waiting:
            if at_ms <= self.monotonic_ms() and not woken.done():
                woken.set_result(None)
        self._waiting = [(at_ms, woken) for at_ms, woken in self._waiting if not woken.done()]


def as_timekeeper(time: SettableTimekeeper) -> Timekeeper:
    """Only here so that mypy checks the fake against the seam."""
    return time
