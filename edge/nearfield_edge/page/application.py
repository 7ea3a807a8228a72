"""The page's application: routes, and what stands before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from nearfield_edge.errors import EdgeError
from nearfield_edge.page.answers import Answers
from nearfield_edge.page.audio_socket import AudioSocket
from nearfield_edge.page.events_socket import EventsSocket
from nearfield_edge.page.guard import Guard
from nearfield_edge.page.hosts import Hosts
from nearfield_edge.page.problems import on_edge_error, on_fault, on_http_exception
from nearfield_edge.page.sessions import Sessions
from nearfield_sync.telemetry import Counters

STATIC: Final = Path(__file__).parent / "static"
"""What the front end is built into; not in the sources."""
_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Nearfield</title>
<p>The device works, but its page was not built: run <code>make setup</code> and start the device again.</p>
"""


def is_built(static: Path = STATIC) -> bool:
    """Whether there is a page to serve."""
    return (static / "index.html").is_file()


def application(
    *,
    answers: Answers,
    events: EventsSocket,
    audio: AudioSocket,
    hosts: Hosts,
    sessions: Sessions,
    now_ms: Callable[[], float],
    counters: Counters,
    static: Path = STATIC,
) -> Starlette:
    """Join the parts."""

    async def index(_: Request) -> Response:
        try:
            content = await asyncio.to_thread((static / "index.html").read_text, "utf-8")
        except OSError:
            return HTMLResponse(_NOT_BUILT, 503)
        return HTMLResponse(content, headers={"Cache-Control": "no-cache"})

    routes: list[BaseRoute] = [
        Route("/", index),
        Route("/kiosk", index),
        Route("/api/session", answers.sign_in, methods=["POST"]),
        Route("/api/session", answers.sign_out, methods=["DELETE"]),
        Route("/api/device", answers.device),
        Route("/api/turns", answers.turns),
        Route("/api/turns/{turn_id}", answers.turn),
        Route("/api/turns/{turn_id}/sound.wav", answers.sound),
        WebSocketRoute("/ws/events", events.serve),
        WebSocketRoute("/ws/audio", audio.serve),
    ]
    if is_built(static):
        routes.append(Mount("/assets", _Assets(directory=static / "assets", check_dir=False)))
    guard = Middleware(Guard, hosts=hosts, sessions=sessions, now_ms=now_ms, counters=counters)
    return Starlette(
        routes=routes,
        middleware=[guard],
        exception_handlers={
            HTTPException: on_http_exception,
            EdgeError: on_edge_error,
            Exception: on_fault,
        },
    )


class _Assets(StaticFiles):
    """Files whose names change with their content, so that they may be kept for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
