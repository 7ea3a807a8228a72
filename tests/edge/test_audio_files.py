from __future__ import annotations

import asyncio
import os
import struct
import tracemalloc
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.audio.framing import Framer
from nearfield_edge.audio.riff import WavFile, missing_bytes
from nearfield_edge.audio.source import AudioFrame, AudioSource
from nearfield_edge.audio.stdin_source import StdinSource
from nearfield_edge.errors import SinkError, SourceError
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, Samples, to_float


def tone(rate_hz: int, seconds: float) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)).astype(np.float32)


async def everything(source: AudioSource) -> list[AudioFrame]:
    async with aclosing(source.frames()) as frames:
        return [frame async for frame in frames]


def heard(frames: list[AudioFrame]) -> Samples:
    return to_float(b"".join(frame.pcm for frame in frames))


def assert_gapless(frames: list[AudioFrame]) -> None:
    assert [frame.first_sample for frame in frames] == list(range(0, len(frames) * HOP_SAMPLES, HOP_SAMPLES))
    assert {len(frame.pcm) for frame in frames} <= {HOP_BYTES}


@given(lengths=st.lists(st.integers(0, 700), max_size=20))
def test_frames_hold_every_sample_once_however_the_sound_was_cut(lengths: list[int]) -> None:
    whole = np.random.default_rng(1).uniform(-0.9, 0.9, sum(lengths)).astype(np.float32)
    framer = Framer("test")
    pieces = np.split(whole, np.cumsum(lengths)[:-1]) if lengths else []
    frames = [frame for piece in pieces for frame in framer.accept(piece)] + framer.finish()
    assert_gapless(frames)
    assert np.abs(heard(frames)[: whole.size] - whole).max(initial=0) < 1e-4
    assert not heard(frames)[whole.size :].any()


def test_what_is_no_number_becomes_silence() -> None:
    odd = np.full(HOP_SAMPLES, np.nan, np.float32)
    odd[1] = np.inf
    assert heard(Framer("test").accept(odd))[:3].tolist() == [0.0, 32767 / 32768, 0.0]


@pytest.mark.parametrize(
    ("rate_hz", "channels", "subtype", "suffix"),
    [
        (16_000, 1, "PCM_16", ".wav"),
        (8_000, 1, "PCM_U8", ".wav"),
        (96_000, 2, "PCM_24", ".wav"),
        (48_000, 8, "PCM_16", ".wav"),
        (44_100, 2, "FLOAT", ".wav"),
        (22_050, 1, "PCM_16", ".flac"),
        (48_000, 2, "VORBIS", ".ogg"),
    ],
)
async def test_every_kind_of_file_gives_the_same_sound(
    tmp_path: Path, rate_hz: int, channels: int, subtype: str, suffix: str
) -> None:
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, np.tile(tone(rate_hz, 1.0)[:, None], channels), rate_hz, subtype=subtype)
    source = FileSource(path)
    frames = await everything(source)
    assert_gapless(frames)
    assert len(frames) == 100
    assert np.abs(heard(frames)[800:-800] - tone(16_000, 1.0)[800:-800]).max() < 0.03
    assert not source.paced
    assert source.lost_samples == 0


async def test_a_paced_file_gives_the_same_frames_each_when_its_time_has_come(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(44_100, 0.1), 44_100)
    clock = InputClock()
    paced = FileSource(path, pace=clock)
    assert paced.paced
    frames: list[AudioFrame] = []
    times: list[int] = []

    async def listen() -> None:
        async with aclosing(paced.frames()) as incoming:
            async for frame in incoming:
                frames.append(frame)
                times.append(clock.now())

    task = asyncio.create_task(listen())
    while not task.done():
        await clock.advance(HOP_SAMPLES)
    await task
    assert frames == await everything(FileSource(path))
    assert all(at >= frame.first_sample + HOP_SAMPLES for at, frame in zip(times, frames, strict=True))


async def test_a_closed_file_gives_no_more_frames(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(16_000, 2.0), 16_000)
    source = FileSource(path)
    async with aclosing(source.frames()) as frames:
        await anext(frames)
        await source.close()
        assert [frame async for frame in frames] == []


def damaged(folder: Path, kind: str) -> Path:
    path = folder / "damaged.wav"
    whole = folder / "whole.wav"
    soundfile.write(whole, tone(16_000, 1.0), 16_000, subtype="PCM_16")
    contents = {
        "empty": b"",
        "text": b"this is no sound, whatever its name says",
        "header": whole.read_bytes()[:30],
        "truncated": whole.read_bytes()[:-1_000],
        "soundless": whole.read_bytes()[:40] + bytes(4),
        "noise": np.random.default_rng(0).bytes(5_000),
    }
    path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "is empty"),
        ("text", "not a sound file"),
        ("header", "not a sound file|holds no sound"),
        ("truncated", "1000 bytes of its sound are missing"),
        ("soundless", "holds no sound"),
        ("noise", "not a sound file"),
    ],
)
def test_a_file_that_is_no_whole_recording_is_refused_in_a_sentence(
    tmp_path: Path, kind: str, says: str
) -> None:
    with pytest.raises(SourceError, match=says):
        FileSource(damaged(tmp_path, kind))


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.wav", tmp_path):
        with pytest.raises(SourceError, match="there is no file"):
            FileSource(path)


