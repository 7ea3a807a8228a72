from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.audio.clock import InputClock, RealTimeClock
from nearfield_edge.audio.fading import FADE_MS
from nearfield_edge.audio.paced_sink import PacedSink, WavTrack
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.audio.sink import Played
from nearfield_edge.errors import SinkError
from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_SAMPLES, Samples

LIMIT_SECONDS = 5


def sound(samples: int, level: float = 0.5) -> Samples:
    return np.full(samples, level, np.float32)


async def spoken(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


class Notes:
    """An outlet that writes down what it is given."""

    def __init__(self, clock: InputClock) -> None:
        self._clock = clock
        self.events: list[str] = []
        self.blocks: list[tuple[int, int]] = []
        self.early: list[int] = []

    async def begin(self) -> None:
        self.events.append("begin")

    async def write(self, at: int, samples: Samples) -> None:
        self.blocks.append((at, samples.size))
        self.early.append(at - self._clock.now())

    async def end(self, *, stopped: bool) -> None:
        self.events.append("stopped" if stopped else "end")

    async def close(self) -> None:
        self.events.append("close")


async def run(clock: InputClock, playing: asyncio.Task[Played], until: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        while not playing.done() and not until():
            await clock.advance(HOP_SAMPLES)


async def to_the_end(clock: InputClock, playing: asyncio.Task[Played]) -> Played:
    await run(clock, playing, lambda: False)
    return await playing


async def test_a_reply_lasts_as_long_as_its_sound_by_the_clock() -> None:
    clock = InputClock()
    sink = PacedSink(clock)
    playing = asyncio.create_task(sink.play(spoken(sound(1_000), sound(3_800)), 16_000))
    assert await to_the_end(clock, playing) == Played(samples=4_800, stopped=False)
    assert clock.now() == 4_800
    assert sink.underruns == 0


async def test_chunks_join_without_a_gap_and_are_converted() -> None:
    clock = InputClock()
    notes = Notes(clock)
    sink = PacedSink(clock, notes)
    chunks = [sound(2_205) for _ in range(10)]
    played = await to_the_end(clock, asyncio.create_task(sink.play(spoken(*chunks), 22_050)))
    assert played.samples == 16_000
    ends = [at + size for at, size in notes.blocks]
    assert [at for at, _ in notes.blocks][1:] == ends[:-1]
    assert notes.events == ["begin", "end"]


async def test_time_stands_still_while_the_voice_computes() -> None:
    clock = InputClock()
    sink = PacedSink(clock)
    ready = asyncio.Event()

    async def slow() -> AsyncIterator[Samples]:
        yield sound(160)
        await ready.wait()
        yield sound(160)

    playing = asyncio.create_task(sink.play(slow(), 16_000))
    await asyncio.sleep(0)
    await clock.advance(160)
    advancing = asyncio.create_task(clock.advance(160))
    for _ in range(10):
        await asyncio.sleep(0)
    assert clock.now() == 160
    ready.set()
    await advancing
    assert (await to_the_end(clock, playing)).samples == 320
    assert sink.underruns == 0


class StrictClock(InputClock):
    """A clock that cannot be held, as real time cannot."""

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()


async def test_a_chunk_that_comes_late_is_an_underrun_and_is_heard_late() -> None:
    clock = StrictClock()
    notes = Notes(clock)
    sink = PacedSink(clock, notes)
    ready = asyncio.Event()

    async def slow() -> AsyncIterator[Samples]:
        yield sound(160)
        await ready.wait()
        yield sound(160)

    playing = asyncio.create_task(sink.play(slow(), 16_000))
    await run(clock, playing, lambda: clock.now() >= 1_600)
    ready.set()
    assert (await to_the_end(clock, playing)).samples == 320
    assert sink.underruns == 1
    assert notes.blocks[1][0] >= 1_600


async def test_stop_is_silence_at_once_and_tells_what_was_heard() -> None:
    clock = InputClock()
    notes = Notes(clock)
    sink = PacedSink(clock, notes)
    playing = asyncio.create_task(sink.play(spoken(*[sound(1_600)] * 20), 16_000))
    await run(clock, playing, lambda: clock.now() >= 4_800)
    sink.stop()
    assert await playing == Played(samples=4_800, stopped=True)
    assert notes.events == ["begin", "stopped"]


class Tape:
    """An outlet that keeps what it is given."""

    def __init__(self) -> None:
        self.blocks: list[Samples] = []

    async def begin(self) -> None:
        """Nothing to do."""

    async def write(self, at: int, samples: Samples) -> None:
        self.blocks.append(samples)

    async def end(self, *, stopped: bool) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("chunk", [1_600, 160, 20 * 1_600])
async def test_a_stopped_reply_fades_out_after_the_hop_at_hand_wherever_its_chunks_end(chunk: int) -> None:
    clock, tape = InputClock(), Tape()
    sink = PacedSink(clock, tape)
    voice = np.sin(2 * np.pi * 300 / 16_000 * np.arange(20 * 1_600)).astype(np.float32) * 0.5
    pieces = [voice[begin : begin + chunk] for begin in range(0, voice.size, chunk)]
    playing = asyncio.create_task(sink.play(spoken(*pieces), 16_000))
    await run(clock, playing, lambda: clock.now() >= 4_800)
    sink.stop()
    assert (await playing).samples == 4_800
    heard = np.concatenate([*tape.blocks, np.zeros(1, np.float32)])
    assert heard.size - 1 <= 4_800 + HOP_SAMPLES + 16 * FADE_MS
    steepest = float(np.abs(np.diff(voice)).max())
    assert float(np.abs(np.diff(heard)).max()) <= steepest * 1.05


async def test_who_is_ahead_of_what_is_heard_is_left_to_fade_out_by_itself() -> None:
    clock, tape = InputClock(), Tape()
    sink = PacedSink(clock, tape, ahead_ms=200)
    playing = asyncio.create_task(sink.play(spoken(*[sound(1_600)] * 20), 16_000))
    await run(clock, playing, lambda: clock.now() >= 4_800)
    sink.stop()
    await playing
    assert {float(block[-1]) for block in tape.blocks} == {0.5}


async def test_stop_ends_a_reply_whose_voice_never_comes() -> None:
    async def never() -> AsyncIterator[Samples]:
        await asyncio.Event().wait()
        yield sound(1)

    sink = PacedSink(InputClock())
    playing = asyncio.create_task(sink.play(never(), 16_000))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sink.stop()
    assert await asyncio.wait_for(playing, LIMIT_SECONDS) == Played(samples=0, stopped=True)


async def test_stop_with_nothing_playing_does_nothing() -> None:
    clock = InputClock()
    sink = PacedSink(clock)
    sink.stop()
    played = await to_the_end(clock, asyncio.create_task(sink.play(spoken(sound(160)), 16_000)))
    assert played == Played(samples=160, stopped=False)


async def test_cancelling_play_is_passed_on_and_leaves_the_sink_usable() -> None:
    clock = InputClock()
    sink = PacedSink(clock)
    playing = asyncio.create_task(sink.play(spoken(sound(16_000)), 16_000))
    await run(clock, playing, lambda: clock.now() >= 320)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    played = await to_the_end(clock, asyncio.create_task(sink.play(spoken(sound(160)), 16_000)))
    assert played.samples == 160


async def test_what_the_voice_raises_is_raised_after_what_it_said() -> None:
    async def fails() -> AsyncIterator[Samples]:
        yield sound(320)
        raise EngineError("the voice broke")

    clock = InputClock()
    notes = Notes(clock)
    playing = asyncio.create_task(PacedSink(clock, notes).play(fails(), 16_000))
    with pytest.raises(EngineError, match="the voice broke"):
        await to_the_end(clock, playing)
    assert sum(size for _, size in notes.blocks) == 320
    assert notes.events == ["begin", "end"]


async def test_two_replies_at_once_are_refused() -> None:
    clock = InputClock()
    sink = PacedSink(clock)
    first = asyncio.create_task(sink.play(spoken(sound(160)), 16_000))
    await asyncio.sleep(0)
    with pytest.raises(SinkError, match="played already"):
        await sink.play(spoken(sound(160)), 16_000)
    await to_the_end(clock, first)


async def test_the_first_sound_is_told_once() -> None:
    clock = InputClock()
    told: list[int] = []
    sink = PacedSink(clock)
    await clock.advance(480)
    playing = asyncio.create_task(
        sink.play(spoken(sound(320)), 16_000, on_first_sound=lambda: told.append(clock.now()))
    )
    await to_the_end(clock, playing)
    assert told == [480]


async def test_no_chunks_are_no_reply() -> None:
    clock = InputClock()
    notes = Notes(clock)
    assert await PacedSink(clock, notes).play(spoken(), 16_000) == Played(samples=0, stopped=False)
    assert notes.events == []


async def test_an_outlet_ahead_of_time_is_never_further_ahead_than_told() -> None:
    clock = InputClock()
    notes = Notes(clock)
    sink = PacedSink(clock, notes, ahead_ms=200)
    playing = asyncio.create_task(sink.play(spoken(*[sound(1_600)] * 10), 16_000))
    await run(clock, playing, lambda: clock.now() >= 8_000)
    assert max(notes.early) == 3_200
    sink.stop()
    assert (await playing).samples == 8_000


async def test_replies_in_one_file_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    clock = InputClock()
    path = tmp_path / "reply.wav"
    sink = PacedSink(clock, WavTrack(WavFile(path), gapless=True))
    for level in (0.25, 0.5):
        await to_the_end(clock, asyncio.create_task(sink.play(spoken(sound(480, level)), 16_000)))
        await clock.advance(1_600)
    await sink.close()
    written, _ = soundfile.read(path, dtype="float32")
    assert written.tolist() == [0.25] * 480 + [0.5] * 480


async def test_a_conversation_keeps_the_device_where_it_was_heard(tmp_path: Path) -> None:
    clock = InputClock()
    path = tmp_path / "talk.wav"
    file = WavFile(path, channels=2)
    sink = PacedSink(clock, WavTrack(file, channel=1))
    await clock.advance(800)
    await to_the_end(clock, asyncio.create_task(sink.play(spoken(sound(320)), 16_000)))
    file.write(0, 0, sound(1_600, 0.25))
    await sink.close()
    written, _ = soundfile.read(path, dtype="float32")
    assert np.flatnonzero(written[:, 1]).tolist() == list(range(800, 1_120))


@given(sizes=st.lists(st.integers(0, 900), max_size=12), stop_after=st.integers(0, 6_000))
def test_what_was_heard_never_exceeds_what_was_said_or_the_time_that_passed(
    sizes: list[int], stop_after: int
) -> None:
    async def scenario() -> None:
        clock = InputClock()
        sink = PacedSink(clock)
        playing = asyncio.create_task(sink.play(spoken(*map(sound, sizes)), 16_000))
        await asyncio.sleep(0)
        await run(clock, playing, lambda: clock.now() >= stop_after)
        sink.stop()
        played = await playing
        assert played.samples <= min(sum(sizes), clock.now())
        assert played.stopped or played.samples == sum(sizes)

    asyncio.run(scenario())


async def test_real_time_passes_by_itself() -> None:
    clock = RealTimeClock()
    before = clock.now()
    await clock.wait_until(before + 320)
    assert clock.now() >= before + 320
