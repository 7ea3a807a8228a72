"""The agent: whole turns with scripted models and the real skills, outbox and records."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nearfield_edge.audio.clock import InputClock, PlaybackClock, RealTimeClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.cli.single_turn import hear_one_turn
from nearfield_edge.composition import Device, gather_knowledge, surroundings, turn_settings
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.engine_loading import Engines, load_engines
from nearfield_edge.errors import RecordError
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_sync.messages.turn_record import TurnRecord, turn_record_from_json
from tests.edge.devices import staged
from tests.fakes.asr import ScriptedAsr
from tests.fakes.clock import SettableClock
from tests.fakes.tts import ToneVoice
from tests.fakes.wake import ScriptedWake

ORDER = "can I have a large latte with whole milk"


async def test_speech_becomes_an_answer_with_a_record_that_says_why(tmp_path: Path) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER])) as stage:
        record = await stage.hear((500, False), (1_500, True), (1_000, False))
        assert record.outcome == "answered"
        assert record.transcript == ORDER
        assert record.understanding.intent == "orderDrink"
        assert record.understanding.slots["size"] == "large"
        assert record.route is not None
        assert record.route.route == "skill"
        assert "coffee.orderDrink" in record.route.reason
        assert record.reply is not None
        assert "large latte" in record.reply.text
        assert record.versions["asr"] == "scripted"
        assert stage.device.turns.last(1) == (record,)
        assert turn_record_from_json(record.to_json()) == record


async def test_times_count_from_the_end_of_speech_and_grow_stage_by_stage(tmp_path: Path) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER])) as stage:
        times = (await stage.hear((500, False), (1_500, True), (1_000, False))).timings_ms
        assert times.endpoint == pytest.approx(400, abs=60)
        stages = [times.endpoint, times.transcript, times.understood, times.first_audio, times.done]
        known = [at for at in stages if at is not None]
        assert len(known) == 5
        assert known == sorted(known)


async def test_an_utterance_decoded_in_the_silence_is_not_decoded_again(tmp_path: Path) -> None:
    script = ScriptedAsr([ORDER, "decoded twice"])
    async with staged(tmp_path, asr=script) as stage:
        record = await stage.hear((500, False), (1_000, True), (1_000, False))
        assert record.transcript == ORDER
        assert len(script.heard) == 1


async def test_a_pause_in_an_utterance_costs_a_guess_and_not_the_rest_of_it(tmp_path: Path) -> None:
    script = ScriptedAsr(["can I have", ORDER])
    async with staged(tmp_path, asr=script) as stage:
        record = await stage.hear((600, True), (300, False), (900, True), (1_000, False))
        assert record.transcript == ORDER
        assert record.revision == 0


async def test_a_follow_up_uses_what_was_said_before(tmp_path: Path) -> None:
    script = ScriptedAsr([ORDER, "make it small"])
    async with staged(tmp_path, asr=script) as stage:
        await stage.hear((1_500, True), (1_000, False))
        stage.device.agent.tell(ev.TextGiven(at=0, text="make it small"))
        await stage.device.agent.rest()
        record = stage.records[-1]
        assert record.understanding.source == "context"
        assert record.reply is not None
        assert "small latte with whole milk" in record.reply.text


async def test_the_conversation_of_a_reopened_turn_is_forgotten(tmp_path: Path) -> None:
    script = ScriptedAsr(["a large latte please", "a large latte with soy milk please"])
    async with staged(tmp_path, asr=script) as stage:
        record = await stage.hear((1_000, True), (700, False), (600, True), (2_000, False))
        assert record.revision == 1
        assert record.transcript == "a large latte with soy milk please"
        assert [heard for heard, _ in script.heard] == pytest.approx([1.2, 2.5], abs=0.2)
        assert record.reply is not None
        assert record.reply.text.count("latte") == 1
        assert len(stage.records) == 1


async def test_a_confirmed_order_is_committed_and_its_dropped_revision_is_not(tmp_path: Path) -> None:
    script = ScriptedAsr(["yes", "yes please"])
    async with staged(tmp_path, asr=script) as stage:
        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        await stage.device.agent.rest()
        # "yes", a pause, "please": the first part staged an order before the person spoke on
        record = await stage.hear((500, True), (700, False), (500, True), (3_000, False))
        assert record.outcome == "answered"
        assert len(record.effects) == 1
        assert stage.device.outbox.effects.counts() == {"committed": 1, "dropped": 1}


async def test_a_recogniser_that_fails_is_answered_with_an_apology_and_the_next_turn_works(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER], fails_at=0)) as stage:
        failed = await stage.hear((1_000, True), (3_000, False))
        assert failed.faults == ("engine_failed",)
        assert failed.reply is not None
        assert failed.reply.source == "phrase:engine_failed"
        assert isinstance(stage.voice, ToneVoice)
        assert stage.voice.said == [failed.reply.text]
        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        await stage.device.agent.rest()
        assert stage.records[-1].outcome == "answered"


async def test_a_voice_that_fails_costs_the_sound_and_not_the_turn(tmp_path: Path) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER]), tts=ToneVoice(fails_on="large")) as stage:
        record = await stage.hear((1_000, True), (3_000, False))
        assert record.outcome == "answered"
        assert record.faults == ("engine_failed",)
        assert stage.device.agent.state.turn is None


async def test_an_order_that_cannot_be_stored_is_not_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path) as stage:

        def full(*_: object) -> tuple[str, ...]:
            raise RecordError("the disk is full")

        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        await stage.device.agent.rest()
        monkeypatch.setattr(stage.device.outbox, "stage", full)
        stage.device.agent.tell(ev.TextGiven(at=0, text="yes please"))
        await stage.device.agent.rest()
        record = stage.records[-1]
        assert record.faults == ("record_failed",)
        assert record.reply is not None
        assert "cannot store" in record.reply.text
        assert record.effects == ()


async def test_a_record_that_cannot_be_kept_is_counted_and_the_device_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER])) as stage:

        def full(record: TurnRecord) -> None:
            raise RecordError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(stage.device.turns, "keep", full)
            await stage.hear((1_000, True), (3_000, False))
        stage.device.agent.tell(ev.TextGiven(at=0, text="are you open tomorrow"))
        await stage.device.agent.rest()
        assert [record.outcome for record in stage.records] == ["answered", "answered"]
        assert len(stage.device.turns.last(10)) == 1


async def test_a_detector_that_fails_again_and_again_does_not_end_the_device(tmp_path: Path) -> None:
    wake = ScriptedWake(fails_at=20)
    async with staged(tmp_path, asr=ScriptedAsr(["what is the wifi password"]), wake=[wake]) as stage:
        record = await stage.hear((500, False), (1_500, True), (2_000, False))
        assert record.outcome == "answered"
        failures = stage.counters.value("nearfield_hearing_failures_total", engine="ScriptedWake")
        assert wake.resets == failures > 10


async def test_partials_are_recognised_while_the_person_speaks_and_help_the_final(tmp_path: Path) -> None:
    asr = ScriptedAsr([ORDER], words_per_second=4)
    async with staged(tmp_path, asr=asr, partial_every_ms=400) as stage:
        record = await stage.hear((2_500, True), (1_500, False))
        partials = [entry.detail for entry in record.timeline if entry.event == "partial"]
        assert len(partials) >= 3
        assert record.transcript.startswith(partials[0])
        assert asr.heard[-1][1] is not None


async def test_a_muted_device_hears_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER])) as stage:
        stage.device.agent.tell(ev.MuteChanged(at=0, muted=True))
        stage.device.agent.tell(ev.TextGiven(at=0, text="are you open tomorrow"))
        await stage.hear((1_500, True), (1_000, False))
        assert [record.opened_by for record in stage.records] == ["text"]


def _decisions(happened: list[do.Command | ev.Event]) -> list[object]:
    """What became of the turn. When it was decided depends on how fast the machine finds evidence."""
    told: list[object] = []
    for each in happened:
        match each:
            case do.Understand():
                told.append(each.transcript.text)
            case do.Act():
                told.append((each.understanding, each.decision))
            case do.Recognise():
                stretch = (each.first_sample, each.end_sample, each.speech_end, each.reason)
            case do.OpenTurn() | do.Speak() | do.CommitEffects():
                told.append(replace(each, turn_id=""))
    return [*told, stretch]


@pytest.mark.models
@pytest.mark.recordings
async def test_a_recording_decides_the_same_paced_and_as_fast_as_possible(
    tmp_path: Path, recordings: Path
) -> None:
    path = sorted((recordings / "orders" / "speech").glob("*.flac"))[0]
    told: list[list[object]] = []
    heard: list[list[ev.HopHeard]] = []
    for time in (InputClock(), RealTimeClock()):
        happened = await _happened(tmp_path / type(time).__name__, path, time)
        told.append(_decisions(happened))
        heard.append([event for event in happened if isinstance(event, ev.HopHeard)])
    hops = min(len(hops) for hops in heard)
    assert heard[0][:hops] == heard[1][:hops]
    assert told[0] == told[1]
    assert len(told[0]) == 6


async def _happened(data: Path, path: Path, time: PlaybackClock) -> list[do.Command | ev.Event]:
    raw = {
        "device": {"data": str(data)},
        "skills": {"enabled": ["coffee"]},
        "wake": {"mode": "open_mic"},
    }
    configuration = parse_configuration(raw, where="the test")
    engines: Engines = load_engines(configuration, hear=True, speak=True)
    happened: list[do.Command | ev.Event] = []
    records: list[TurnRecord] = []
    settings = replace(
        turn_settings(configuration, loudspeaker=False), follow_up_ms=0, partial_every_ms=60_000
    )
    place = surroundings(configuration)
    async with Device(
        place,
        gather_knowledge(place),
        engines=engines,
        sink=PacedSink(time),
        time=time,
        settings=settings,
        watcher=happened.append,
        on_record=records.append,
        session="same",
    ) as device:
        pace = None if isinstance(time, InputClock) else time
        await hear_one_turn(device, FileSource(path, pace=pace), records)
    return happened


class SlowAsr(ScriptedAsr):
    """A recogniser that takes its time by the clock of the machine."""

    def __init__(self, clock: SettableClock, computing_ms: int) -> None:
        super().__init__([ORDER])
        self._clock = clock
        self._computing_ms = computing_ms

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        self._clock.advance(timedelta(milliseconds=self._computing_ms))
        return super().transcribe(samples, earlier=earlier, cancellation=cancellation)


@pytest.mark.parametrize(("computing_ms", "late_ms"), [(0, 0), (340, 0), (350, 10), (2_000, 1_660)])
async def test_of_decoding_ahead_a_fast_recording_counts_what_the_silence_has_no_room_for(
    tmp_path: Path, computing_ms: int, late_ms: int
) -> None:
    clock = SettableClock()
    async with staged(tmp_path, asr=SlowAsr(clock, computing_ms), machine=clock) as stage:
        record = await stage.hear((600, False), (1_500, True), (1_500, False))
    times = record.timings_ms
    assert times.endpoint is not None
    assert times.transcript == times.understood == times.first_audio == times.endpoint + late_ms
    assert times.done is not None
    assert times.done > times.first_audio
    commands = [type(each).__name__ for each in stage.happened]
    assert commands.count("Speculate") == commands.count("Recognise") == 1


async def test_a_conversation_goes_on_in_the_next_process(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        await stage.device.agent.rest()
    async with staged(tmp_path) as stage:
        stage.device.agent.tell(ev.TextGiven(at=0, text="make it small"))
        await stage.device.agent.rest()
        assert stage.records[-1].understanding.source == "context"
    assert (tmp_path / "conversation.json").stat().st_mode & 0o077 == 0


async def test_a_damaged_conversation_is_forgotten_and_the_device_starts(tmp_path: Path) -> None:
    (tmp_path / "conversation.json").write_text('{"memory": [1, 2')
    async with staged(tmp_path) as stage:
        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        await stage.device.agent.rest()
        assert stage.records[-1].outcome == "answered"


async def test_a_device_that_is_closed_in_the_middle_of_a_turn_keeps_its_record(tmp_path: Path) -> None:
    async with staged(tmp_path, asr=ScriptedAsr([ORDER])) as stage:
        await stage.listen((500, True))
        assert stage.device.agent.state.turn is not None
    assert [record.outcome for record in stage.records] == ["interrupted"]


class StubbornPartials(ScriptedAsr):
    """A recogniser whose first call ends only when it is cancelled."""

    def __init__(self) -> None:
        super().__init__([ORDER])
        self.begun = threading.Event()
        self.cancelled = False

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        if not self.begun.is_set() and cancellation is not None:
            self.begun.set()
            for _ in range(1_000):
                self.cancelled = cancellation.is_cancelled
                cancellation.check()
                threading.Event().wait(0.005)
        return super().transcribe(samples, earlier=earlier, cancellation=cancellation)


async def test_a_partial_under_way_gives_way_to_the_final(tmp_path: Path) -> None:
    asr = StubbornPartials()
    async with staged(tmp_path, asr=asr, partial_every_ms=400, time=RealTimeClock()) as stage:
        await stage.listen((500, True))
        assert await asyncio.to_thread(asr.begun.wait, 5.0)
        await stage.hear((510, False))
        assert asr.cancelled
        assert stage.records[-1].transcript == ORDER
