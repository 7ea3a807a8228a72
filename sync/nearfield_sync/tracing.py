"""Traces by OpenTelemetry: set up in one place, handed down, off unless a collector is named.

A turn is one trace from the device to the cloud's tool call. Its ids follow from the names of device and
turn (`turn_context`), so that whoever asks the cloud can name the turn's span before it has ended, and the
device's record becomes spans afterwards, without anything having been kept. Between processes the span
travels as text, in W3C's form (`carried`, `arrived`).

Attributes are named ``gen_ai.*`` as OpenTelemetry's conventions have them, else ``nearfield.*``. What a
person said goes under ``pii.*`` only, and leaves only where the site allows it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

Value = str | bool | int | float
PERSONAL_PREFIX: Final = "pii."
_TRACE_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_LONGEST_VALUE: Final = 2_000
_MOST_WAITING: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOptions:
    """Where spans go."""

    service: str
    """``nearfield-edge`` or ``nearfield-cloud``."""
    version: str
    instance: str
    """The device's id, or the worker's."""
    endpoint: str | None = None
    """A collector's, for OTLP over HTTP, such as ``http://127.0.0.1:4318/v1/traces``; None for none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every export, such as a collector's key."""
    share: float = 1.0
    """Of turns that are traced where nobody before has decided it; 0..1."""
    timeout_seconds: float = 5.0
    personal: bool = False
    """Whether what people said may leave as attributes under ``pii.*``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRecord:
    """A span that is over; times in nanoseconds since 1970."""

    name: str
    context: SpanContext
    parent: SpanContext | None
    started_ns: int
    ended_ns: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    fault: str = ""
    """Code of what went wrong; empty where nothing did."""
    kind: SpanKind = SpanKind.INTERNAL


class DiscreetExporter(SpanExporter):
    """Lets no attribute out that says what a person said; events and links of spans neither."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans without ``pii.*``."""
        return self._inner.export([_discreet(span) for span in spans])

    def shutdown(self) -> None:
        """End."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._inner.force_flush(timeout_millis)


class Tracing:
    """Spans of this process, on their way to a collector; to be closed."""

    def __init__(self, options: TraceOptions, exporter: SpanExporter) -> None:
        """Begin to export, in a thread of its own; what a collector cannot take in time is dropped."""
        self.personal = options.personal
        self._resource = Resource(
            {
                "service.name": options.service,
                "service.version": options.version,
                "service.instance.id": options.instance,
            }
        )
        self._processor = BatchSpanProcessor(
            exporter if options.personal else DiscreetExporter(exporter),
            max_queue_size=_MOST_WAITING,
            export_timeout_millis=options.timeout_seconds * 1000,
        )
        self._sampler = TraceIdRatioBased(options.share)
        self._provider = TracerProvider(
            sampler=ParentBased(self._sampler),
            resource=self._resource,
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attribute_length=_LONGEST_VALUE),
        )
        self._provider.add_span_processor(self._processor)

    @property
    def tracer(self) -> Tracer:
        """Makes spans for what goes on now."""
        return self._provider.get_tracer("nearfield")

    def turn_context(self, instance: str, turn_id: str) -> SpanContext:
        """The span of a turn, sampled or not as the share has it."""
        return turn_context(instance, turn_id, bound=self._sampler.bound)

    def export(self, spans: Sequence[SpanRecord]) -> None:
        """Send spans that are over."""
        for one in spans:
            if one.context.trace_flags.sampled:
                self._processor.on_end(self._readable(one))

    def close(self) -> None:
        """Send what waits, and end; takes seconds where the collector does not answer."""
        self._provider.shutdown()

    def flush(self, timeout_ms: int = 5_000) -> bool:
        """Send what waits; whether all of it went in time."""
        return self._provider.force_flush(timeout_ms)

    def _readable(self, one: SpanRecord) -> ReadableSpan:
        attributes = {
            name: value[:_LONGEST_VALUE] if isinstance(value, str) else value
            for name, value in one.attributes.items()
        }
        return ReadableSpan(
            name=one.name,
            context=one.context,
            parent=one.parent,
            resource=self._resource,
            attributes=attributes,
            kind=one.kind,
            status=Status(StatusCode.ERROR, one.fault) if one.fault else Status(StatusCode.UNSET),
            start_time=one.started_ns,
            end_time=max(one.ended_ns, one.started_ns),
        )


def open_tracing(options: TraceOptions, admit: Callable[[str], None] | None = None) -> Tracing | None:
    """Begin to trace, or None where no collector is named.

    Args:
        options: Where to.
        admit: Raises where the site does not let the device reach that address.
    """
    if options.endpoint is None:
        return None
    if admit is not None:
        admit(options.endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(
        endpoint=options.endpoint, headers=dict(options.headers), timeout=options.timeout_seconds
    )
    return Tracing(options, exporter)


def _discreet(span: ReadableSpan) -> ReadableSpan:
    attributes = {
        name: value for name, value in (span.attributes or {}).items() if not name.startswith(PERSONAL_PREFIX)
    }
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def turn_context(instance: str, turn_id: str, *, bound: int = 1 << 64) -> SpanContext:
    """The span of a turn: its ids follow from the names.

    Args:
        instance: The device.
        turn_id: Of the turn.
        bound: It is sampled where the low half of the trace's id is below.
    """
    digest = hashlib.sha256(f"{instance}\n{turn_id}".encode()).digest()
    trace_id = int.from_bytes(digest[:16], "big") or 1
    sampled = (trace_id & ((1 << 64) - 1)) < bound
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return SpanContext(
        trace_id, int.from_bytes(digest[16:24], "big") or 1, is_remote=False, trace_flags=flags
    )


def child_context(parent: SpanContext, name: str) -> SpanContext:
    """The span of something in a turn that is named once in it."""
    digest = hashlib.sha256(f"{parent.trace_id:032x}{parent.span_id:016x}{name}".encode()).digest()
    return SpanContext(
        parent.trace_id,
        int.from_bytes(digest[:8], "big") or 1,
        is_remote=False,
        trace_flags=parent.trace_flags,
    )


def carried(context: SpanContext) -> str:
    """A span as text, in W3C's form ``traceparent``."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def arrived(text: str | None) -> Context | None:
    """The context of a span that came as text; None for none, and for what is no such text."""
    match = _TRACE_PARENT.fullmatch(text or "")
    if match is None or not int(match[1], 16) or not int(match[2], 16):
        return None
    flags = TraceFlags(int(match[3], 16))
    remote = SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(remote))


def trace_id_of(text: str | None) -> str | None:
    """The trace's id in a ``traceparent``, for logs; None where there is none."""
    match = _TRACE_PARENT.fullmatch(text or "")
    return match[1] if match else None
