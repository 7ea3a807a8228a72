"""Replies and requests that are cut short: what the record says of them, and that the next one is heard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.state import Mode
from nearfield_models.pcm import SAMPLES_PER_MS
from tests.edge.devices import sound, staged
from tests.fakes.asr import ScriptedAsr
from tests.fakes.wake import ScriptedWake

ORDER = "can I have a large latte with whole milk please"


async def test_the_wake_word_interrupts_a_reply_that_the_record_then_says_was_cut(tmp_path: Path) -> None:
    wake = ScriptedWake([100, 400])
    asr = ScriptedAsr(["what is the wifi password"])
    async with staged(tmp_path, asr=asr, wake=[wake], mode=Mode.WAKE) as stage:
        await stage.hear((1_000, False), (1_500, True), (4_000, False))
        cut = next(record for record in stage.records if record.outcome == "interrupted")
        assert cut.reply is not None
        assert cut.reply.heard_ms is not None
        assert 0 < cut.reply.heard_ms < 100 * len(cut.reply.text.split())


async def test_what_is_said_over_a_reply_is_a_turn_and_the_record_tells_how_much_had_been_heard(
    tmp_path: Path,
) -> None:
    asr = ScriptedAsr(["mm-hm", "make it small"])
    async with staged(tmp_path, asr=asr) as stage:
        stage.device.agent.tell(ev.TextGiven(at=0, text=ORDER))
        # a reply of 1.5 s: a cough over its begin, an order over what is left of it
        await stage.hear((300, False), (300, True), (600, False), (400, True), (4_000, False))
        cut, last = stage.records
        events = [entry.event for entry in cut.timeline]
        assert [event for event in events if event.startswith("speech_")] == [
            "speech_held",
            "speech_resumed",
            "speech_held",
            "speech_stopped",
        ]
        assert cut.outcome == "interrupted"
        assert cut.reply is not None
        assert cut.reply.heard_text
        assert cut.reply.text.startswith(cut.reply.heard_text)
        assert len(cut.reply.heard_text) < len(cut.reply.text)
        assert (last.opened_by, last.transcript) == ("interruption", "make it small")
        assert last.understanding.source == "context"


async def test_whoever_presses_the_button_next_may_speak_softer(tmp_path: Path) -> None:
    script = ScriptedAsr([ORDER, "make it small"])
    async with staged(tmp_path, asr=script, mode=Mode.PUSH_TO_TALK) as stage:
        agent = stage.device.agent
        agent.tell(ev.TalkPressed(at=0, held=False))
        await stage.listen((1_000, True), (300, False))
        agent.tell(ev.StopAsked(at=agent.state.at))
        agent.tell(ev.TalkPressed(at=agent.state.at, held=False))
        soft = (np.frombuffer(sound((2_500, True)), np.int16) // 15).tobytes()
        await stage.play(soft)
        await stage.listen((1_500, False))
        ends = [each for each in stage.happened if isinstance(each, do.Recognise)]
        assert ends[-1].speech_end - ends[-1].first_sample > 2_400 * SAMPLES_PER_MS
