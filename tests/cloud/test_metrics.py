"""Figures of the cloud, and who may see them; ids in its log."""

from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest

from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.metrics import CloudMetrics, MeasuredOrchestrator
from nearfield_cloud.observing import open_observing
from nearfield_sync.clock import SystemClock
from nearfield_sync.exposition import exposition, new_registry
from nearfield_sync.telemetry import Counters
from tests.cloud.answers import OPEN, answering, asked, heard
from tests.cloud.gateways import configuration_of, gateway
from tests.fakes.collector import running_collector


def metrics() -> CloudMetrics:
    return CloudMetrics(new_registry(Counters(), version="1"))


def shown(instruments: CloudMetrics) -> str:
    return exposition(instruments.registry).decode()


async def test_a_turn_is_measured_from_its_question_to_its_end(tmp_path: Path) -> None:
    instruments = metrics()
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        measured = MeasuredOrchestrator(orchestrator, instruments, SystemClock())
        await heard(measured.listen(), asked("When does the shop open?"))
    text = shown(instruments)
    assert 'nearfield_cloud_turn_seconds_count{outcome="answered",plan="knowledge"} 1.0' in text
    assert 'nearfield_cloud_first_sentence_seconds_count{plan="knowledge"} 1.0' in text
    assert 'nearfield_cloud_step_seconds_count{fault="",step="retrieve"} 1.0' in text
    assert "nearfield_cloud_turns_open 0.0" in text


async def test_a_turn_that_is_broken_off_is_over_all_the_same(tmp_path: Path) -> None:
    instruments = metrics()
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        measured = MeasuredOrchestrator(orchestrator, instruments, SystemClock())
        async with aclosing(measured.listen().answer(asked("When does the shop open?"))) as events:
            async for _ in events:
                break
    text = shown(instruments)
    assert 'nearfield_cloud_turn_seconds_count{outcome="cancelled",plan="knowledge"} 1.0' in text
    assert "nearfield_cloud_turns_open 0.0" in text


async def test_steps_are_spans_of_the_devices_trace_and_keep_words_back(tmp_path: Path) -> None:
    told = f"00-{'a' * 32}-{'b' * 16}-01"
    with running_collector() as collector:
        configuration = configuration_of(tmp_path, observing={"tracing": {"endpoint": collector.url}})
        async with (
            open_observing(configuration, SystemClock(), Counters()) as observing,
            answering(tmp_path, OPEN, tracer=observing.tracer) as (orchestrator, _),
        ):
            await heard(orchestrator.listen(), asked("When does the shop open?", trace_parent=told))
        spans = {span.name: span for span in collector.spans}
    turn = spans["nearfield.turn"]
    assert (turn.trace_id, turn.parent_id, turn.service) == ("a" * 32, "b" * 16, "nearfield-cloud")
    assert spans["nearfield.retrieve"].parent_id == turn.span_id
    assert not [name for span in spans.values() for name in span.attributes if name.startswith("pii.")]


async def test_figures_are_for_whoever_brings_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("operators-only\n")
    tables: dict[str, Any] = {"observing": {"metrics": {"token_file": str(tmp_path / "token")}}}
    configuration = configuration_of(tmp_path, **tables)
    async with (
        open_observing(configuration, SystemClock(), Counters()) as observing,
        gateway(tmp_path, join=observing.joined, **tables) as served,
    ):
        refused = await served.client.get("/metrics")
        wrong = await served.client.get("/metrics", headers={"Authorization": "Bearer guessed"})
        right = await served.client.get("/metrics", headers={"Authorization": "Bearer operators-only"})
        ready = await served.client.get("/readyz")
    assert (refused.status_code, wrong.status_code) == (401, 401)
    assert right.status_code == 200
    assert 'nearfield_http_request_seconds_count{method="GET",route="/metrics"} 2.0' in right.text
    assert ready.json()["status"] == "ok"


async def test_a_token_file_that_is_missing_is_told_by_its_key(tmp_path: Path) -> None:
    tables: dict[str, Any] = {"observing": {"metrics": {"token_file": str(tmp_path / "none")}}}
    with pytest.raises(ConfigurationError, match=r"observing\.metrics\.token_file"):
        async with open_observing(configuration_of(tmp_path, **tables), SystemClock(), Counters()):
            pass


async def test_figures_at_their_own_port_need_no_token(tmp_path: Path) -> None:
    configuration = configuration_of(tmp_path, observing={"metrics": {"port": 0}})
    async with open_observing(configuration, SystemClock(), Counters()) as observing:
        assert observing.metrics_address is not None
        url = "http://{}:{}/metrics".format(*observing.metrics_address)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert "nearfield_build_info" in (await client.get(url)).text


def test_no_label_of_a_figure_names_a_tenant_or_a_person() -> None:
    dashboards = Path(__file__).parents[2] / "cloud" / "deploy" / "monitoring" / "dashboards"
    told = " ".join(json.dumps(json.loads(file.read_text("utf-8"))) for file in dashboards.glob("*.json"))
    assert not [name for name in ("tenant", "subject", "person") if f"{name}=" in told]
