"""What a running device does beside its work: count losses, keep promises about age, settle in."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.audio.source import AudioSource
from nearfield_edge.composition import Device, Surroundings, open_conversation
from nearfield_edge.errors import RecordError
from nearfield_sync.telemetry import Counters, Log

PRUNE_EVERY_SECONDS = 3_600.0


class SoundLosses:
    """Turns what source and sink count into counters of the device."""

    def __init__(self, counters: Counters, source: AudioSource, sink: AudioSink) -> None:
        self._counters = counters
        self._source = source
        self._sink = sink
        self._underruns = 0
        self._lost_samples = 0

    def count(self) -> None:
        """Add what came since the last time."""
        underruns, lost_samples = self._sink.underruns, self._source.lost_samples
        self._counters.add("nearfield_sink_underruns_total", underruns - self._underruns)
        self._counters.add("nearfield_source_lost_samples_total", lost_samples - self._lost_samples)
        self._underruns, self._lost_samples = underruns, lost_samples


async def settle_in(device: Device) -> None:
    """What is done once, beside the work."""
    await device.fill_prompts()
    await device.learn()


async def prune(place: Surroundings, device: Device) -> None:
    """Keep the promises about how long things are kept."""
    log: Log = structlog.get_logger()
    conversation = open_conversation(place)
    over = timedelta(seconds=place.configuration.skills.expire_seconds)
    kept = timedelta(days=place.configuration.records.keep_days)
    while True:
        for prune_one in (
            device.turns.prune,
            device.recordings.prune,
            lambda: device.outbox.effects.prune(place.now() - kept),
            lambda: conversation.prune(place.now() - over),
            *device.cloud_files,
        ):
            try:
                await asyncio.to_thread(prune_one)
            except RecordError as error:
                log.error("prune_failed", code=error.code, exc_info=error)
        await asyncio.sleep(PRUNE_EVERY_SECONDS)
