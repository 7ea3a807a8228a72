"""What watches one device, from the configuration; told of every turn's record."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import structlog

from nearfield_edge.composition.surroundings import Surroundings
from nearfield_edge.configuration.observing import TracingSection
from nearfield_edge.errors import ConfigurationError, EgressRefusedError
from nearfield_edge.observing.figures import DeviceFigures
from nearfield_edge.observing.turn_spans import spans_of
from nearfield_sync.exposition import FiguresServer
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Log
from nearfield_sync.tracing import TraceOptions, Tracing, carried, open_tracing

_LONGEST_TOKEN: Final = 4_096


class Observing:
    """Figures at a port of their own and spans to a collector, each where it is configured; to be closed."""

    def __init__(self, place: Surroundings) -> None:
        """Begin.

        Raises:
            ConfigurationError: A token cannot be read, or the port cannot be had.
        """
        section = place.configuration.observing
        self._device_id = place.configuration.device.id
        self._log: Log = structlog.get_logger()
        self.figures = DeviceFigures(place.counters)
        self.tracing: Tracing | None = self._tracing(place, section.tracing)
        self.server: FiguresServer | None = None
        if section.metrics.port is not None:
            try:
                self.server = FiguresServer(self.figures.registry, section.metrics.host, section.metrics.port)
            except OSError as error:
                self.close()
                raise ConfigurationError(
                    f"observing.metrics: {section.metrics.host}, port {section.metrics.port} cannot be had"
                    f" ({error.strerror}): name another, 0 takes any free one"
                ) from error
            host, port = self.server.address
            self._log.info("metrics_served", host=host, port=port)

    def turn_ended(self, record: TurnRecord) -> None:
        """Take the record of a turn; costs well under a millisecond."""
        self.figures.turn_ended(record)
        if self.tracing is not None:
            self.tracing.export(spans_of(record, self.tracing.turn_context(self._device_id, record.turn_id)))

    def trace_parent(self, turn_id: str) -> str | None:
        """What the cloud is told of a turn's span; None where nothing is traced."""
        if self.tracing is None:
            return None
        return carried(self.tracing.turn_context(self._device_id, turn_id))

    def close(self) -> None:
        """Send what waits and end; takes seconds where a collector does not answer."""
        if self.tracing is not None:
            self.tracing.close()
        if self.server is not None:
            self.server.close()

    def _tracing(self, place: Surroundings, section: TracingSection) -> Tracing | None:
        """Spans' way to the collector; a site that forbids it has none, and the log says so."""
        token = _first_line(section.token_file)

        def admit(endpoint: str) -> None:
            parts = urlsplit(endpoint)
            place.egress.check(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

        options = TraceOptions(
            service="nearfield-edge",
            version=version("nearfield"),
            instance=self._device_id,
            endpoint=section.endpoint,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            share=section.share,
            timeout_seconds=section.timeout_seconds,
            personal=section.personal,
        )
        try:
            return open_tracing(options, admit)
        except EgressRefusedError as error:
            self._log.error("traces_not_sent", code=error.code, exc_info=error)
            return None


def _first_line(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8")[:_LONGEST_TOKEN].partition("\n")[0].strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"observing.tracing.token_file {file} cannot be read: {error}") from error
