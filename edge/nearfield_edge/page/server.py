"""Serves the page in the device's own event loop; signals stay the device's."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from nearfield_edge.errors import PageError
from nearfield_edge.page.certificate import CertificateFiles

LONGEST_MESSAGE_BYTES: Final = 64 * 1024
_PING_SECONDS: Final = 10.0
_GOODBYE_SECONDS: Final = 1
_MOST_CONNECTIONS: Final = 64
"""A page takes about ten; what is beyond is answered 503."""


def bind(host: str, port: int) -> socket.socket:
    """Take an address; nobody is answered yet.

    Raises:
        PageError: It cannot be had.
    """
    six = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if six else socket.AF_INET,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise PageError(
            f"the page cannot be served at {host}, port {port} ({reason}): name another"
            " page.host or page.port, 0 takes any free one"
        ) from error


class PageServer:
    """An application at a bound address."""

    def __init__(self, app: ASGIApp, bound: socket.socket, tls: CertificateFiles | None) -> None:
        """Prepare; `run` answers."""
        config = uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GOODBYE_SECONDS,
            ws_max_size=LONGEST_MESSAGE_BYTES,
            ws_ping_interval=_PING_SECONDS,
            ws_ping_timeout=_PING_SECONDS,
            ws_per_message_deflate=False,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
        )
        self._server = _Server(config)
        self._bound = bound

    async def run(self) -> None:
        """Answer until stopped or cancelled; in either case everybody is sent away first."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._bound]), name="serve page")
        try:
            await asyncio.shield(serving)
        finally:
            self.stop()
            await serving
            self._bound.close()

    def stop(self) -> None:
        """Send everybody away; `run` ends soon."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the device."""
        yield
