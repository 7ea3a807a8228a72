"""Around every request: its id, its trace, its line in the log, its answer's headers, and a net below."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nearfield_cloud.gateway.identification import notes_of
from nearfield_cloud.gateway.problems import problem
from nearfield_cloud.gateway.rates import Standing
from nearfield_cloud.identity.secrets import new_id
from nearfield_sync.telemetry import Counters, Log

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACE_PARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}
_TRANSPORT: Final = "max-age=31536000"


class Envelope:
    """Middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        counters: Counters,
        is_secure: Callable[[], bool],
        on_answered: Callable[[str, str, float], None] = lambda *_: None,
    ) -> None:
        self._app = app
        self._on_answered = on_answered
        self._counters = counters
        self._is_secure = is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and see that it is answered."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
        bound = {"request_id": request_id}
        trace = _TRACE_PARENT.fullmatch(headers.get("traceparent", "")[:512])
        if trace is not None:
            bound["trace_id"] = trace[1]
        notes_of(scope)["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        with structlog.contextvars.bound_contextvars(**bound):
            await self._answered(scope, receive, send, request_id)

    async def _answered(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                self._add_headers(scope, MutableHeaders(scope=message), request_id)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log: Log = structlog.get_logger()
            log.error("request_crashed", exc_info=error)
            if status or scope["type"] != "http":
                raise  # it is too late to say it; the server closes the connection
            await problem(500, "internal_error", "the service failed; its log says why, by the request's id")(
                scope, receive, sending
            )
        finally:
            self._note(scope, status, (time.perf_counter() - began) * 1_000)

    def _add_headers(self, scope: Scope, headers: MutableHeaders, request_id: str) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        headers["X-Request-Id"] = request_id
        if self._is_secure():
            headers["Strict-Transport-Security"] = _TRANSPORT
        rate: Standing | None = notes_of(scope).get("rate")
        if rate is not None:
            for name, value in rate.headers.items():
                headers[name] = value

    def _note(self, scope: Scope, status: int, took_ms: float) -> None:
        if scope["type"] != "http":
            return
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._counters.add("nearfield_http_requests_total", route=route, method=method, status=str(status))
        self._on_answered(route, method, took_ms / 1_000)
        log: Log = structlog.get_logger()
        log.info("request_answered", route=route, method=method, status=status, took_ms=round(took_ms, 1))
