"""What is played reaches the front end at its time, and the ears hear what the front end makes of it."""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.device import Speaker
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.reference import PlaybackReference, ReferenceReader
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.cleaning import MicrophoneCleaning
from nearfield_edge.composition import microphone_cleaning, surroundings
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.ears import Ears
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.events import HopHeard
from nearfield_models.errors import EngineError, RuntimeMissingError
from nearfield_models.frontend.engine import CleanedHop, FrontEndCapabilities
from nearfield_models.frontend.passthrough import Passthrough
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples, to_bytes
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_sync.telemetry import Counters
from tests.fakes.sound_card import ScriptedCard
from tests.fakes.vad import LoudnessVad

LIMIT_SECONDS = 5


def ramp(count: int) -> Samples:
    return (np.arange(1, count + 1) / 40_000).astype(np.float32)


async def spoken(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


def test_what_was_written_is_read_by_its_position_and_everything_else_is_silence() -> None:
    reference = PlaybackReference()
    reference.write(1_000, ramp(100))
    reference.write(1_300, ramp(50))
    assert np.array_equal(reference.read(990, 130)[10:110], ramp(100))
    assert not reference.read(990, 10).any()
    assert not reference.read(1_100, 200).any()
    assert np.array_equal(reference.read(1_300, 50), ramp(50))
    reference.cut(1_320)
    assert np.array_equal(reference.read(1_300, 50)[:20], ramp(20))
    assert not reference.read(1_320, 100).any()


def test_what_is_long_past_is_forgotten() -> None:
    reference = PlaybackReference()
    reference.write(0, ramp(100))
    reference.write(10 * SAMPLE_RATE_HZ, ramp(100))
    assert not reference.read(0, 100).any()
    reference.write(50, ramp(100))  # so late that nobody can ask for it
    assert not reference.read(50, 100).any()


async def test_a_paced_sink_tells_what_it_plays_when_it_plays_it_and_nothing_after_a_stop() -> None:
    clock, reference = InputClock(), PlaybackReference()
    await clock.advance(5 * HOP_SAMPLES)
    sink = PacedSink(clock, reference=reference)
    playing = asyncio.create_task(sink.play(spoken(ramp(20 * HOP_SAMPLES)), SAMPLE_RATE_HZ))
    async with asyncio.timeout(LIMIT_SECONDS):
        while clock.now() < 12 * HOP_SAMPLES:
            await clock.advance(HOP_SAMPLES)
    began = 6 * HOP_SAMPLES  # the first hop that passes once the reply is there
    heard = reference.read(0, clock.now())
    first = int(np.flatnonzero(heard)[0])
    assert first in (began - HOP_SAMPLES, began)
    assert np.allclose(heard[first:], ramp(heard.size - first), atol=1e-3)
    sink.stop()
    await playing
    assert not reference.read(clock.now(), SAMPLE_RATE_HZ).any()


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
async def test_a_speaker_tells_what_its_card_has_taken_and_will_take(rate_hz: int) -> None:
    card, clock, reference = ScriptedCard(rate_hz=rate_hz), InputClock(), PlaybackReference()
    speaker = Speaker(clock=clock, card=card, reference=reference)
    begun = asyncio.Event()
    playing = asyncio.create_task(
        speaker.play(spoken(ramp(SAMPLE_RATE_HZ)), SAMPLE_RATE_HZ, on_first_sound=begun.set)
    )
    async with asyncio.timeout(LIMIT_SECONDS):
        await begun.wait()
        for _ in range(30):
            for _ in range(20):
                await asyncio.sleep(0)
            card.stream.ask(rate_hz // 100)
            await clock.advance(HOP_SAMPLES)
    heard = reference.read(0, clock.now())
    first = int(np.flatnonzero(np.abs(heard) > 1e-4)[0])
    assert first <= 2 * HOP_SAMPLES
    assert np.allclose(heard[first + 200 :], ramp(SAMPLE_RATE_HZ)[200 : heard.size - first], atol=2e-3)
    speaker.stop()
    await playing
    assert not reference.read(clock.now() + HOP_SAMPLES, SAMPLE_RATE_HZ).any()


async def test_positions_of_the_microphone_are_laid_onto_the_clock_of_the_sink() -> None:
    clock, reference = InputClock(), PlaybackReference()
    await clock.advance(30_000)
    reader = ReferenceReader(reference, clock)
    reference.write(30_000, ramp(3 * HOP_SAMPLES))
    assert np.array_equal(reader.read(0), ramp(3 * HOP_SAMPLES)[:HOP_SAMPLES])
    await clock.advance(3 * HOP_SAMPLES)  # heard late, as several frames at once are
    assert np.array_equal(reader.read(HOP_SAMPLES), ramp(3 * HOP_SAMPLES)[HOP_SAMPLES : 2 * HOP_SAMPLES])


class Scripted:
    """A front end that gives two signals of its own, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.resets = 0

    @property
    def capabilities(self) -> FrontEndCapabilities:
        return FrontEndCapabilities(cancels_echo=True)

    def accept(self, microphone: Samples, reference: Samples) -> CleanedHop:
        if self.fails:
            raise EngineError("broken on purpose")
        return CleanedHop(suppressed=np.zeros_like(microphone), recogniser=microphone - reference)

    def reset(self) -> None:
        self.resets += 1


def ears(front_end: Scripted | Passthrough, reference: PlaybackReference, counters: Counters) -> Ears:
    return Ears(
        wake=[],
        vad=LoudnessVad(),
        segmenter=SpeechSegmenter(SegmentationSettings()),
        memory=SoundMemory(SAMPLE_RATE_HZ),
        counters=counters,
        cleaning=MicrophoneCleaning(front_end, ReferenceReader(reference, InputClock()), counters),
    )


def loud(number: int) -> AudioFrame:
    level = np.full(HOP_SAMPLES, 0.5, np.float32)
    return AudioFrame(stream_id="test", first_sample=number * HOP_SAMPLES, pcm=to_bytes(level))


def test_voice_is_looked_for_in_the_one_signal_and_the_other_is_remembered() -> None:
    reference = PlaybackReference()
    reference.write(0, np.full(HOP_SAMPLES, 0.25, np.float32))
    hearing = ears(Scripted(), reference, Counters())
    for number in range(10):
        (event,) = hearing.hear(loud(number))
        assert event == HopHeard(at=(number + 1) * HOP_SAMPLES, speech=False)
    assert hearing.memory.recall(0, HOP_SAMPLES) == pytest.approx(0.25, abs=1e-4)
    # Without suppression the same sound counts as speech.
    plain = ears(Passthrough(), reference, Counters())
    events = [plain.hear(loud(number))[-1] for number in range(10)]
    assert any(isinstance(event, HopHeard) and event.speech for event in events)


def test_a_front_end_that_fails_begins_anew_is_counted_and_lets_the_sound_pass() -> None:
    front_end, counters = Scripted(fails=True), Counters()
    hearing = ears(front_end, PlaybackReference(), counters)
    hearing.hear(loud(0))
    assert hearing.memory.recall(0, HOP_SAMPLES) == pytest.approx(0.5, abs=1e-4)
    assert front_end.resets == 1
    assert any("nearfield_hearing_failures_total" in name for name in counters.snapshot())


def made(text: str, *, loudspeaker: bool = True) -> MicrophoneCleaning | None:
    place = surroundings(parse_configuration({"front_end": {"echo": text}}, where="here"))
    return microphone_cleaning(place, PlaybackReference(), InputClock(), loudspeaker=loudspeaker)


def test_without_a_loudspeaker_or_where_it_is_not_wanted_nothing_is_cleaned() -> None:
    assert made("auto", loudspeaker=False) is None
    assert made("none") is None


def test_without_the_extra_echo_stays_unless_cancelling_it_was_asked_for_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = builtins.__import__

    def without_livekit(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("livekit"):
            raise ImportError(name)
        return whole(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_livekit)
    assert made("auto") is None
    with pytest.raises(RuntimeMissingError, match=r"nearfield\[echo\]"):
        made("cancel")


def test_with_the_extra_a_device_with_a_loudspeaker_cancels_its_echo() -> None:
    pytest.importorskip("livekit.rtc", reason="the extra `echo` is not installed")
    assert made("auto") is not None
