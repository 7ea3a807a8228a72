"""Waiting for a person's agreement: each question waits by its id, for so long."""

from __future__ import annotations

import asyncio

from nearfield_cloud.errors import OrchestrationError
from nearfield_cloud.timing import Timekeeper, within


class Confirmations:
    """What one turn waits for."""

    def __init__(self, time: Timekeeper) -> None:
        self._time = time
        self._waiting: dict[str, asyncio.Future[bool]] = {}
        self.nobody_waits = asyncio.Event()
        self.nobody_waits.set()
        self.waited_ms = 0.0
        """For how long somebody was waited for so far, this moment's waiting not counted."""
        self._since_ms = 0.0

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """Answer.

        Raises:
            OrchestrationError: Nothing of that id waits.
        """
        waiting = self._waiting.get(call_id)
        if waiting is None or waiting.done():
            raise OrchestrationError(
                "nothing of that id waits for a confirmation: it was answered or has ended"
            )
        waiting.set_result(agreed)

    def ask(self, call_id: str) -> asyncio.Future[bool]:
        """Begin to wait; to be awaited by `answered`."""
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._since_ms = self._time.monotonic_ms()
        self._waiting[call_id] = waiting
        self.nobody_waits.clear()
        return waiting

    async def answered(self, call_id: str, waiting: asyncio.Future[bool], seconds: float) -> bool | None:
        """What the person said; None where nobody answered in time."""
        try:
            return await within(self._time, seconds, waiting)
        except TimeoutError:
            return None
        finally:
            del self._waiting[call_id]
            if not self._waiting:
                self.waited_ms += self._time.monotonic_ms() - self._since_ms
                self.nobody_waits.set()
