"""Where calls compute: a thread that serves one call after another, whatever one of them asks.

Work of one call keeps its order. A call that asks much waits behind its own work, not the others'; what waits
is bounded, for a call and in all. As there is one thread, engines that all calls share need no lock.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from nearfield_cloud.errors import ComputeFullError

Result = TypeVar("Result")
_Work = tuple[Callable[[], Any], "Future[Any]"]


class FairExecutor:
    """Runs functions for calls, in turns."""

    def __init__(self, name: str, *, most_of_call: int = 64, most: int = 1_024) -> None:
        """Start the thread.

        Args:
            name: Of the thread.
            most_of_call: How much work of one call may wait.
            most: How much work may wait in all.
        """
        self._waiting: dict[str, deque[_Work]] = {}
        self._turns: deque[str] = deque()
        """Calls whose work waits, the next first."""
        self._count = 0
        self._most_of_call = most_of_call
        self._most = most
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def waiting(self) -> int:
        """How much work waits."""
        with self._changed:
            return self._count

    def submit(self, call: str, work: Callable[[], Result]) -> Future[Result]:
        """Queue ``work`` behind the other work of ``call``.

        Raises:
            ComputeFullError: Too much waits already, or nothing is computed any more.
        """
        future: Future[Result] = Future()
        with self._changed:
            queue = self._waiting.get(call)
            length = len(queue) if queue else 0
            if self._closed or self._count >= self._most or length >= self._most_of_call:
                raise ComputeFullError("more sound waits to be computed than may: try again in a moment")
            if queue is None:
                queue = self._waiting[call] = deque()
                self._turns.append(call)
            queue.append((work, future))
            self._count += 1
            self._changed.notify()
        return future

    async def run(self, call: str, work: Callable[[], Result]) -> Result:
        """Queue ``work`` and await its result; cancelled while it waits, it is never begun."""
        return await asyncio.wrap_future(self.submit(call, work))

    def close(self) -> None:
        """Finish the work at hand, drop the rest, end the thread."""
        with self._changed:
            self._closed = True
            dropped = [future for queue in self._waiting.values() for _, future in queue]
            self._waiting.clear()
            self._turns.clear()
            self._count = 0
            self._changed.notify()
        for future in dropped:
            future.cancel()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._turns and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                work, future = self._next()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # the waiter gets it, whatever it is
                    future.set_exception(error)
            del work, future  # what they hold is not kept until the next work comes

    def _next(self) -> _Work:
        call = self._turns.popleft()
        queue = self._waiting[call]
        work = queue.popleft()
        self._count -= 1
        if queue:
            self._turns.append(call)
        else:
            del self._waiting[call]
        return work
