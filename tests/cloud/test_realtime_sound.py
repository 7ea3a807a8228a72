"""Sound of calls: turns found, formats converted, computing shared."""

from __future__ import annotations

import asyncio
import base64
import threading
from pathlib import Path

import numpy as np
import pytest
from av import CodecContext
from av.packet import Packet

from nearfield_cloud.errors import ComputeFullError, SoundError
from nearfield_cloud.realtime.compute import FairExecutor
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_cloud.realtime.sound.ear import Ear, Found, PauseFound, SpeechFound, TurnFound
from nearfield_cloud.realtime.sound.formats import SoundReader, SoundWriter, from_base64
from nearfield_cloud.realtime.sound.opus import OpusWriter
from nearfield_models.pcm import Samples, to_bytes
from nearfield_sync.messages.realtime.session import ALaw, MuLaw, Pcm, SemanticVad, ServerVad
from tests.cloud.conftest import ORDER, recording
from tests.fakes.vad import LoudnessVad


def tone(seconds: float, rate_hz: int = 16_000) -> Samples:
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * 16_000), np.float32)


def heard(ear: Ear, *sounds: Samples, cut: int = 333) -> list[Found]:
    whole = np.concatenate(sounds)
    return [one for begin in range(0, whole.size, cut) for one in ear.accept(whole[begin : begin + cut])]


def test_a_turn_ends_after_the_silence_that_the_session_names_and_holds_all_that_was_said() -> None:
    detection = ServerVad(silence_duration_ms=300, prefix_padding_ms=200)
    ear = Ear(LoudnessVad(), detection, longest_seconds=30)
    began, ended = heard(ear, silence(1.0), tone(0.8), silence(0.29), tone(0.5), silence(1.0))
    assert isinstance(began, SpeechFound)
    assert isinstance(ended, TurnFound)
    assert abs(began.at_ms - 800) <= 20
    assert abs(ended.at_ms - 2_590) <= 20
    assert abs(ended.sound.size / 16_000 - (0.2 + 1.59 + 0.1)) < 0.03


def test_the_ear_of_a_silent_call_keeps_next_to_nothing() -> None:
    ear = Ear(LoudnessVad(), ServerVad(), longest_seconds=30)
    heard(ear, silence(20.0))
    assert ear.so_far().size <= 16_000


def test_a_turn_without_end_is_ended() -> None:
    ear = Ear(LoudnessVad(), ServerVad(), longest_seconds=2)
    found = heard(ear, tone(5.0))
    assert [type(one) for one in found][:3] == [SpeechFound, TurnFound, SpeechFound]


def test_an_input_that_a_client_never_ends_is_refused() -> None:
    ear = Ear(LoudnessVad(), None, longest_seconds=2)
    with pytest.raises(SoundError, match="more than 2 s"):
        heard(ear, tone(5.0))


def test_a_pause_is_judged_and_a_finished_turn_ends_at_once() -> None:
    ear = Ear(LoudnessVad(), SemanticVad(eagerness="medium"), longest_seconds=30)
    _, pause = heard(ear, tone(1.0), silence(0.4))
    assert isinstance(pause, PauseFound)
    assert ear.judge(pause.number, 0.2) is None
    assert ear.judge(pause.number + 1, 0.9) is None
    ended = ear.judge(pause.number, 0.9)
    assert isinstance(ended, TurnFound)


def test_a_judgement_that_comes_when_the_person_went_on_ends_nothing() -> None:
    ear = Ear(LoudnessVad(), SemanticVad(), longest_seconds=30)
    _, pause = heard(ear, tone(1.0), silence(0.4))
    assert isinstance(pause, PauseFound)
    heard(ear, tone(0.5))
    assert ear.judge(pause.number, 0.9) is None


@pytest.mark.parametrize(("eagerness", "seconds"), [("high", 2), ("auto", 4), ("low", 8)])
def test_an_unfinished_turn_waits_as_long_as_eagerness_says(eagerness: str, seconds: int) -> None:
    ear = Ear(LoudnessVad(), SemanticVad.model_validate({"eagerness": eagerness}), longest_seconds=30)
    assert not any(isinstance(one, TurnFound) for one in heard(ear, tone(1.0), silence(seconds - 0.1)))
    assert any(isinstance(one, TurnFound) for one in heard(ear, silence(0.3)))


def test_two_calls_on_one_network_hear_each_its_own(call_engines: CallEngines, recordings: Path) -> None:
    said = recording(recordings / "orders" / "speech" / ORDER)
    talking, silent = call_engines.new_vad(), call_engines.new_vad()
    alone = call_engines.new_vad()
    expected = [alone.accept(said[at : at + 160]) for at in range(0, said.size - 160, 160)]
    found = []
    for at in range(0, said.size - 160, 160):
        found.append(talking.accept(said[at : at + 160]))
        assert silent.accept(np.zeros(160, np.float32)) < 0.5
    assert found == expected


