"""What machines are told of a device's turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from nearfield_edge.composition.surroundings import Surroundings, surroundings
from nearfield_edge.configuration.tree import parse_configuration
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.observing.observing import Observing
from nearfield_edge.observing.turn_spans import spans_of, stage_seconds
from nearfield_sync.messages.turn_record import (
    EscalationRecord,
    ReplyRecord,
    RouteDecision,
    TimelineEntry,
    Timings,
    TurnRecord,
    Understanding,
)
from nearfield_sync.tracing import trace_id_of, turn_context
from tests.fakes.collector import running_collector

RECORD = TurnRecord(
    turn_id="20260302-ab12-00001",
    device_id="till-1",
    started_at="2026-03-02T09:00:00.000+00:00",
    opened_by="wake",
    outcome="answered",
    transcript="how often do i descale it",
    understanding=Understanding(intent=None, skill=None),
    route=RouteDecision(route="cloud", reason="no sentence fits", confidence=0.0, policy_version="5"),
    reply=ReplyRecord(text="Once a month.", source="cloud"),
    timings_ms=Timings(endpoint=100.0, transcript=80.0, understood=200.0, first_audio=500.0, done=1500.0),
    versions={},
    escalation=EscalationRecord(
        sent="how often do i descale it", masked={"name": 2}, outcome="answered", first_sentence_ms=250.0
    ),
    timeline=(
        TimelineEntry(at_ms=-1800.0, event="opened"),
        TimelineEntry(at_ms=0.0, event="speech_ended"),
        TimelineEntry(at_ms=1500.0, event="done"),
    ),
)


def place(tmp_path: Path, mode: str = "open", **observing: object) -> Surroundings:
    written = {
        "device": {"id": "till-1", "data": str(tmp_path), "site_mode": mode},
        "observing": observing,
    }
    return surroundings(parse_configuration(written, where="test"))


def test_a_turn_is_one_span_with_one_child_a_stage_in_the_times_of_its_record() -> None:
    turn, *stages = spans_of(RECORD, turn_context("till-1", RECORD.turn_id))
    began = 1772442000_000
    assert (turn.started_ns // 1_000_000 - began, turn.ended_ns // 1_000_000 - began) == (0, 3300)
    at = {
        one.name: (one.started_ns // 1_000_000 - began, one.ended_ns // 1_000_000 - began) for one in stages
    }
    assert at == {
        "nearfield.listen": (0, 1800),
        "nearfield.endpoint": (1800, 1900),
        "nearfield.recognise": (1900, 1900),
        "nearfield.understand": (1900, 2000),
        "nearfield.respond": (2000, 2300),
        "nearfield.speak": (2300, 3300),
        "nearfield.escalate": (2000, 2250),
    }
    assert all(one.parent == turn.context for one in stages)


def test_words_stand_under_pii_only() -> None:
    for span in spans_of(RECORD, turn_context("till-1", RECORD.turn_id)):
        for name, value in span.attributes.items():
            told = name.startswith("pii.")
            assert told or value not in (RECORD.transcript, "Once a month.")


def test_a_turn_that_was_typed_has_no_stage_that_did_not_happen() -> None:
    typed = replace(
        RECORD, timings_ms=Timings(understood=11.0, done=22.0), timeline=(), escalation=None, reply=None
    )
    assert set(stage_seconds(typed)) == {"understand"}


def test_nothing_is_shown_or_sent_by_default(tmp_path: Path) -> None:
    observing = Observing(place(tmp_path))
    observing.turn_ended(RECORD)
    assert observing.server is None
    assert observing.trace_parent("t1") is None
    observing.close()


def test_figures_are_at_a_port_of_their_own(tmp_path: Path) -> None:
    where = place(tmp_path, metrics={"port": 0})
    observing = Observing(where)
    where.counters.add("nearfield_turns_total", outcome="answered")
    observing.turn_ended(RECORD)
    assert observing.server is not None
    shown = httpx.get("http://{}:{}/metrics".format(*observing.server.address), trust_env=False).text
    observing.close()
    assert 'nearfield_turns_total{outcome="answered"} 1.0' in shown
    assert 'nearfield_first_audio_seconds_sum{route="cloud"} 0.5' in shown
    assert "nearfield_egress_refused_total 0.0" in shown
    assert "descale" not in shown


def test_a_port_that_is_taken_is_told_by_name(tmp_path: Path) -> None:
    first = Observing(place(tmp_path, metrics={"port": 0}))
    assert first.server is not None
    with pytest.raises(ConfigurationError, match="cannot be had"):
        Observing(place(tmp_path, metrics={"port": first.server.address[1]}))
    first.close()


def test_the_cloud_is_told_of_the_span_that_the_record_becomes(tmp_path: Path) -> None:
    with running_collector() as collector:
        observing = Observing(place(tmp_path, tracing={"endpoint": collector.url}))
        told = observing.trace_parent(RECORD.turn_id)
        observing.turn_ended(RECORD)
        observing.close()
        spans = {span.name: span for span in collector.spans}
    assert spans["nearfield.turn"].trace_id == trace_id_of(told)
    assert spans["nearfield.turn"].span_id == (told or "").split("-")[2]
    assert spans["nearfield.escalate"].parent_id == spans["nearfield.turn"].span_id
    assert "pii.transcript" not in spans["nearfield.turn"].attributes


def test_a_restricted_site_sends_no_spans_and_goes_on(tmp_path: Path) -> None:
    where = place(tmp_path, mode="restricted", tracing={"endpoint": "http://192.0.2.1:4318/v1/traces"})
    observing = Observing(where)
    assert observing.tracing is None
    assert where.counters.value("nearfield_egress_refused_total") == 1
    observing.close()
