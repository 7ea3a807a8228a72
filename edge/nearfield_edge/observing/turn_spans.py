"""A turn's record as the spans of its trace: one for the turn, one for each of its stages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from opentelemetry.trace import SpanContext

from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.tracing import SpanRecord, Value, child_context

TURN: Final = "nearfield.turn"
_NS_PER_MS: Final = 1_000_000


def spans_of(record: TurnRecord, context: SpanContext) -> tuple[SpanRecord, ...]:
    """Give the spans, the turn's own first.

    Args:
        record: Of a turn that is over.
        context: Of the turn's span; what the cloud was told, where it was asked.
    """
    zero_ns = _end_of_speech_ns(record)
    times_ms = [entry.at_ms for entry in record.timeline]
    begin_ms = min([*times_ms, 0.0])
    end_ms = max([*times_ms, record.timings_ms.done or 0.0, begin_ms])
    turn = SpanRecord(
        name=TURN,
        context=context,
        parent=None,
        started_ns=zero_ns + round(begin_ms * _NS_PER_MS),
        ended_ns=zero_ns + round(end_ms * _NS_PER_MS),
        attributes=_attributes(record),
        fault=record.faults[0] if record.faults and record.outcome == "failed" else "",
    )
    stages = (
        SpanRecord(
            name=f"nearfield.{name}",
            context=child_context(context, name),
            parent=context,
            started_ns=zero_ns + round(first_ms * _NS_PER_MS),
            ended_ns=zero_ns + round(last_ms * _NS_PER_MS),
            attributes=attributes,
        )
        for name, first_ms, last_ms, attributes in _stages(record, begin_ms)
    )
    return (turn, *stages)


def stage_seconds(record: TurnRecord) -> dict[str, float]:
    """How long each stage that happened took, by name."""
    begin_ms = min([0.0, *(entry.at_ms for entry in record.timeline)])
    return {name: (last - first) / 1000 for name, first, last, _ in _stages(record, begin_ms)}


def _stages(record: TurnRecord, begin_ms: float) -> Iterator[tuple[str, float, float, dict[str, Value]]]:
    """Stages with their times since the end of speech; what was done before it takes no time after it."""
    timings = record.timings_ms
    if begin_ms < 0:
        yield "listen", begin_ms, 0.0, {"nearfield.opened_by": record.opened_by}
    last_ms = 0.0
    for name, at_ms in (
        ("endpoint", timings.endpoint),
        ("recognise", timings.transcript),
        ("understand", timings.understood),
        ("respond", timings.first_audio),
        ("speak", timings.done if timings.first_audio is not None else None),
    ):
        if at_ms is None:
            continue
        now_ms = max(at_ms, last_ms)
        yield name, last_ms, now_ms, {}
        last_ms = now_ms
    escalation = record.escalation
    if escalation is not None and escalation.first_sentence_ms is not None:
        first_ms = timings.understood or 0.0
        yield (
            "escalate",
            first_ms,
            first_ms + escalation.first_sentence_ms,
            {
                "nearfield.outcome": escalation.outcome,
                "nearfield.plan": escalation.plan,
                "nearfield.masked": sum(escalation.masked.values()),
                "pii.question": escalation.sent,
            },
        )


def _attributes(record: TurnRecord) -> dict[str, Value]:
    understanding, route, reply = record.understanding, record.route, record.reply
    attributes: dict[str, Value] = {
        "gen_ai.conversation.id": record.turn_id.rpartition("-")[0] or record.turn_id,
        "nearfield.turn_id": record.turn_id,
        "nearfield.device_id": record.device_id,
        "nearfield.outcome": record.outcome,
        "nearfield.revision": record.revision,
        "nearfield.intent": understanding.intent or "",
        "nearfield.confidence": understanding.confidence,
        "nearfield.understood_by": understanding.source,
        "nearfield.faults": ",".join(record.faults),
        "pii.transcript": record.transcript,
        "pii.reply": "" if reply is None else reply.text,
    }
    if route is not None:
        attributes["nearfield.route"] = route.route
        attributes["nearfield.route.reason"] = route.reason
        attributes["nearfield.policy_version"] = route.policy_version
    return attributes


def _end_of_speech_ns(record: TurnRecord) -> int:
    """When speech ended; the record's one wall-clock time is when the turn began."""
    began = datetime.fromisoformat(record.started_at)
    before_ms = min([0.0, *(entry.at_ms for entry in record.timeline)])
    return round(began.timestamp() * 1000 - before_ms) * _NS_PER_MS