@pytest.mark.parametrize("format", [Pcm(), MuLaw(), ALaw()], ids=lambda one: str(one.type))
def test_sound_survives_every_format_however_it_is_cut(format: Pcm | MuLaw | ALaw) -> None:  # noqa: A002
    said = tone(1.0, 22_050)
    writer = SoundWriter(format, 22_050)
    raw = from_base64(writer.accept(said[:5_000])) + from_base64(writer.accept(said[5_000:]))
    raw += from_base64(writer.finish())
    reader = SoundReader(format)
    back = np.concatenate([reader.accept(raw[at : at + 1_001]) for at in range(0, len(raw), 1_001)])
    assert abs(back.size - 16_000) < 1_500  # the filters' tails are still to come
    middle = back[4_000:12_000]
    wave = tone(1.0)[: middle.size]
    likeness = np.abs(np.fft.rfft(middle))[220] / np.abs(np.fft.rfft(wave))[220]
    assert 0.9 < likeness < 1.1


def test_what_is_no_base64_is_refused_by_name() -> None:
    with pytest.raises(SoundError):
        from_base64("!!!")


def test_opus_is_mono_of_voice_s_bits_in_packets_of_twenty_milliseconds() -> None:
    writer = OpusWriter(22_050, bits_per_second=24_000)
    rng = np.random.default_rng(1)
    said = tone(2.0, 22_050) + (0.05 * rng.standard_normal(44_100)).astype(np.float32)
    packets = writer.accept(said) + writer.finish()
    assert abs(len(packets) - (100 + 6)) <= 2
    assert sum(map(len, packets)) * 8 / 2.1 < 30_000
    decoder = CodecContext.create("libopus", "r")
    frames = [frame for packet in packets for frame in decoder.decode(Packet(packet))]
    assert len(frames) == len(packets)
    sound = np.concatenate([frame.to_ndarray().astype(np.float32).ravel() for frame in frames])
    channels = len(frames[0].layout.channels)
    one = sound[::channels] if frames[0].format.is_packed else sound.reshape(-1)
    spectrum = np.abs(np.fft.rfft(one[24_000:72_000]))
    assert abs(int(spectrum.argmax()) - 440) <= 2


def test_a_call_that_asks_much_does_not_hold_up_another() -> None:
    done: list[str] = []
    go = threading.Event()
    executor = FairExecutor("test")
    executor.submit("greedy", lambda: go.wait(5))
    for number in range(5):
        executor.submit("greedy", lambda number=number: done.append(f"greedy {number}"))  # type: ignore[misc]
    modest = executor.submit("modest", lambda: done.append("modest"))
    go.set()
    modest.result(5)
    executor.submit("greedy", lambda: None).result(5)
    executor.close()
    assert done.index("modest") <= 1
    assert [name for name in done if name != "modest"] == [f"greedy {number}" for number in range(5)]


def test_calls_are_served_in_turns() -> None:
    done: list[str] = []
    go = threading.Event()
    executor = FairExecutor("test")
    executor.submit("first", lambda: go.wait(5))
    for call in ("a", "a", "b", "b", "c"):
        executor.submit(call, lambda call=call: done.append(call))  # type: ignore[misc]
    go.set()
    executor.submit("a", lambda: None).result(5)
    executor.close()
    assert done == ["a", "b", "c", "a", "b"]


def test_what_waits_to_be_computed_is_bounded_for_a_call_and_in_all() -> None:
    go = threading.Event()
    executor = FairExecutor("test", most_of_call=2, most=3)
    running = threading.Event()
    executor.submit("first", lambda: running.set() or go.wait(5))  # type: ignore[func-returns-value]
    running.wait(5)
    for call in ("first", "first", "second"):
        executor.submit(call, lambda: None)
    for call in ("first", "third"):
        with pytest.raises(ComputeFullError):
            executor.submit(call, lambda: None)
    go.set()
    executor.close()
    with pytest.raises(ComputeFullError):
        executor.submit("first", lambda: None)


async def test_work_that_nobody_wants_any_more_is_never_begun() -> None:
    go, begun = threading.Event(), threading.Event()
    executor = FairExecutor("test")
    executor.submit("call", lambda: go.wait(5))
    waiting = asyncio.create_task(executor.run("call", begun.set))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
    await executor.run("call", lambda: None)
    executor.close()
    assert not begun.is_set()


def test_base64_of_half_a_sample_waits_for_the_other_half() -> None:
    reader = SoundReader(Pcm())
    raw = to_bytes(tone(0.5, 24_000))
    halves = [reader.accept(raw[:4_801]), reader.accept(raw[4_801:])]
    whole = SoundReader(Pcm()).accept(from_base64(base64.b64encode(raw).decode()))
    assert np.allclose(np.concatenate(halves)[:4_000], whole[:4_000], atol=1e-4)
