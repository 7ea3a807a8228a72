"""What flows until somebody wants no more of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TypeVar

Item = TypeVar("Item")


async def next_before(items: AsyncGenerator[Item], left_ms: float | None) -> Item | None:
    """The next item; None where there is none, or none in time.

    Args:
        items: Still to be closed by the caller.
        left_ms: How long it is waited for; None for as long as it takes.
    """
    try:
        async with asyncio.timeout(None if left_ms is None else max(0.0, left_ms / 1000)):
            return await anext(items)
    except (StopAsyncIteration, TimeoutError):
        return None


async def until(items: AsyncGenerator[Item], stop: asyncio.Future[None]) -> AsyncGenerator[Item]:
    """Give what comes, and end as soon as ``stop`` is done, whatever is waited for; ``items`` is closed then.

    To be used under ``aclosing``.
    """
    try:
        while True:
            coming = asyncio.ensure_future(anext(items))
            try:
                await asyncio.wait((coming, stop), return_when=asyncio.FIRST_COMPLETED)
                if not coming.done() or stop.done():
                    return
                try:
                    item = coming.result()
                except StopAsyncIteration:
                    return
            finally:
                coming.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await coming
            yield item
    finally:
        await items.aclose()
