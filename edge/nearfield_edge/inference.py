"""The one place where models compute: a thread that takes the most urgent work first.

Sessions share one budget of runtime threads, so one piece of work runs at a time. Live work (the turn that
somebody waits for) goes before speculative work (a partial that may be thrown away), that before background
work. What is no longer wanted is cancelled between decoder steps, or never begun.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError

Result = TypeVar("Result")


class Priority(IntEnum):
    """Who waits; smaller goes first."""

    LIVE = 0
    SPECULATIVE = 1
    BACKGROUND = 2


class InferenceExecutor:
    """Runs functions on one thread in order of priority, then of submission."""

    def __init__(self, name: str = "inference") -> None:
        self._queue: list[tuple[int, int, Callable[[], Any], Future[Any], Cancellation]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(
        self, priority: Priority, work: Callable[[], Result], cancellation: Cancellation | None = None
    ) -> Future[Result]:
        """Queue ``work``; its future raises ``CancelledWorkError`` if cancelled before it began."""
        future: Future[Result] = Future()
        entry = (priority, next(self._order), work, future, cancellation or Cancellation())
        with self._changed:
            if self._closed:
                raise CancelledWorkError("the executor is closed")
            heapq.heappush(self._queue, entry)
            self._changed.notify()
        return future

    async def run(
        self, priority: Priority, work: Callable[[], Result], cancellation: Cancellation | None = None
    ) -> Result:
        """Queue ``work`` and await its result."""
        return await asyncio.wrap_future(self.submit(priority, work, cancellation))

    def close(self) -> None:
        """Finish the work at hand, drop the rest, end the thread."""
        with self._changed:
            self._closed = True
            dropped = self._queue
            self._queue = []
            self._changed.notify()
        for *_, future, _ in dropped:
            future.set_exception(CancelledWorkError("the executor was closed"))
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                _, _, work, future, cancellation = heapq.heappop(self._queue)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                cancellation.check()
                future.set_result(work())
            except BaseException as error:  # the waiter gets it, whatever it is
                future.set_exception(error)


def background_compute(
    executor: InferenceExecutor, *, unless: Callable[[], bool]
) -> Callable[[Callable[[], Result]], Future[Result] | None]:
    """What computes on the executor when nothing more urgent waits, and not at all while ``unless`` holds."""

    def compute(work: Callable[[], Result]) -> Future[Result] | None:
        return None if unless() else executor.submit(Priority.BACKGROUND, work)

    return compute
