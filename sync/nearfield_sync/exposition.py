"""Counts and durations as Prometheus reads them.

A process has one registry, made by whoever puts it together and handed down; the library's own global one
is never used. Names begin with ``nearfield_`` and end in their base unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, start_http_server
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from nearfield_sync.telemetry import Counters

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
DURATION_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.1, 1.5, 2, 3, 5, 8, 15, 30)
"""Seconds; the promises about a turn (0.7 and 1.1 s) are bounds of their own."""
MOST_SERIES: Final = 2_000
"""Of one counter; what is more is left out, and told in ``nearfield_series_left_out``."""


class CountersCollector(Collector):
    """Shows what `Counters` hold, whenever it is asked."""

    def __init__(self, counters: Counters, known: Mapping[str, str] | None = None) -> None:
        """Take the counters.

        Args:
            counters: Of the process.
            known: Counters that are shown before anything was counted, with what they count. Those without
                labels are shown as 0, so that an alert can tell nothing from nobody.
        """
        self._counters = counters
        self._known = dict(known or {})

    def collect(self) -> Iterable[Metric]:
        """One family a name."""
        families: dict[str, CounterMetricFamily] = {}
        left_out = 0
        for name, labels, value in self._counters.series():
            family = families.get(name)
            if family is None:
                family = CounterMetricFamily(name, self._known.get(name, name), labels=list(labels))
                families[name] = family
            if len(family.samples) >= MOST_SERIES:
                left_out += 1
                continue
            family.add_sample(name, labels, value)
        for name, said in self._known.items():
            if name not in families:
                families[name] = CounterMetricFamily(name, said, value=0)
        yield from families.values()
        yield CounterMetricFamily("nearfield_series_left_out_total", "Series over the limit.", value=left_out)


def new_registry(
    counters: Counters, *, version: str, known: Mapping[str, str] | None = None
) -> CollectorRegistry:
    """A registry with the process's own figures, its version and its counts.

    Args:
        counters: Of the process.
        version: Of the software.
        known: As `CountersCollector` takes them.
    """
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(CountersCollector(counters, known))
    build = Gauge(
        "nearfield_build_info", "Always 1; the label says which version runs.", ["version"], registry=registry
    )
    build.labels(version=version).set(1)
    return registry


class FiguresServer:
    """Serves a registry at a port of its own, in a thread of its own, to all who reach it; to be closed."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        """Begin to answer.

        Raises:
            OSError: The address cannot be had.
        """
        self._server, self._thread = start_http_server(port, host, registry)
        self.address: tuple[str, int] = self._server.server_address[:2]  # type: ignore[assignment]

    def close(self) -> None:
        """Answer no longer."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def exposition(registry: CollectorRegistry) -> bytes:
    """All of a registry in Prometheus's text form."""
    return generate_latest(registry)
