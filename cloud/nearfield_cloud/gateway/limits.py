"""Connections that last, calls and WebSockets: how many at once, how long, and when one is quiet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.server import ConnectionSection
from nearfield_cloud.errors import CrowdedError, ServingError
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

Over = Literal["idle", "too_long", "shut_out"]
_LONGEST_WAIT_SECONDS: Final = 5.0


class ConnectionLimits:
    """Counts the connections of one process.

    A connection lives inside `admitted`; whoever holds it tells of each word from the other end with
    `Admission.heard`, and closes it when `Admission.until_over` returns::

        with limits.admitted(caller) as admission:
            watch = asyncio.create_task(admission.until_over())
    """

    def __init__(
        self,
        section: ConnectionSection,
        clock: Clock,
        counters: Counters,
        shut_out: Callable[[Caller], bool] = lambda caller: False,
    ) -> None:
        """Prepare.

        Args:
            section: The limits.
            clock: Measures.
            counters: ``nearfield_connections_refused_total`` and ``nearfield_connections_ended_total``.
            shut_out: Whether a caller was shut out since.
        """
        self.section = section
        self._clock = clock
        self._counters = counters
        self._shut_out = shut_out
        self._of_tenant: Counter[str] = Counter()
        self._of_caller: Counter[tuple[str, str, str]] = Counter()
        self._total = 0
        self._closing = False

    def close_to_new(self) -> None:
        """Admit nobody any more: the service is shutting down."""
        self._closing = True

    @property
    def is_closing(self) -> bool:
        """Whether nobody is admitted any more."""
        return self._closing

    @property
    def open(self) -> int:
        """How many there are."""
        return self._total

    @contextmanager
    def admitted(self, caller: Caller) -> Iterator[Admission]:
        """Count a connection while the block lasts.

        Raises:
            CrowdedError: There are too many, of all, of the tenant or of the caller.
            ServingError: The service is shutting down.
        """
        if self._closing:
            raise ServingError("the service is shutting down: try again in a moment")
        who = (caller.tenant, caller.kind, caller.subject)
        self._require_room(caller, who)
        self._total += 1
        self._of_tenant[caller.tenant] += 1
        self._of_caller[who] += 1
        try:
            yield Admission(caller, self.section, self._clock, self._shut_out, self._counters)
        finally:
            self._total -= 1
            self._of_tenant[caller.tenant] -= 1
            self._of_caller[who] -= 1
            self._of_tenant += Counter()  # drops those at nothing
            self._of_caller += Counter()

    def _require_room(self, caller: Caller, who: tuple[str, str, str]) -> None:
        for of, there_are, most in (
            ("service", self._total, self.section.total),
            ("tenant", self._of_tenant[caller.tenant], self.section.of_tenant),
            ("caller", self._of_caller[who], self.section.of_caller),
        ):
            if there_are >= most:
                self._counters.add("nearfield_connections_refused_total", of=of)
                raise CrowdedError(f"the {of} has {there_are} connections open, as many as it may: close one")


class Admission:
    """One connection's leave to be; it may outlive the token it began with, not being shut out."""

    def __init__(
        self,
        caller: Caller,
        section: ConnectionSection,
        clock: Clock,
        shut_out: Callable[[Caller], bool],
        counters: Counters,
    ) -> None:
        self.caller = caller
        self._section = section
        self._clock = clock
        self._shut_out = shut_out
        self._counters = counters
        self._began_ms = self._heard_ms = clock.monotonic_ms()

    def heard(self) -> None:
        """The other end has said something."""
        self._heard_ms = self._clock.monotonic_ms()

    def over(self) -> Over | None:
        """Why the connection has to end now, if it has to."""
        now_ms = self._clock.monotonic_ms()
        if self._shut_out(self.caller):
            return "shut_out"
        if now_ms - self._began_ms >= self._section.longest_seconds * 1_000:
            return "too_long"
        if now_ms - self._heard_ms >= self._section.idle_seconds * 1_000:
            return "idle"
        return None

    async def until_over(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> Over:
        """Wait until the connection has to end; says why."""
        while (reason := self.over()) is None:
            await sleep(self._wait_seconds())
        self._counters.add("nearfield_connections_ended_total", reason=reason)
        return reason

    def _wait_seconds(self) -> float:
        now_ms = self._clock.monotonic_ms()
        quiet = self._section.idle_seconds - (now_ms - self._heard_ms) / 1_000
        lasting = self._section.longest_seconds - (now_ms - self._began_ms) / 1_000
        return max(0.01, min(quiet, lasting, _LONGEST_WAIT_SECONDS))
