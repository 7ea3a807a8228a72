"""One tool's calls: so many at once, none while it is resting, none longer than allowed."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal, TypeVar

from nearfield_cloud.breaker import Asked, Breaker, BreakerSettings, Ended, step
from nearfield_cloud.errors import ToolArgumentsError, ToolBusyError, ToolTimeoutError
from nearfield_cloud.timing import Timekeeper, within

_Answer = TypeVar("_Answer")


class Bulkhead:
    """Keeps the trouble of one tool from everything else."""

    def __init__(
        self, name: str, time: Timekeeper, *, at_once: int, timeout_seconds: float, breaker: BreakerSettings
    ) -> None:
        self._name = name
        self._time = time
        self._at_once = at_once
        self._timeout_seconds = timeout_seconds
        self._settings = breaker
        self._breaker = Breaker()
        self.under_way = 0
        """Calls at this moment."""

    @property
    def phase(self) -> str:
        """``closed`` is well, ``open`` is resting, ``half_open`` is being tried."""
        return self._breaker.phase

    async def run(self, call: Awaitable[_Answer]) -> _Answer:
        """Await a call that has not begun yet.

        Raises:
            ToolBusyError: Nothing was begun: too many are under way, or the tool is resting.
            ToolTimeoutError: It took too long and was given up.
            Exception: What the call raised.
        """
        try:
            self._enter()
        except ToolBusyError:
            _drop(call)
            raise
        admitted_at_ms = self._time.monotonic_ms()
        outcome: Literal["succeeded", "failed", "given_up"] = "given_up"
        try:
            answer = await within(self._time, self._timeout_seconds, call)
            outcome = "succeeded"
            return answer
        except TimeoutError as error:
            outcome = "failed"
            raise ToolTimeoutError(
                f"tool {self._name} did not answer within {self._timeout_seconds:g} s"
            ) from error
        except ToolArgumentsError:
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            self.under_way -= 1
            ended = Ended(at_ms=self._time.monotonic_ms(), admitted_at_ms=admitted_at_ms, outcome=outcome)
            self._breaker, _ = step(self._breaker, ended, self._settings)

    def _enter(self) -> None:
        if self.under_way >= self._at_once:
            raise ToolBusyError(f"tool {self._name} has {self._at_once} calls under way: try again")
        asked = Asked(at_ms=self._time.monotonic_ms())
        self._breaker, admitted = step(self._breaker, asked, self._settings)
        if not admitted:
            raise ToolBusyError(f"tool {self._name} failed too often of late and is left alone for a while")
        self.under_way += 1


def _drop(call: Awaitable[object]) -> None:
    """A coroutine that nobody will await is closed, so that it does not complain."""
    close = getattr(call, "close", None)
    if close is not None:
        close()
