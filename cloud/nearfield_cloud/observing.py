"""How the service is watched, joined: health, figures and traces, from the configuration to the gateway."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import structlog
from fastapi import APIRouter
from opentelemetry.trace import Tracer

from nearfield_cloud.configuration.observing import MetricsSection, ObservingSection
from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.errors import ConfigurationError, ServingError
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.health import Check, Health, clock_check, disk_check, health_router, loop_check
from nearfield_cloud.metrics import KNOWN, CloudMetrics, metrics_router
from nearfield_cloud.realtime.routes import RealtimeParts
from nearfield_cloud.storage.storage import Storage
from nearfield_sync.clock import Clock
from nearfield_sync.exposition import FiguresServer, new_registry
from nearfield_sync.passages.store import PassageStore
from nearfield_sync.telemetry import Counters, Log
from nearfield_sync.tracing import TraceOptions, Tracing, open_tracing

_CHECKED_EVERY_SECONDS: Final = 10.0
_LONGEST_TOKEN: Final = 4_096


class Observing:
    """What watches one process."""

    def __init__(self, configuration: Configuration, clock: Clock, counters: Counters, worker: str) -> None:
        self._section: ObservingSection = configuration.observing
        self._data = configuration.data
        self._clock = clock
        self.metrics = CloudMetrics(new_registry(counters, version=version("nearfield"), known=KNOWN))
        self.tracing: Tracing | None = open_tracing(_trace_options(self._section, worker))
        self._token = _first_line(self._section.metrics.token_file, "observing.metrics.token_file")
        self._figures = _figures_server(self._section.metrics, self.metrics)

    @property
    def tracer(self) -> Tracer | None:
        """For the orchestrator; None where nothing is traced."""
        return None if self.tracing is None else self.tracing.tracer

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """The port of their own, where figures have one."""
        return None if self._figures is None else self._figures.address

    def joined(self, parts: GatewayParts, checks: Sequence[Check] = ()) -> GatewayParts:
        """The gateway with all that watches it.

        Args:
            parts: As they are.
            checks: Of what else must be so: documents, engines.
        """
        health = self._health(parts, checks)
        self.metrics.health(health)
        connections = parts.connections
        self.metrics.gauge(
            "nearfield_connections_open", "Calls and WebSockets.", lambda: float(connections.open)
        )
        routers: list[APIRouter] = [health_router(health)]
        if self._token:
            routers.append(metrics_router(self.metrics, self._token))
        return replace(
            parts,
            routers=(*parts.routers, *routers),
            beside=(*parts.beside, lambda: _checking(health)),
            on_answered=self.metrics.request_answered,
        )

    def close(self) -> None:
        """Send the spans that wait, and close the port."""
        if self.tracing is not None:
            self.tracing.close()
        if self._figures is not None:
            self._figures.close()

    def _health(self, parts: GatewayParts, checks: Sequence[Check]) -> Health:
        section = self._section.health
        own = (
            database_check(parts.storage),
            disk_check(self._data, section.least_free_megabytes << 20),
            clock_check(self._clock),
            loop_check(self._clock, section.longest_lag_seconds),
            Check(name="accepting", ask=lambda: _accepting(parts)),
        )
        return Health(
            (*own, *checks),
            self._clock,
            check_seconds=section.check_seconds,
            kept_seconds=section.kept_seconds,
        )


@asynccontextmanager
async def open_observing(
    configuration: Configuration, clock: Clock, counters: Counters, worker: str | None = None
) -> AsyncIterator[Observing]:
    """What watches the process, for as long as the block lasts.

    Raises:
        ConfigurationError: A token cannot be read.
        ServingError: The port for figures cannot be had.
    """
    name = worker or f"{socket.gethostname()}-{secrets.token_hex(3)}"
    observing = await asyncio.to_thread(Observing, configuration, clock, counters, name)
    try:
        yield observing
    finally:
        await asyncio.to_thread(observing.close)


def calls_watched(metrics: CloudMetrics, realtime: RealtimeParts) -> None:
    """Show how many calls there are, and what waits to be computed for them."""
    calls = realtime.calls
    metrics.gauge("nearfield_calls_open", "Calls held by this worker.", lambda: float(len(calls)))
    metrics.gauge("nearfield_calls_talking", "Calls in which somebody talks.", lambda: float(calls.talking))
    hearing = calls.parts.hearing
    if hearing is not None:
        executors = {"hearing": hearing.hearing, "speech": hearing.speech}
        metrics.gauges(
            "nearfield_compute_waiting",
            "Work of calls that waits for its thread.",
            "executor",
            {name: one.waiting for name, one in executors.items()},
        )


def knowledge_check(store: PassageStore) -> Check:
    """The documents' store answers."""

    async def ask() -> str:
        await store.documents("")
        return ""

    return Check(name="knowledge", ask=ask)


def database_check(storage: Storage) -> Check:
    """The database answers."""

    async def ask() -> str:
        async with storage.reading() as connection:
            await connection.execute(sa.select(1))
        return ""

    return Check(name="database", ask=ask)


async def _accepting(parts: GatewayParts) -> str:
    return "the service is shutting down" if parts.connections.is_closing else ""


async def _checking(health: Health) -> None:
    """Ask the checks now and then, so that figures tell of them where nobody asks."""
    while True:
        await health.findings()
        await asyncio.sleep(_CHECKED_EVERY_SECONDS)


def _trace_options(section: ObservingSection, worker: str) -> TraceOptions:
    tracing = section.tracing
    token = _first_line(tracing.token_file, "observing.tracing.token_file")
    return TraceOptions(
        service="nearfield-cloud",
        version=version("nearfield"),
        instance=worker,
        endpoint=tracing.endpoint,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        share=tracing.share,
        timeout_seconds=tracing.timeout_seconds,
        personal=tracing.personal,
    )


def _figures_server(section: MetricsSection, metrics: CloudMetrics) -> FiguresServer | None:
    if section.port is None:
        return None
    try:
        server = FiguresServer(metrics.registry, section.host, section.port)
    except OSError as error:
        raise ServingError(
            f"figures cannot be had at {section.host}, port {section.port} ({error.strerror}): name another"
            " observing.metrics.port, 0 takes any free one"
        ) from error
    log: Log = structlog.get_logger()
    log.info("metrics_served", host=server.address[0], port=server.address[1])
    return server


def _first_line(file: Path | None, key: str) -> str | None:
    if file is None:
        return None
    try:
        line = file.read_text("utf-8")[:_LONGEST_TOKEN].partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key} {file} cannot be read: {error}") from error
    if not line:
        raise ConfigurationError(f"{key} {file} is empty: its first line is the token")
    return line
