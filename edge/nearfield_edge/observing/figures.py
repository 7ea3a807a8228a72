"""The device's figures for Prometheus: how long turns took, beside all counts."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Histogram

from nearfield_edge.observing.turn_spans import stage_seconds
from nearfield_sync.exposition import DURATION_BUCKETS, new_registry
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters

KNOWN: Final = {
    "nearfield_source_lost_samples_total": "Samples that the microphone lost.",
    "nearfield_sink_underruns_total": "Times that the loudspeaker had nothing to play.",
    "nearfield_recordings_lost_total": "Recordings that could not be kept.",
    "nearfield_egress_refused_total": "Connections that the site forbids.",
    "nearfield_link_connected_total": "Times that the cloud was reached.",
    "nearfield_turn_records_kept_total": "Turns whose record was kept.",
}
"""Counters without labels, shown before anything was counted."""


class DeviceFigures:
    """The instruments; told of each turn's record."""

    def __init__(self, counters: Counters) -> None:
        self.registry: CollectorRegistry = new_registry(counters, version=version("nearfield"), known=KNOWN)
        self._first_audio = Histogram(
            "nearfield_first_audio_seconds",
            "From the end of speech to the first sound of the reply.",
            ["route"],
            registry=self.registry,
            buckets=DURATION_BUCKETS,
        )
        self._stages = Histogram(
            "nearfield_stage_seconds",
            "One stage of a turn: listen, endpoint, recognise, understand, respond, speak, escalate.",
            ["stage"],
            registry=self.registry,
            buckets=DURATION_BUCKETS,
        )

    def turn_ended(self, record: TurnRecord) -> None:
        """Take the record of a turn."""
        route = "none" if record.route is None else record.route.route
        if record.timings_ms.first_audio is not None:
            self._first_audio.labels(route).observe(max(0.0, record.timings_ms.first_audio / 1000))
        for stage, seconds in stage_seconds(record).items():
            self._stages.labels(stage).observe(seconds)
