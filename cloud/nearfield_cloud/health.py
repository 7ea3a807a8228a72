"""Whether the service lives and is ready, and what keeps it from being so.

``/livez`` says that the process answers at all: only a restart mends what it denies. ``/readyz`` says that
requests may be sent here: the checks that matter, each bounded in time and named; 503 with a problem document
otherwise. ``/healthz`` tells all checks, those that only degrade the service too.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from nearfield_cloud.gateway.problems import problem
from nearfield_sync.clock import EARLIEST_PLAUSIBLE, Clock
from nearfield_sync.telemetry import Log

NOT_READY: Final = "not_ready"
_RETRY_SECONDS: Final = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must be so."""

    name: str
    ask: Callable[[], Awaitable[str]]
    """Gives what is wrong, in words without secrets; empty where nothing is. What it raises is wrong too."""
    needed: bool = True
    """Whether the service is not ready without it; otherwise it is merely degraded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found."""

    name: str
    needed: bool
    wrong: str
    """Empty where nothing is."""
    took_ms: float


class Health:
    """Runs the checks, all at once; many who ask share one result."""

    def __init__(
        self, checks: Sequence[Check], clock: Clock, *, check_seconds: float, kept_seconds: float
    ) -> None:
        self._checks = tuple(checks)
        self._clock = clock
        self._check_seconds = check_seconds
        self._kept_ms = kept_seconds * 1000
        self._found: tuple[Finding, ...] = ()
        self._found_at_ms = float("-inf")
        self._asking: asyncio.Task[tuple[Finding, ...]] | None = None
        self._log: Log = structlog.get_logger()

    @property
    def latest(self) -> tuple[Finding, ...]:
        """What was found last; empty before anything was."""
        return self._found

    async def findings(self) -> tuple[Finding, ...]:
        """What all checks find now, or found a moment ago."""
        if self._clock.monotonic_ms() - self._found_at_ms <= self._kept_ms:
            return self._found
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all(), name="health")
        return await asyncio.shield(self._asking)

    async def _ask_all(self) -> tuple[Finding, ...]:
        before = {one.name: one.wrong for one in self._found}
        self._found = tuple(await asyncio.gather(*(self._asked(check) for check in self._checks)))
        self._found_at_ms = self._clock.monotonic_ms()
        for one in self._found:
            if bool(one.wrong) != bool(before.get(one.name, "")):
                told = self._log.warning if one.wrong else self._log.info
                told("health_changed", check=one.name, wrong=one.wrong, needed=one.needed)
        return self._found

    async def _asked(self, check: Check) -> Finding:
        began_ms = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(self._check_seconds):
                wrong = await check.ask()
        except TimeoutError:
            wrong = f"no answer within {self._check_seconds:g} s"
        except Exception as error:  # whatever a check runs into is what it has found
            code = getattr(error, "code", None)
            wrong = str(code) if isinstance(code, str) else type(error).__name__
        took_ms = self._clock.monotonic_ms() - began_ms
        return Finding(name=check.name, needed=check.needed, wrong=wrong, took_ms=round(took_ms, 1))


def health_router(health: Health) -> APIRouter:
    """``/livez``, ``/readyz`` and ``/healthz``; none of them asks who asks."""
    routes = APIRouter(tags=["health"])
    about: dict[str, Any] = {"security": []}

    @routes.get("/livez", openapi_extra=about)
    async def lives() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @routes.get("/readyz", openapi_extra=about, responses={503: {"description": "Not ready."}})
    async def ready() -> Response:
        """Whether requests may be sent here."""
        return _told([one for one in await health.findings() if one.needed])

    @routes.get("/healthz", openapi_extra=about, responses={503: {"description": "Not ready."}})
    async def healthy() -> Response:
        """All checks; degraded where one fails that is not needed."""
        return _told(await health.findings())

    return routes


def _told(findings: Sequence[Finding]) -> Response:
    checks = {
        one.name: {"status": "failed" if one.wrong else "ok", "wrong": one.wrong, "took_ms": one.took_ms}
        for one in findings
    }
    failed = [one for one in findings if one.wrong]
    if any(one.needed for one in failed):
        said = "; ".join(f"{one.name}: {one.wrong}" for one in failed if one.needed)
        return problem(503, NOT_READY, said, {"Retry-After": _RETRY_SECONDS}, checks=checks)
    return JSONResponse({"status": "degraded" if failed else "ok", "checks": checks})


def disk_check(folder: Path, least_free_bytes: int) -> Check:
    """There is room for what has to be written."""

    async def ask() -> str:
        free = (await asyncio.to_thread(shutil.disk_usage, folder)).free
        if free >= least_free_bytes:
            return ""
        return f"{free >> 20} MB are free where the data lies, {least_free_bytes >> 20} are needed"

    return Check(name="disk", ask=ask)


def clock_check(clock: Clock) -> Check:
    """The wall clock has been set: tokens are judged by it."""

    async def ask() -> str:
        now = clock.utc_now()
        return "" if now >= EARLIEST_PLAUSIBLE else f"the clock stands at {now:%Y-%m-%d}: set it"

    return Check(name="clock", ask=ask)


def loop_check(clock: Clock, longest_lag_seconds: float) -> Check:
    """The event loop runs what is due: a blocked one answers nobody in time."""

    async def ask() -> str:
        began_ms = clock.monotonic_ms()
        await asyncio.sleep(0)
        late_ms = clock.monotonic_ms() - began_ms
        return "" if late_ms <= longest_lag_seconds * 1000 else f"the event loop is {late_ms:.0f} ms late"

    return Check(name="event_loop", ask=ask, needed=False)
