"""What one request may bring, and how long it may take; how often an address may ask at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from nearfield_cloud.configuration.server import RequestLimits
from nearfield_cloud.errors import RateError
from nearfield_cloud.gateway.identification import address_of, notes_of
from nearfield_cloud.gateway.problems import on_cloud_error, problem
from nearfield_cloud.gateway.rates import Rates

UNCOUNTED: Final = frozenset({"/healthz", "/livez", "/readyz", "/metrics"})
"""Asked by the operator's own machines, again and again."""
_CLOSE: Final = {"Connection": "close"}
"""What is left of the body would be taken for the next request."""


class Bounds:
    """Middleware that ends what is too large or too slow."""

    def __init__(self, app: ASGIApp, *, limits: RequestLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, within its bounds."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:20]) > self._limits.body_bytes:
            await self._too_large()(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._limits.answer_seconds) as patience:
                await self._app(scope, self._bounded(receive), _then(send, lambda: patience.reschedule(None)))
        except TimeoutError:
            if not patience.expired():
                raise
            await problem(503, "too_slow", f"no answer within {self._limits.answer_seconds:g} s")(
                scope, receive, send
            )

    def _bounded(self, receive: Receive) -> Receive:
        arrived = 0
        whole = False
        deadline = asyncio.get_running_loop().time() + self._limits.body_seconds

        async def bounded() -> Message:
            nonlocal arrived, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                # The framework would take any error of ours for one of the body's form.
                said = f"the body did not arrive within {self._limits.body_seconds:g} s"
                raise HTTPException(408, said, _CLOSE) from error
            arrived += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if arrived > self._limits.body_bytes:
                raise HTTPException(413, f"a body has at most {self._limits.body_bytes} bytes", _CLOSE)
            return message

        return bounded

    def _too_large(self) -> ASGIApp:
        return problem(413, "too_large", f"a body has at most {self._limits.body_bytes} bytes", _CLOSE)


class AddressRates:
    """Middleware that counts requests by the address they come from, before anybody is asked who they are."""

    def __init__(self, app: ASGIApp, *, rates: Rates) -> None:
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, if there are not too many."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in UNCOUNTED:
            await self._app(scope, receive, send)
            return
        connection = (
            WebSocket(scope, receive, send) if scope["type"] == "websocket" else HTTPConnection(scope)
        )
        try:
            standing = await self._rates.of_address(address_of(connection))
        except RateError as error:
            answer = await on_cloud_error(connection, error)
            if answer is not None:
                await answer(scope, receive, send)
            return
        if standing is not None:
            notes_of(scope)["rate"] = standing
        await self._app(scope, receive, send)


def _then(send: Send, begun: Callable[[], None]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun()
        await send(message)

    return sending
