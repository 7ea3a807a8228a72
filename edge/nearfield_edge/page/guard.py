"""Stands before every request: right name, own origin, open session; and behind every answer: its headers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from nearfield_edge.page.hosts import Hosts, is_own_origin
from nearfield_edge.page.problems import problem
from nearfield_edge.page.sessions import Sessions
from nearfield_sync.telemetry import Counters

COOKIE: Final = "nearfield_session"
NO_SESSION: Final = 4401
FOREIGN_ORIGIN: Final = 4403
_OPEN_PLACES: Final = frozenset({"/", "/kiosk", "/api/session"})
_OPEN_FOLDER: Final = "/assets/"
_READING: Final = frozenset({"GET", "HEAD"})
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self)",
}


class Guard:
    """Middleware around the whole application."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Hosts,
        sessions: Sessions,
        now_ms: Callable[[], float],
        counters: Counters,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._sessions = sessions
        self._now_ms = now_ms
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            with suppress(WebSocketDisconnect):  # whoever is being refused may have gone
                await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "") if self._is_known_host(scope, headers) else None
        send = _with_headers(send, host, secure=scope["scheme"] == "https")
        refusal = self._refusal(scope, headers)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, code, detail = refusal
        self._counters.add("nearfield_page_refused_total", code=code)
        await problem(status, code, detail)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        websocket = WebSocket(scope, receive, send)
        if not self._is_known_host(scope, headers):
            self._counters.add("nearfield_page_refused_total", code="unknown_host")
            await websocket.send_denial_response(_unknown_host())
        elif not is_own_origin(headers.get("origin"), headers.get("host", "")):
            await self._refuse(websocket, FOREIGN_ORIGIN, "foreign_origin")
        elif not self._has_session(scope, headers):
            await self._refuse(websocket, NO_SESSION, "no_session")
        else:
            await self._app(scope, receive, send)

    async def _refuse(self, websocket: WebSocket, code: int, reason: str) -> None:
        """Close with a code: a browser tells its page nothing of a connection that was never accepted."""
        self._counters.add("nearfield_page_refused_total", code=reason)
        await websocket.accept()
        await websocket.close(code, reason)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
        if not self._is_known_host(scope, headers):
            return 421, "unknown_host", _UNKNOWN_HOST
        reading = scope["method"] in _READING
        if not reading and not is_own_origin(headers.get("origin"), headers.get("host", "")):
            return 403, "foreign_origin", "this may only be asked for by the device's own page"
        if not self._has_session(scope, headers) and not _is_open_to_all(scope):
            return 401, "no_session", "sign in first: `nearfield page` prints the link"
        return None

    def _is_known_host(self, scope: Scope, headers: Headers) -> bool:
        server = scope.get("server")
        return self._hosts.admits(headers.get("host", ""), server[0] if server else "")

    def _has_session(self, scope: Scope, headers: Headers) -> bool:
        """Whether there is one; the application finds its name in the scope."""
        name = session_in(headers.get("cookie", ""))
        known = self._sessions.use(name, self._now_ms())
        scope["nearfield_session"] = name if known else None
        return known


_UNKNOWN_HOST: Final = (
    "this device does not answer to that name: use an address of it, or name it in page.names of its"
    " configuration"
)


def _unknown_host() -> Response:
    return problem(421, "unknown_host", _UNKNOWN_HOST)


def session_in(cookies: str) -> str | None:
    """The session that a ``Cookie`` header names."""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _is_open_to_all(scope: Scope) -> bool:
    path = str(scope["path"])
    return path in _OPEN_PLACES or path.startswith(_OPEN_FOLDER)


def _with_headers(send: Send, host: str | None, *, secure: bool) -> Send:
    sockets = "" if host is None else f" {'wss' if secure else 'ws'}://{host}"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers["Content-Security-Policy"] = _policy(sockets)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_headers


def _policy(sockets: str) -> str:
    return (
        f"default-src 'self'; connect-src 'self'{sockets}; media-src 'self' blob:; worker-src 'self' blob:;"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
