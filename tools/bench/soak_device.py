"""A device that lives through visits, on the time of its own input: silence passes as fast as it is heard.

Everything that is played is heard hop by hop by the real engines; nothing is skipped. What is faster than
life is that no one waits for real time: a second of silence takes some milliseconds.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.composition import Device
from nearfield_edge.turn.events import MuteChanged, TextGiven
from nearfield_edge.turn.state import Phase
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, SAMPLE_RATE_HZ, Samples, to_bytes
from tools.bench.exchange_device import Speaker
from tools.bench.growth import Reading
from tools.bench.order_sounds import in_noise, read_sound
from tools.bench.order_trials import KITCHEN
from tools.bench.soak_script import Hear, Mute, Quiet, Say, Sounds, Step, Type, Visit, When
from tools.bench.speech_end import speech_end
from tools.bench.turn_ledger import TurnLedger

LONGEST_WAIT_SECONDS: Final = 40.0
_SILENCE: Final = bytes(HOP_BYTES)
_AFTER_WAKE_SECONDS: Final = 0.3
_AROUND_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What came of a soak."""

    readings: tuple[Reading, ...]
    visits: Counter[str]
    played_seconds: float
    waits_in_vain: int
    """Steps that waited for a device that never became ready for them."""


class Room:
    """Lets a device hear what happens in a script."""

    def __init__(
        self, device: Device, time: InputClock, folder: Path, speaker: Speaker, sounds: Sounds, seed: int
    ) -> None:
        """Take the parts.

        Args:
            device: Open and warm.
            time: Its input's time.
            folder: Of recordings.
            speaker: Says lines.
            sounds: Where wake words are chosen from when one is needed first.
            seed: Of those, and of the places in the noise.
        """
        self._device = device
        self._time = time
        self._folder = folder
        self._speaker = speaker
        self._sounds = sounds
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 (a script's dice, no secret)
        self._noise = read_sound(folder / KITCHEN)
        self.waits_in_vain = 0

    @property
    def hours(self) -> float:
        """Device time so far."""
        return self._time.now() / SAMPLE_RATE_HZ / 3600

    async def visit(self, visit: Visit) -> None:
        """Play the steps, let the device come to rest, and then nobody comes for a while."""
        for step in visit.steps:
            await self._play(step)
        await self._device.agent.rest()
        await self._quiet(visit.then_seconds)
        await self._device.agent.rest()

    async def _play(self, step: Step) -> None:
        agent = self._device.agent
        match step:
            case Hear():
                await self._wait(step.when)
                await self._sound(self._recording(step))
            case Say():
                await self._wait(step.when)
                if step.when is When.ASKED and agent.state.turn is None:
                    wake = self._chance.choice(self._sounds.wake)
                    await self._sound(self._recording(Hear(file=wake)))
                    await self._quiet(_AFTER_WAKE_SECONDS)
                await self._sound(self._speaker.say(step.text))
            case Type():
                agent.tell(TextGiven(at=agent.state.at, text=step.text))
            case Mute():
                agent.tell(MuteChanged(at=agent.state.at, muted=step.muted))
            case Quiet():
                await self._quiet(step.seconds)

    def _recording(self, step: Hear) -> Samples:
        sound = without_silence(read_sound(self._folder / step.file))
        if step.snr_db is not None:
            sound = in_noise(sound, self._noise, step.snr_db, name=step.file, seed=self._seed)
        return sound[: int(sound.size * step.share)]

    async def _wait(self, when: When) -> None:
        for _ in range(int(LONGEST_WAIT_SECONDS * SAMPLE_RATE_HZ / HOP_SAMPLES)):
            if self._is_time(when):
                return
            await self._hop(_SILENCE)
        self.waits_in_vain += 1

    def _is_time(self, when: When) -> bool:
        turn = self._device.agent.state.turn
        match when:
            case When.NOW:
                return True
            case When.FREE:
                return turn is None
            case When.ASKED:
                is_asked = turn is not None and turn.opened_by == "follow_up"
                return turn is None or (is_asked and turn.phase is Phase.LISTENING)
            case When.SPEAKING:
                return turn is None or turn.phase is Phase.SPEAKING

    async def _sound(self, sound: Samples) -> None:
        pcm = to_bytes(sound)
        for start in range(0, len(pcm), HOP_BYTES):
            await self._hop(pcm[start : start + HOP_BYTES].ljust(HOP_BYTES, b"\0"))

    async def _quiet(self, seconds: float) -> None:
        for _ in range(int(seconds * SAMPLE_RATE_HZ / HOP_SAMPLES)):
            await self._hop(_SILENCE)

    async def _hop(self, pcm: bytes) -> None:
        await self._device.agent.hear(
            AudioFrame(stream_id="room", first_sample=self._device.agent.state.at, pcm=pcm)
        )


def without_silence(sound: Samples) -> Samples:
    """A recording from a little before its speech to a little behind it; whole where nothing stands out."""
    end, reversed_begin = speech_end(sound), speech_end(sound[::-1])
    if end is None or reversed_begin is None:
        return sound
    around = int(_AROUND_SECONDS * SAMPLE_RATE_HZ)
    return sound[max(0, sound.size - reversed_begin - around) : end + around]


def reading(at_hours: float) -> Reading:
    """What this process takes now."""
    process = psutil.Process()
    return Reading(
        at_hours=at_hours,
        resident_mb=process.memory_info().rss / 1e6,
        descriptors=process.num_fds(),
        tasks=len(asyncio.all_tasks()),
        threads=process.num_threads(),
    )


Housekeeping = Callable[[], Awaitable[None]]


async def live(
    room: Room,
    device: Device,
    script: Callable[[], Visit],
    ledger: TurnLedger,
    *,
    hours: float,
    is_over: Callable[[], bool],
    every_hours: float,
    housekeeping: Housekeeping,
    progress: Callable[[float], None],
) -> Lived:
    """Let visits follow each other until so many hours have passed for the device.

    Args:
        room: Plays them.
        device: The one in the room.
        script: Gives the next visit.
        ledger: Watches the device.
        hours: Device time in all.
        is_over: Asked before each visit; ends it sooner.
        every_hours: Between readings, which are taken at rest.
        housekeeping: Awaited once an hour.
        progress: Told the hours so far.
    """
    readings = [reading(room.hours)]
    seen: Counter[str] = Counter()
    kept_house = 0
    while room.hours < hours and not is_over():
        visit = script()
        seen[visit.kind] += 1
        await room.visit(visit)
        device.deliveries.wake()
        ledger.check(lambda turn_id: device.turns.get(turn_id) is not None)
        if room.hours >= readings[-1].at_hours + every_hours:
            readings.append(reading(room.hours))
        if room.hours >= kept_house + 1:
            kept_house = int(room.hours)
            await housekeeping()
        progress(min(hours, room.hours))
    return Lived(
        readings=tuple(readings),
        visits=seen,
        played_seconds=room.hours * 3600,
        waits_in_vain=room.waits_in_vain,
    )
