from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.device import Microphone, Speaker
from nearfield_edge.audio.fading import FADE_MS
from nearfield_edge.audio.sink import Played
from nearfield_edge.audio.sound_card import PortAudioCard
from nearfield_edge.audio.source import AudioFrame, Mutable
from nearfield_edge.errors import SinkError, SourceError
from nearfield_models.pcm import HOP_SAMPLES, Samples, to_float
from tests.fakes.sound_card import ScriptedCard

SECOND = 16_000
LIMIT_SECONDS = 10


class Room:
    """A microphone in a room, heard hop by hop."""

    def __init__(self, card: ScriptedCard) -> None:
        self.card = card
        self.clock = InputClock()
        self.microphone = Microphone(clock=self.clock, card=card)
        self.frames: list[AudioFrame] = []
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async with aclosing(self.microphone.frames()) as frames:
            async for frame in frames:
                self.frames.append(frame)

    async def pass_time(self, samples: int, *, level: int | None = None) -> list[AudioFrame]:
        """Let time pass, with sound at the microphone, and give the frames of that time."""
        before = len(self.frames)
        async with asyncio.timeout(LIMIT_SECONDS):
            for _ in range(0, samples, HOP_SAMPLES):
                if level is not None and self.card.streams:
                    self.card.stream.deliver(level, self.card.stream.rate_hz // 100)
                await self.clock.advance(HOP_SAMPLES)
        return self.frames[before:]

    async def reopened(self) -> None:
        """Wait for the worker thread that opens the device."""
        known = len(self.card.streams)
        async with asyncio.timeout(LIMIT_SECONDS):
            while len(self.card.streams) == known or not self.card.stream.alive:
                await asyncio.sleep(0.001)
                await self.clock.advance(HOP_SAMPLES)

    async def leave(self) -> None:
        await self.microphone.close()
        async with asyncio.timeout(LIMIT_SECONDS):
            while not self._task.done():
                await self.clock.advance(HOP_SAMPLES)
        await self._task
        firsts = [frame.first_sample for frame in self.frames]
        assert firsts == list(range(0, len(firsts) * HOP_SAMPLES, HOP_SAMPLES))


def level_of(frames: list[AudioFrame]) -> set[int]:
    return {round(float(value) * 32768) for frame in frames for value in to_float(frame.pcm)}


async def test_what_the_microphone_hears_comes_in_frames() -> None:
    room = Room(ScriptedCard())
    frames = await room.pass_time(SECOND, level=1_000)
    assert 95 <= len(frames) <= 100
    assert level_of(frames) == {1_000}
    assert room.microphone.lost_samples == 0
    await room.leave()
    assert room.card.stream.closed


async def test_any_rate_and_channel_count_of_the_hardware_is_converted() -> None:
    room = Room(ScriptedCard(rate_hz=48_000, channels=2))
    frames = await room.pass_time(SECOND, level=1_000)
    assert 90 <= len(frames) <= 100
    assert 1_000 in level_of(frames[20:])
    await room.leave()


async def test_a_microphone_that_is_pulled_out_becomes_silence_in_real_time_and_is_counted() -> None:
    room = Room(ScriptedCard())
    await room.pass_time(SECOND, level=1_000)
    room.card.unplug()
    frames = await room.pass_time(SECOND)
    assert 95 <= len(frames) <= 101
    assert level_of(frames[5:]) == {0}
    assert room.microphone.losses == 1
    assert abs(room.microphone.lost_samples - SECOND) <= 5 * HOP_SAMPLES
    await room.leave()


async def test_a_microphone_that_is_put_back_is_heard_again_within_a_second_or_two() -> None:
    room = Room(ScriptedCard())
    await room.pass_time(SECOND, level=1_000)
    room.card.unplug()
    await room.pass_time(3 * SECOND)
    assert len(room.card.streams) == 1
    room.card.plugged_in = True
    await room.reopened()
    assert room.card.looks >= 2
    frames = await room.pass_time(SECOND, level=500)
    assert level_of(frames[-50:]) == {500}
    await room.leave()


async def test_a_microphone_that_stops_delivering_is_given_up_and_tried_again() -> None:
    room = Room(ScriptedCard())
    await room.pass_time(SECOND, level=1_000)
    frames = await room.pass_time(SECOND // 2)
    assert frames == []
    await room.reopened()
    assert room.microphone.losses == 1
    assert room.card.streams[0].closed
    await room.leave()


async def test_mute_closes_the_device_and_unmute_opens_it() -> None:
    room = Room(ScriptedCard())
    assert isinstance(room.microphone, Mutable)
    await room.pass_time(SECOND, level=1_000)
    room.microphone.mute()
    assert room.card.stream.closed
    assert room.microphone.muted
    frames = await room.pass_time(SECOND, level=1_000)
    assert level_of(frames) == {0}
    assert 95 <= len(frames) <= 101
    assert room.microphone.lost_samples == 0
    room.microphone.unmute()
    await room.reopened()
    assert level_of((await room.pass_time(SECOND, level=700))[-50:]) == {700}
    await room.leave()


async def test_overruns_that_the_hardware_reports_are_counted_over_its_lives() -> None:
    room = Room(ScriptedCard())
    room.card.stream.faults = 2
    room.microphone.mute()
    room.microphone.unmute()
    await room.reopened()
    room.card.stream.faults = 1
    assert room.microphone.overruns == 3
    await room.leave()


async def test_sound_that_nobody_took_in_time_is_silence_and_counted() -> None:
    card = ScriptedCard()
    clock = InputClock()
    microphone = Microphone(clock=clock, card=card)
    async with aclosing(microphone.frames()) as frames:
        card.stream.deliver(1_000, 3 * SECOND)
        got = [await anext(frames) for _ in range(300)]
    assert level_of(got[:100]) == {0}
    assert level_of(got[100:]) == {1_000}
    assert microphone.lost_samples == SECOND
    await microphone.close()


def test_no_microphone_at_the_start_is_a_sentence() -> None:
    with pytest.raises(SourceError, match="cannot be opened"):
        Microphone(clock=InputClock(), card=ScriptedCard(plugged_in=False))


def test_no_portaudio_is_a_sentence_that_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SourceError, match=r"libportaudio2.*nearfield\[audio\]"):
        PortAudioCard()


def test_a_machine_without_devices_says_so_through_the_real_portaudio() -> None:
    try:
        card = PortAudioCard()
    except SourceError as error:
        pytest.skip(str(error))
    with pytest.raises(SourceError, match="no such thing"):
        card.open_input("no such thing")
    with pytest.raises(SinkError, match="no such thing"):
        card.open_output("no such thing")
    card.look_again()


async def spoken(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


class Stage:
    """A speaker whose card asks for 10 ms whenever 10 ms have passed."""

    def __init__(self, card: ScriptedCard) -> None:
        self.card = card
        self.clock = InputClock()
        self.speaker = Speaker(clock=self.clock, card=card)
        self.heard: list[float] = []
        self._began = False

    async def pass_time(self, playing: asyncio.Task[Played], samples: int = 10 * SECOND) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not self._began and not playing.done():  # a worker thread opens the device
                await asyncio.wait({playing}, timeout=0.001)
                self._began = bool(self.card.streams) and not self.speaker._ring.empty
            passed = 0
            while not playing.done() and passed < samples:
                for _ in range(20):
                    await asyncio.sleep(0)
                self.heard += self.card.stream.ask(self.card.stream.rate_hz // 100)[:, 0].tolist()
                await self.clock.advance(HOP_SAMPLES)
                passed += HOP_SAMPLES
                if self.card.stream.finished:
                    await asyncio.wait({playing})

    def sounding(self) -> int:
        return int(np.count_nonzero(np.array(self.heard) == 0.5))


def sound(samples: int) -> Samples:
    return np.full(samples, 0.5, np.float32)


async def test_a_reply_longer_than_the_ring_is_played_whole_and_the_device_closed() -> None:
    stage = Stage(ScriptedCard())
    told: list[bool] = []
    playing = asyncio.create_task(
        stage.speaker.play(
            spoken(sound(40_000), sound(850)), 16_000, on_first_sound=lambda: told.append(True)
        )
    )
    await stage.pass_time(playing)
    assert await playing == Played(samples=40_850, stopped=False)
    assert stage.sounding() == 40_850
    assert stage.speaker.underruns == 0
    assert told == [True]
    assert stage.card.stream.finished
    assert stage.card.stream.closed


async def test_stop_fades_out_closes_the_device_and_tells_what_was_heard() -> None:
    stage = Stage(ScriptedCard())
    playing = asyncio.create_task(stage.speaker.play(spoken(sound(3 * SECOND)), 16_000))
    await stage.pass_time(playing, SECOND)
    stage.speaker.stop()
    last = np.concatenate([stage.card.stream.ask(HOP_SAMPLES)[:, 0] for _ in range(2)])
    played = await playing
    assert stage.card.stream.closed
    assert 0 < np.count_nonzero(last) <= 16 * FADE_MS
    assert np.abs(np.diff(last)).max() < 0.05 * np.abs(last).max()
    assert played.stopped
    assert abs(played.samples - SECOND) <= 2 * HOP_SAMPLES


async def test_a_stopped_device_that_asks_for_nothing_more_is_closed_all_the_same() -> None:
    stage = Stage(ScriptedCard())
    playing = asyncio.create_task(stage.speaker.play(spoken(sound(3 * SECOND)), 16_000))
    await stage.pass_time(playing, SECOND)
    stage.speaker.stop()
    assert (await playing).stopped
    assert stage.card.stream.closed


async def test_closing_does_not_wait_for_the_fade() -> None:
    stage = Stage(ScriptedCard())
    playing = asyncio.create_task(stage.speaker.play(spoken(sound(3 * SECOND)), 16_000))
    await stage.pass_time(playing, SECOND)
    await stage.speaker.close()
    assert stage.card.stream.closed
    assert (await playing).stopped


async def test_a_voice_that_is_too_slow_is_an_underrun() -> None:
    stage = Stage(ScriptedCard())
    more = asyncio.Event()

    async def slow() -> AsyncIterator[Samples]:
        yield sound(1_600)
        await more.wait()
        yield sound(1_600)

    playing = asyncio.create_task(stage.speaker.play(slow(), 16_000))
    await stage.pass_time(playing, 1_600 + 3 * HOP_SAMPLES)
    more.set()
    await stage.pass_time(playing)
    assert (await playing).samples == 3_200
    assert stage.speaker.underruns >= 1


async def test_a_speaker_that_is_pulled_out_is_a_sentence() -> None:
    stage = Stage(ScriptedCard())
    playing = asyncio.create_task(stage.speaker.play(spoken(sound(3 * SECOND)), 16_000))
    await stage.pass_time(playing, SECOND)
    stage.card.unplug()
    await stage.pass_time(playing)
    with pytest.raises(SinkError, match="went away"):
        await playing


async def test_no_speaker_is_a_sentence_and_the_next_reply_looks_again() -> None:
    card = ScriptedCard(plugged_in=False)
    stage = Stage(card)
    with pytest.raises(SinkError, match="cannot be opened"):
        await stage.speaker.play(spoken(sound(160)), 16_000)
    card.plugged_in = True
    playing = asyncio.create_task(stage.speaker.play(spoken(sound(160)), 16_000))
    await stage.pass_time(playing)
    assert (await playing).samples == 160
    assert card.looks == 2
