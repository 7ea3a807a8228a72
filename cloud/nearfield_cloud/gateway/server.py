"""Serves the application: bound, bounded, and ended without cutting off what is under way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import h11
import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.errors import ServingError
from nearfield_cloud.gateway.parts import Drains, GatewayParts
from nearfield_sync.telemetry import Log

HEADER_SECONDS: Final = 10.0
"""Until a request's headers have arrived, on a new connection or an open one."""
_KEEP_ALIVE_SECONDS: Final = 15
_PING_SECONDS: Final = 20.0
_GOODBYE_SECONDS: Final = 3


class PatientProtocol(H11Protocol):
    """HTTP whose headers must have arrived in time: slow ones would hold connections for nothing."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting once the headers are whole; begin again with the next request's."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._wait()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Begin to wait where a part of the next request has come already."""
        super().on_response_complete()
        if (
            self.conn.their_state is h11.IDLE
            and self.conn.trailing_data[0]
            and not self.transport.is_closing()
        ):
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def bind(host: str, port: int) -> socket.socket:
    """Take an address; nobody is answered yet.

    Raises:
        ServingError: It cannot be had.
    """
    six = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if six else socket.AF_INET,
            backlog=512,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ServingError(
            f"the service cannot be had at {host}, port {port} ({reason}): name another server.host or"
            " server.port, 0 takes any free one"
        ) from error


def url_of(configuration: Configuration, bound: socket.socket) -> str:
    """Where the service is had, if no configuration says otherwise."""
    scheme = "http" if configuration.server.tls_certificate is None else "https"
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (a name, nothing is bound)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class CloudServer:
    """The application at a bound address, until it is told to stop."""

    def __init__(self, app: ASGIApp, parts: GatewayParts, bound: socket.socket) -> None:
        server, limits = parts.configuration.server, parts.configuration.limits
        self._parts = parts
        self._bound = bound
        self._stopping = asyncio.Event()
        self._server = _Server(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                ws="websockets-sansio",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(server.trusted_proxies),
                forwarded_allow_ips=list(server.trusted_proxies),
                limit_concurrency=limits.request.connections,
                h11_max_incomplete_event_size=limits.request.header_bytes,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GOODBYE_SECONDS,
                ws_max_size=limits.connections.message_bytes,
                ws_ping_interval=_PING_SECONDS,
                ws_ping_timeout=_PING_SECONDS,
                ws_per_message_deflate=False,
                ssl_certfile=server.tls_certificate,
                ssl_keyfile=server.tls_key,
            )
        )

    async def run(self) -> None:
        """Answer until stopped; then no new call is taken, and those under way may come to their end.

        Raises:
            ServingError: The application did not start; its log says why.
        """
        serving = asyncio.create_task(self._server.serve(sockets=[self._bound]), name="serve")
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                await self._drain(self._parts.drains)
        finally:
            stopping.cancel()
            self._server.should_exit = True
            await serving
            self._bound.close()
        if not self._server.started:
            raise ServingError("the service did not start: its log says why")

    def stop(self) -> None:
        """End soon; a second time, end at once."""
        if self._stopping.is_set():
            self._server.force_exit = True
            self._server.forced.set()
        self._stopping.set()

    def stop_on_signals(self) -> None:
        """Stop on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self.stop)

    async def until_started(self) -> None:
        """Wait until it answers, while `run` runs."""
        await self._server.answering.wait()

    async def _drain(self, drains: Sequence[Drains]) -> None:
        seconds = self._parts.configuration.server.drain_seconds
        log: Log = structlog.get_logger()
        log.info("draining", connections=self._parts.connections.open, seconds=seconds)
        self._parts.connections.close_to_new()
        work = asyncio.gather(*(one.drain(seconds) for one in drains), return_exceptions=True)
        forced = asyncio.create_task(self._server.forced.wait())
        try:
            async with asyncio.timeout(seconds):
                waited: set[asyncio.Future[Any]] = {work, forced}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            self._parts.counters.add("nearfield_drain_cut_off_total")
            log.warning("drain_cut_off", connections=self._parts.connections.open)
        finally:
            forced.cancel()
            work.cancel()
            for result in await asyncio.gather(work, return_exceptions=True):
                if isinstance(result, Exception):
                    log.error("drain_failed", exc_info=result)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.forced = asyncio.Event()
        self.answering = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell of it."""
        await super().startup(sockets)
        self.answering.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `CloudServer`."""
        yield
