"""Waiting as an input: deadlines and silences are measured by a clock that is handed in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from nearfield_sync.clock import Clock, SystemClock

_Result = TypeVar("_Result")


class Timekeeper(Clock, Protocol):
    """A clock that can also be waited for."""

    async def wait(self, seconds: float) -> None:
        """Come back when so much time has passed."""
        ...


class SystemTimekeeper(SystemClock):
    """The clocks of this machine, and its event loop's waiting."""

    async def wait(self, seconds: float) -> None:
        """Come back when so much time has passed."""
        await asyncio.sleep(seconds)


async def within(time: Timekeeper, seconds: float, work: Awaitable[_Result]) -> _Result:
    """Do ``work``, but no longer than ``seconds``; what is not done by then is cancelled and has ended.

    Raises:
        TimeoutError: The time has passed.
    """
    doing = asyncio.ensure_future(work)
    alarm = asyncio.ensure_future(time.wait(max(seconds, 0.0)))
    try:
        await asyncio.wait({doing, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise TimeoutError
    finally:
        await ended(doing, alarm)


async def ended(*tasks: asyncio.Future[object] | asyncio.Future[_Result] | asyncio.Future[None]) -> None:
    """Cancel what still runs and come back when all of it has stopped."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
