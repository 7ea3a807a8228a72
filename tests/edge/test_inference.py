"""The inference executor: the most urgent work first, nothing that is no longer wanted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from nearfield_edge.inference import InferenceExecutor, Priority, background_compute
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError

WAIT_SECONDS = 5.0


@pytest.fixture
def executor() -> Iterator[InferenceExecutor]:
    executor = InferenceExecutor()
    yield executor
    executor.close()


def blocked(executor: InferenceExecutor) -> tuple[threading.Event, Future[bool]]:
    """Occupy the thread until the event is set."""
    release, begun = threading.Event(), threading.Event()

    def hold() -> bool:
        begun.set()
        return release.wait(WAIT_SECONDS)

    future = executor.submit(Priority.LIVE, hold)
    assert begun.wait(WAIT_SECONDS)
    return release, future


def test_live_work_goes_before_speculative_and_that_before_background(executor: InferenceExecutor) -> None:
    release, _ = blocked(executor)
    order: list[str] = []
    futures = [
        executor.submit(priority, lambda name=name: order.append(name))  # type: ignore[misc]
        for priority, name in [
            (Priority.BACKGROUND, "background"),
            (Priority.SPECULATIVE, "partial 1"),
            (Priority.LIVE, "final"),
            (Priority.SPECULATIVE, "partial 2"),
        ]
    ]
    release.set()
    for future in futures:
        future.result(WAIT_SECONDS)
    assert order == ["final", "partial 1", "partial 2", "background"]


def test_work_cancelled_while_it_waits_never_begins(executor: InferenceExecutor) -> None:
    release, _ = blocked(executor)
    cancellation, begun = Cancellation(), threading.Event()
    future = executor.submit(Priority.SPECULATIVE, begun.set, cancellation)
    cancellation.cancel()
    release.set()
    with pytest.raises(CancelledWorkError):
        future.result(WAIT_SECONDS)
    assert not begun.is_set()


def test_a_failure_reaches_whoever_waits_and_the_thread_goes_on(executor: InferenceExecutor) -> None:
    def fail() -> None:
        raise EngineError("broken")

    with pytest.raises(EngineError, match="broken"):
        executor.submit(Priority.LIVE, fail).result(WAIT_SECONDS)
    assert executor.submit(Priority.LIVE, lambda: 7).result(WAIT_SECONDS) == 7


async def test_the_event_loop_goes_on_while_work_runs(executor: InferenceExecutor) -> None:
    release = threading.Event()
    running = asyncio.create_task(executor.run(Priority.LIVE, lambda: release.wait(WAIT_SECONDS)))
    await asyncio.sleep(0)
    release.set()
    assert await running


def test_closing_drops_what_waits_and_refuses_what_comes() -> None:
    executor = InferenceExecutor()
    release, held = blocked(executor)
    waiting = executor.submit(Priority.LIVE, lambda: None)
    closing = threading.Thread(target=executor.close)
    closing.start()
    with pytest.raises(CancelledWorkError):
        waiting.result(WAIT_SECONDS)
    release.set()
    closing.join(WAIT_SECONDS)
    assert held.result(WAIT_SECONDS)
    with pytest.raises(CancelledWorkError):
        executor.submit(Priority.LIVE, lambda: None)


def test_background_work_is_not_begun_while_something_speaks_against_it(
    executor: InferenceExecutor,
) -> None:
    busy = True
    compute = background_compute(executor, unless=lambda: busy)
    assert compute(lambda: 1) is None
    busy = False
    future = compute(lambda: 1)
    assert future is not None
    assert future.result(WAIT_SECONDS) == 1