@pytest.mark.parametrize("suffix", ["flac", "mp3"])
async def test_a_file_that_breaks_off_gives_what_is_whole_and_then_a_sentence(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"broken.{suffix}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 160_000), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames: list[AudioFrame] = []

    async def listen() -> None:
        async with aclosing(FileSource(path).frames()) as incoming:
            async for frame in incoming:
                frames.append(frame)  # noqa: PERF401 (what came before the error is looked at)

    with pytest.raises(SourceError, match="damaged after"):
        await listen()
    assert_gapless(frames)
    assert len(frames) > 100


def test_a_recording_longer_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tone(16_000, 2.0), 16_000)
    with pytest.raises(SourceError, match=r"lasts 2 s, longer than the limit of 1 s"):
        FileSource(path, longest_seconds=1.0)


async def test_two_hours_are_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "two-hours.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_U8") as file:
        for _ in range(120):
            file.write(np.zeros(60 * 8_000, np.float32))
    count = 0
    tracemalloc.start()
    try:
        async with aclosing(FileSource(path).frames()) as frames:
            async for _ in frames:
                count += 1
                if count == 60_000:
                    break
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 60_000
    assert peak < 8_000_000


@given(size=st.one_of(st.none(), st.integers(0, 400)))
def test_the_bytes_that_a_wav_file_lacks_are_counted(
    tmp_path_factory: pytest.TempPathFactory, size: int | None
) -> None:
    path = tmp_path_factory.mktemp("riff") / "a.wav"
    named = 0xFFFF_FFFF if size is None else 200
    there = 100 if size is None else size
    header = struct.pack("<4sI4s4sI16s4sI", b"RIFF", 0, b"WAVE", b"fmt ", 16, bytes(16), b"data", named)
    path.write_bytes(header + bytes(there))
    assert missing_bytes(path) == (0 if size is None else max(0, 200 - there))


async def test_raw_sound_on_a_pipe_is_converted_and_ends_with_the_pipe() -> None:
    sound = tone(48_000, 0.5)
    stereo = np.repeat((sound * 32767).astype("<i2")[:, None], 2, axis=1).tobytes()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        source = StdinSource(stream, rate_hz=48_000, channels=2)
        task = asyncio.create_task(everything(source))
        with os.fdopen(writing, "wb") as pipe:
            for at in range(0, len(stereo), 1_001):
                await asyncio.to_thread(pipe.write, stereo[at : at + 1_001])
        frames = await task
    assert not source.paced
    assert_gapless(frames)
    assert len(frames) == 50
    assert np.abs(heard(frames)[200:-200] - tone(16_000, 0.5)[200:-200]).max() < 0.01


async def test_a_writer_faster_than_time_is_heard_half_a_second_ahead_of_it_and_no_more() -> None:
    clock = InputClock()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        source = StdinSource(stream, rate_hz=16_000, pace=clock)
        assert source.paced
        with os.fdopen(writing, "wb") as pipe:
            await asyncio.to_thread(pipe.write, bytes(2 * 16_000))
        async with aclosing(source.frames()) as incoming:
            for _ in range(51):
                await asyncio.wait_for(anext(incoming), 5)
            following = asyncio.ensure_future(anext(incoming))
            for _ in range(100):
                await asyncio.sleep(0)
            assert not following.done()
            await clock.advance(HOP_SAMPLES)
            assert (await asyncio.wait_for(following, 5)).first_sample == 51 * HOP_SAMPLES


async def test_closing_ends_the_wait_for_a_pipe_that_stays_silent() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb"):
        source = StdinSource(stream, rate_hz=16_000)
        task = asyncio.create_task(everything(source))
        await asyncio.sleep(0)
        await source.close()
        assert await asyncio.wait_for(task, 5) == []


@pytest.mark.parametrize(("rate_hz", "channels"), [(0, 1), (16_000, 0)])
def test_raw_sound_of_an_impossible_format_is_refused(rate_hz: int, channels: int) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb"), pytest.raises(SourceError):
        StdinSource(stream, rate_hz=rate_hz, channels=channels)


def test_both_channels_of_a_wav_file_are_written_apart_and_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    file = WavFile(path, channels=2)
    file.write(1, 300, np.full(100, 0.5, np.float32))
    file.write(0, 0, np.full(350, -0.25, np.float32))
    file.write(1, 0, np.full(10, 0.125, np.float32))
    file.close()
    sound, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == 16_000
    assert sound.shape == (400, 2)
    left, right = sound[:, 0], sound[:, 1]
    assert (left == np.where(np.arange(400) < 350, -0.25, 0.0)).all()
    assert right[:10].tolist() == [0.125] * 10
    assert not right[10:300].any()
    assert (right[300:] == 0.5).all()


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        WavFile(tmp_path / "nowhere" / "reply.wav")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_disk_is_a_sentence() -> None:
    with pytest.raises(SinkError, match="No space left"):
        WavFile(Path("/dev/full"))
