"""The real routes on a real port, with a scripted orchestrator behind them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import HTTPConnection

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.realtime import Realtime
from nearfield_cloud.errors import CloudError, IdentityError
from nearfield_cloud.orchestrator.answer import Orchestrator
from nearfield_cloud.realtime.composition import realtime_parts
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_cloud.realtime.routes import RealtimeParts, router, status_of
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

KEYS = {
    "key-of-kiosk": Caller(tenant="acme", subject="kiosk-1", kind="device", roles=frozenset({"device"})),
    "key-of-another": Caller(tenant="acme", subject="kiosk-2", kind="device", roles=frozenset({"device"})),
    "key-of-stranger": Caller(tenant="other", subject="kiosk-1", kind="device", roles=frozenset({"device"})),
}


async def caller_of(connection: HTTPConnection) -> Caller:
    """Who asks, by a key of the table above."""
    key = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if key not in KEYS:
        raise IdentityError("no such key")
    return KEYS[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service."""

    parts: RealtimeParts
    port: int
    counters: Counters

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def running_service(
    orchestrator: Orchestrator,
    *,
    settings: Realtime | None = None,
    engines: CallEngines | None = None,
    clock: Clock | None = None,
    page: str | None = None,
) -> AsyncIterator[Service]:
    """Serve on a free port of loopback."""
    counters = Counters()
    parts = realtime_parts(
        settings or Realtime(),
        orchestrator=orchestrator,
        caller=caller_of,
        engines=engines,
        counters=counters,
        clock=clock,
    )
    app = FastAPI()
    app.include_router(router(parts))

    @app.exception_handler(CloudError)
    async def problem(request: Request, error: CloudError) -> JSONResponse:
        return JSONResponse({"title": str(error), "code": error.code}, status_of(error))

    if page is not None:
        app.get("/")(lambda: _html(page))
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=0, log_level="warning", ws="websockets-sansio", lifespan="off"
        )
    )
    async with parts.running():
        listening = socket.create_server(("127.0.0.1", 0))  # whoever connects too soon waits in its queue
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield Service(parts=parts, port=listening.getsockname()[1], counters=counters)
        finally:
            await parts.calls.drain(0)
            server.should_exit = True
            await serving
    hearing = parts.calls.parts.hearing
    if hearing is not None:
        hearing.hearing.close()
        hearing.speech.close()


def _html(page: str) -> Any:
    from fastapi.responses import HTMLResponse

    return HTMLResponse(page)
