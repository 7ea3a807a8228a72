"""One trace a turn: from the device's record over the data channel to what the cloud did for it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from nearfield_cloud.observing import open_observing
from nearfield_edge.escalation.seam import EscalatedQuestion
from nearfield_edge.observing.observing import Observing
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters
from tests.cloud.answers import OPEN, answering
from tests.cloud.gateways import configuration_of
from tests.cloud.realtime_service import running_service
from tests.edge.cloud_process import Wiring, running
from tests.edge.test_observing import RECORD, place
from tests.fakes.collector import Collected, running_collector

pytestmark = pytest.mark.server


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_what_the_cloud_did_is_in_the_devices_trace(tmp_path: Path, transport: str) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("key-of-kiosk")
    with running_collector() as collector:
        tracing = {"endpoint": collector.url}
        device = Observing(place(tmp_path, tracing=tracing))
        configuration = configuration_of(tmp_path, observing={"tracing": tracing})
        async with (
            open_observing(configuration, SystemClock(), Counters()) as cloud,
            answering(tmp_path, OPEN, tracer=cloud.tracer) as (orchestrator, _),
            running_service(orchestrator) as service,
            running(Wiring(service.url, key_file).link(transport)) as link,
        ):
            async with asyncio.timeout(20):
                await link.line.until("warm")
                asked = EscalatedQuestion(
                    turn_id=RECORD.turn_id,
                    text="When does the shop open?",
                    trace_parent=device.trace_parent(RECORD.turn_id),
                )
                async with aclosing(link.ask(asked)) as events:
                    assert [event async for event in events]
        device.turn_ended(replace(RECORD, transcript="When does the shop open?"))
        await asyncio.to_thread(device.close)
        spans = collector.spans
    assert len({span.trace_id for span in spans}) == 1
    by_id = {span.span_id: span for span in spans}
    step = next(span for span in spans if span.name == "nearfield.retrieve")
    assert path_of(step, by_id) == [
        ("nearfield-cloud", "nearfield.retrieve"),
        ("nearfield-cloud", "nearfield.turn"),
        ("nearfield-edge", "nearfield.turn"),
    ]


def path_of(span: Collected, by_id: dict[str, Collected]) -> list[tuple[str, str]]:
    """A span and those above it."""
    path = [(span.service, span.name)]
    while span.parent_id:
        span = by_id[span.parent_id]
        path.append((span.service, span.name))
    return path
