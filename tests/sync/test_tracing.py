"""Spans from here to a collector, and from one process to the next."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.trace import get_current_span

from nearfield_sync.tracing import (
    SpanRecord,
    TraceOptions,
    Tracing,
    arrived,
    carried,
    child_context,
    open_tracing,
    trace_id_of,
    turn_context,
)
from tests.fakes.collector import Collector, running_collector


def opened(collector: Collector, **more: Any) -> Tracing:
    tracing = open_tracing(
        TraceOptions(service="nearfield-edge", version="1", instance="till-1", endpoint=collector.url, **more)
    )
    assert tracing is not None
    return tracing


def turn(tracing: Tracing, turn_id: str = "t1", **attributes: str) -> SpanRecord:
    context = tracing.turn_context("till-1", turn_id)
    return SpanRecord(
        name="nearfield.turn", context=context, parent=None, started_ns=5, ended_ns=9, attributes=attributes
    )


def test_nothing_is_traced_unless_a_collector_is_named() -> None:
    assert open_tracing(TraceOptions(service="s", version="1", instance="i")) is None


def test_a_collector_that_the_site_forbids_is_not_opened() -> None:
    def admit(endpoint: str) -> None:
        raise PermissionError(endpoint)

    asked = TraceOptions(service="s", version="1", instance="i", endpoint="http://192.0.2.1/v1/traces")
    with pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        open_tracing(asked, admit)


def test_a_turn_and_what_another_process_does_for_it_are_one_trace() -> None:
    with running_collector() as collector:
        device, cloud = opened(collector), opened(collector)
        told = carried(device.turn_context("till-1", "t1"))
        with cloud.tracer.start_as_current_span("nearfield.retrieve", context=arrived(told)):
            assert get_current_span().get_span_context().is_valid
        device.export([turn(device)])
        device.close()
        cloud.close()
        spans = {span.name: span for span in collector.spans}
    assert spans["nearfield.retrieve"].trace_id == spans["nearfield.turn"].trace_id == trace_id_of(told)
    assert spans["nearfield.retrieve"].parent_id == spans["nearfield.turn"].span_id
    assert spans["nearfield.turn"].parent_id == ""


def test_what_was_said_stays_here_unless_the_site_lets_it_leave() -> None:
    with running_collector() as collector:
        for personal in (False, True):
            tracing = opened(collector, personal=personal)
            tracing.export([turn(tracing, **{"pii.transcript": "call anna", "nearfield.route": "skill"})])
            with tracing.tracer.start_as_current_span("nearfield.plan") as span:
                span.set_attribute("pii.detail", "call anna")
                span.add_event("call anna")
            tracing.close()
        discreet, open_ = collector.spans[:2], collector.spans[2:]
    assert [span.attributes for span in discreet] == [{"nearfield.route": "skill"}, {}]
    assert open_[0].attributes["pii.transcript"] == "call anna"
    assert open_[1].attributes == {"pii.detail": "call anna"}


def test_a_key_goes_with_the_spans_and_a_fault_marks_one() -> None:
    with running_collector() as collector:
        tracing = opened(collector, headers={"Authorization": "Bearer k"})
        context = tracing.turn_context("till-1", "t1")
        failed = SpanRecord(
            name="x", context=context, parent=None, started_ns=9, ended_ns=5, fault="tool_failed"
        )
        tracing.export([failed])
        tracing.close()
        assert collector.headers[0]["authorization"] == "Bearer k"
        assert [span.failed for span in collector.spans] == [True]


def test_the_share_of_turns_is_kept_and_the_same_for_all_who_see_a_turn() -> None:
    with running_collector() as collector:
        tracing = opened(collector, share=0.25)
        sampled = [
            tracing.turn_context("till-1", f"t{number}").trace_flags.sampled for number in range(2_000)
        ]
        tracing.export([turn(tracing, f"t{number}") for number in range(200)])
        tracing.close()
        assert 0.2 < sum(sampled) / len(sampled) < 0.3
        assert len(collector.spans) == sum(sampled[:200])


def test_a_collector_that_is_gone_costs_the_turn_nothing() -> None:
    with running_collector() as collector:
        pass
    tracing = opened(collector, timeout_seconds=0.2)
    tracing.export([turn(tracing)])
    tracing.close()


@pytest.mark.parametrize(
    "text",
    [None, "", "00-0-0-01", f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'0' * 16}-01", "x" * 4096],
)
def test_what_is_no_span_is_taken_for_none(text: str | None) -> None:
    assert arrived(text) is None


def test_ids_follow_from_names_alone() -> None:
    first = turn_context("till-1", "t1")
    assert carried(first) == carried(turn_context("till-1", "t1"))
    assert carried(first) != carried(turn_context("till-2", "t1"))
    assert child_context(first, "listen").span_id != child_context(first, "speak").span_id
    assert child_context(first, "listen").trace_id == first.trace_id
