"""A whole device in memory, with scripted models, for tests of the agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nearfield_edge.agent import Watcher
from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.memory_source import MemorySource
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.composition import Device, gather_knowledge, surroundings, turn_settings
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.engine_loading import Engines
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.state import Mode
from nearfield_edge.understanding.paraphrases import Paraphrases
from nearfield_models.asr.engine import AsrEngine
from nearfield_models.pcm import SAMPLES_PER_MS, Samples, to_bytes
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.wake.engine import WakeEngine
from nearfield_sync.clock import Clock
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters
from tests.fakes.asr import ScriptedAsr
from tests.fakes.tts import ToneVoice
from tests.fakes.vad import LoudnessVad


def sound(*stretches: tuple[int, bool]) -> bytes:
    """Milliseconds of speech (noise loud enough for the scripted detector) or of silence."""
    parts: list[Samples] = []
    noise = np.random.default_rng(7)
    for ms, speech in stretches:
        size = ms * SAMPLES_PER_MS
        parts.append((noise.uniform(-0.5, 0.5, size) if speech else np.zeros(size)).astype(np.float32))
    return to_bytes(np.concatenate(parts))


@dataclass
class Stage:
    """A device and everything that happened to it."""

    device: Device
    voice: TtsEngine
    counters: Counters
    records: list[TurnRecord] = field(default_factory=list)
    happened: list[do.Command | ev.Event] = field(default_factory=list)

    async def hear(self, *stretches: tuple[int, bool]) -> TurnRecord:
        """Play sound to the device until it is at rest; gives the last record."""
        await self.listen(*stretches)
        await self.device.agent.rest()
        return self.records[-1]

    async def listen(self, *stretches: tuple[int, bool]) -> None:
        """Play sound to the device, and no more; whatever it began runs beside it."""
        await self.play(sound(*stretches))

    async def play(self, pcm: bytes) -> None:
        """As ``listen``, of any sound: int16 at 16 kHz."""
        agent = self.device.agent
        begin = agent.state.at
        async for frame in MemorySource(pcm).frames():
            await agent.hear(replace(frame, first_sample=begin + frame.first_sample))
            await asyncio.sleep(0)


@asynccontextmanager
async def staged(
    data: Path,
    *,
    asr: AsrEngine | None = None,
    tts: TtsEngine | None = None,
    wake: Iterable[WakeEngine] = (),
    mode: Mode = Mode.OPEN_MIC,
    follow_up_ms: int = 0,
    partial_every_ms: int = 60_000,
    time: PlaybackClock | None = None,
    paraphrases: Paraphrases | None = None,
    machine: Clock | None = None,
    watcher: Watcher | None = None,
    on_kept: Callable[[TurnRecord, bool], None] | None = None,
    keep_sound: bool = False,
    sink: AudioSink | None = None,
) -> AsyncIterator[Stage]:
    """A device that answers for coffee and visits."""
    raw = {
        "device": {"data": str(data)},
        "skills": {"enabled": ["coffee", "visit"]},
        "records": {"sound": keep_sound},
    }
    configuration = parse_configuration(raw, where="the test")
    place = surroundings(configuration, machine)
    clock = time or InputClock()
    voice = tts or ToneVoice()
    records: list[TurnRecord] = []
    happened: list[do.Command | ev.Event] = []
    settings = replace(
        turn_settings(configuration, loudspeaker=False),
        mode=mode,
        follow_up_ms=follow_up_ms,
        partial_every_ms=partial_every_ms,
    )
    engines = Engines(
        wake=tuple(wake), vad=LoudnessVad(), asr=asr or ScriptedAsr(), tts=voice, versions={"asr": "scripted"}
    )

    def watch(it: do.Command | ev.Event) -> None:
        happened.append(it)
        if watcher is not None:
            watcher(it)

    async with Device(
        place,
        gather_knowledge(place),
        engines=engines,
        sink=sink or PacedSink(clock),
        time=clock,
        settings=settings,
        paraphrases=paraphrases,
        watcher=watch,
        on_record=records.append,
        on_kept=on_kept,
    ) as device:
        yield Stage(device=device, voice=voice, counters=place.counters, records=records, happened=happened)
