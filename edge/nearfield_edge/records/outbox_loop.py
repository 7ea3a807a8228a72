"""Delivering effects beside everything else: one lane a skill, so that none waits for another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from nearfield_edge.errors import RecordError
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.outbox_entry import OutboxEntry

_log = structlog.get_logger()

LONGEST_SLEEP_SECONDS: Final = 30.0


class OutboxLoop:
    """Runs an outbox on the event loop; the work itself happens in threads."""

    def __init__(self, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._now = now
        self._woken = asyncio.Event()
        self._under_way: set[str] = set()

    def wake(self) -> None:
        """Something was committed. Call it on the event loop's thread."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is tried again after the next start."""
        async with asyncio.TaskGroup() as lanes:
            while True:
                self._woken.clear()
                try:
                    for entry in await asyncio.to_thread(self._outbox.due, self._now()):
                        if entry.skill not in self._under_way:
                            self._under_way.add(entry.skill)
                            lanes.create_task(self._attempt(entry), name=f"effect of {entry.skill}")
                    pause = await asyncio.to_thread(self._pause_seconds)
                except RecordError:
                    _log.warning("outbox_unreadable", exc_info=True)
                    pause = LONGEST_SLEEP_SECONDS
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._woken.wait()

    def _pause_seconds(self) -> float:
        due_ms = None if self._under_way else self._outbox.next_due_ms()
        if due_ms is None:
            return LONGEST_SLEEP_SECONDS
        return min(max(due_ms / 1000 - self._now().timestamp(), 0.05), LONGEST_SLEEP_SECONDS)

    async def _attempt(self, entry: OutboxEntry) -> None:
        try:
            await asyncio.to_thread(self._outbox.attempt, entry, self._now())
        except RecordError:
            _log.warning("effect_not_noted", key=entry.key, skill=entry.skill, exc_info=True)
            # The disk may stay full for long: do not knock at the receiver's door without a pause.
            await asyncio.sleep(1.0)
        finally:
            self._under_way.discard(entry.skill)
            self._woken.set()
