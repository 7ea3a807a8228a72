"""The service's figures for Prometheus: durations and sizes of what is open, beside all counts.

The registry is handed down; each worker has its own and is scraped by itself. Labels take values that are
known beforehand (a route, a plan, a step), never a tenant, a person or anything said.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Protocol

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import IdentityError
from nearfield_cloud.health import Health
from nearfield_cloud.orchestrator.answer import (
    AnswerEvent,
    Finished,
    Listening,
    Orchestrator,
    Planned,
    SentenceReady,
)
from nearfield_cloud.orchestrator.question import Exchange, Question
from nearfield_sync.clock import Clock
from nearfield_sync.exposition import CONTENT_TYPE, DURATION_BUCKETS, exposition

KNOWN: Final = {
    "nearfield_drain_cut_off_total": "Stops that cut calls off.",
    "nearfield_model_tokens_total": "Tokens of language models.",
    "nearfield_rate_fallback_total": "Requests counted by this process alone, for want of Redis.",
    "nearfield_records_lost_total": "Turns that could not be recorded.",
    "nearfield_revocation_list_stale_total": "Looks at a list of revoked certificates that was too old.",
    "nearfield_call_sound_dropped_total": "Pieces of calls' sound that were dropped.",
    "nearfield_call_heartbeats_missed_total": "Heartbeats of calls that did not come.",
}
"""Counters without labels, shown before anything was counted."""


class CloudMetrics:
    """The instruments."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._requests = Histogram(
            "nearfield_http_request_seconds",
            "From a request's arrival to the end of its answer.",
            ["route", "method"],
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self._turns = Histogram(
            "nearfield_cloud_turn_seconds",
            "From a question's arrival to the end of its answer.",
            ["plan", "outcome"],
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self._first_sentences = Histogram(
            "nearfield_cloud_first_sentence_seconds",
            "From a question's arrival to the first sentence of its answer.",
            ["plan"],
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self._steps = Histogram(
            "nearfield_cloud_step_seconds",
            "One step of a turn: plan, rewrite, retrieve, a tool, a model, compose.",
            ["step", "fault"],
            registry=registry,
            buckets=DURATION_BUCKETS,
        )
        self._answering = Gauge(
            "nearfield_cloud_turns_open", "Questions that are being answered.", registry=registry
        )

    def request_answered(self, route: str, method: str, took_seconds: float) -> None:
        """A request is over."""
        self._requests.labels(route, method).observe(took_seconds)

    def first_sentence(self, plan: str, after_seconds: float) -> None:
        """An answer has begun."""
        self._first_sentences.labels(plan).observe(after_seconds)

    def turn_began(self) -> None:
        """A question arrived."""
        self._answering.inc()

    def turn_ended(self, plan: str, finished: Finished | None, took_seconds: float) -> None:
        """A turn is over; without `Finished` somebody cancelled it."""
        self._answering.dec()
        outcome = "cancelled" if finished is None else finished.outcome
        self._turns.labels(plan, outcome).observe(took_seconds)
        for step in finished.steps if finished is not None else ():
            self._steps.labels(step.name, step.fault).observe(max(0.0, step.duration_ms) / 1000)

    def gauge(self, name: str, said: str, value: Callable[[], float]) -> None:
        """Show a value whenever somebody looks.

        Args:
            name: ``nearfield_`` with a base unit.
            said: What it is.
            value: Asked in the thread that serves the figures.
        """
        Gauge(name, said, registry=self.registry).set_function(value)

    def gauges(self, name: str, said: str, label: str, values: Mapping[str, Callable[[], float]]) -> None:
        """Show values by a label whenever somebody looks; arguments as for `gauge`."""
        gauge = Gauge(name, said, [label], registry=self.registry)
        for value, ask in values.items():
            gauge.labels(value).set_function(ask)

    def health(self, health: Health) -> None:
        """Show what the checks found last."""
        self.registry.register(_HealthCollector(health))


class _HealthCollector(Collector):
    """1 where a check found nothing wrong; nothing before the first was asked."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterable[Metric]:
        findings = self._health.latest
        passed = GaugeMetricFamily("nearfield_check_ok", "Whether a check passed.", labels=["check"])
        for one in findings:
            passed.add_metric([one.name], 0 if one.wrong else 1)
        ready = bool(findings) and not any(one.wrong for one in findings if one.needed)
        yield passed
        yield GaugeMetricFamily(
            "nearfield_ready", "Whether the service calls itself ready.", value=float(ready)
        )


class MeasuredOrchestrator:
    """An `Orchestrator` whose turns are measured."""

    def __init__(self, inner: Orchestrator, metrics: CloudMetrics, clock: Clock) -> None:
        self._inner = inner
        self._metrics = metrics
        self._clock = clock

    def listen(self, caller: Caller | None = None, conversation: Sequence[Exchange] = ()) -> Listening:
        """Attend to one turn; arguments as in the seam."""
        return _MeasuredListening(self._inner.listen(caller, conversation), self._metrics, self._clock)


class _MeasuredListening:
    def __init__(self, inner: Listening, metrics: CloudMetrics, clock: Clock) -> None:
        self._inner = inner
        self._metrics = metrics
        self._clock = clock

    def hear(self, partial: str) -> None:
        self._inner.hear(partial)

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        self._inner.confirm(call_id, agreed=agreed)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        began_ms = self._clock.monotonic_ms()
        plan, finished, spoke = "none", None, False
        self._metrics.turn_began()
        try:
            async with aclosing(self._inner.answer(question)) as events:
                async for event in events:
                    if isinstance(event, Planned):
                        plan = event.plan
                    elif isinstance(event, SentenceReady) and not spoke:
                        spoke = True
                        self._metrics.first_sentence(plan, self._since(began_ms))
                    elif isinstance(event, Finished):
                        finished = event
                    yield event
        finally:
            self._metrics.turn_ended(plan, finished, self._since(began_ms))

    def _since(self, began_ms: float) -> float:
        return (self._clock.monotonic_ms() - began_ms) / 1000


class Registered(Protocol):
    """Whatever has the registry."""

    @property
    def registry(self) -> CollectorRegistry:
        """Of the process."""
        ...


def metrics_router(metrics: Registered, token: str | None) -> APIRouter:
    """``/metrics``; with a token for whoever brings it, without one for all who reach the port."""
    routes = APIRouter(tags=["health"])

    @routes.get("/metrics", include_in_schema=False)
    def shown(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = token is None or hmac.compare_digest(given.strip().encode(), token.encode())
        if token is not None and (scheme.lower() != "bearer" or not right):
            raise IdentityError("metrics are shown to whoever brings the operator's token")
        return Response(exposition(metrics.registry), media_type=CONTENT_TYPE)

    return routes
