"""What a turn did, step by step: for its record, and as spans of its trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from nearfield_cloud.errors import CloudError
from nearfield_cloud.orchestrator.answer import Step
from nearfield_cloud.orchestrator.question import Question
from nearfield_models.errors import ModelsError
from nearfield_sync.clock import Clock
from nearfield_sync.tracing import PERSONAL_PREFIX

CANCELLED: Final = "cancelled"


class Doing:
    """A step under way; whoever does it may say more about it."""

    def __init__(self, name: str, started_at_ms: float) -> None:
        self.name = name
        self.started_at_ms = started_at_ms
        self.detail = ""
        self.fault = ""


class Steps:
    """The steps of one turn."""

    def __init__(self, question: Question, clock: Clock, tracer: Tracer | None) -> None:
        self._clock = clock
        self._tracer = tracer
        self._began_at_ms = clock.monotonic_ms()
        self._done: list[Step] = []
        self._span, self._context = _turn_span(question, tracer)

    def done(self) -> tuple[Step, ...]:
        """The steps that have ended, in the order of their beginnings."""
        return tuple(sorted(self._done, key=lambda step: step.started_ms))

    def since_ms(self) -> float:
        """How long ago the question arrived."""
        return self._clock.monotonic_ms() - self._began_at_ms

    @contextmanager
    def step(self, name: str, started_at_ms: float | None = None) -> Iterator[Doing]:
        """Time the block as a step; what it raises is the step's fault, and goes on.

        Args:
            name: As `Step` has it.
            started_at_ms: On the clock, where it began before the block.
        """
        doing = Doing(name, self._clock.monotonic_ms() if started_at_ms is None else started_at_ms)
        span = self._tracer.start_span(f"nearfield.{name}", context=self._context) if self._tracer else None
        try:
            yield doing
        except (asyncio.CancelledError, GeneratorExit):
            doing.fault = doing.fault or CANCELLED
            raise
        except (CloudError, ModelsError) as error:
            doing.fault = error.code
            raise
        finally:
            self._end(doing, span)

    def end(self, outcome: str) -> None:
        """The turn is over."""
        if self._span is not None:
            self._span.set_attribute("nearfield.outcome", outcome)
            self._span.end()

    def _end(self, doing: Doing, span: Span | None) -> None:
        self._done.append(
            Step(
                name=doing.name,
                started_ms=doing.started_at_ms - self._began_at_ms,
                duration_ms=self._clock.monotonic_ms() - doing.started_at_ms,
                detail=doing.detail,
                fault=doing.fault,
            )
        )
        if span is not None:
            span.set_attributes(_attributes_of(doing))
            if doing.fault:
                span.set_status(Status(StatusCode.ERROR, doing.fault))
            span.end()


def _attributes_of(doing: Doing) -> dict[str, str]:
    """As OpenTelemetry's conventions name them; a detail may hold words of the question."""
    attributes = {"nearfield.step": doing.name}
    kind, _, name = doing.name.partition(":")
    if kind == "model":
        attributes |= {"gen_ai.operation.name": "chat", "gen_ai.request.model": name}
    elif kind == "tool":
        attributes |= {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
    if doing.detail:
        attributes[f"{PERSONAL_PREFIX}detail"] = doing.detail
    return attributes


def _turn_span(question: Question, tracer: Tracer | None) -> tuple[Span | None, Context | None]:
    if tracer is None:
        return None, None
    carrier = {} if question.trace_parent is None else {"traceparent": question.trace_parent}
    parent = TraceContextTextMapPropagator().extract(carrier)
    span = tracer.start_span(
        "nearfield.turn",
        context=parent,
        attributes={"nearfield.turn_id": question.turn_id, "nearfield.tenant": question.caller.tenant},
    )
    return span, trace.set_span_in_context(span, parent)
