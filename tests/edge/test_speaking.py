"""Replies begun ahead: said at once where they are wanted, and computed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nearfield_edge.audio.clock import InputClock, PlaybackClock, RealTimeClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.speaking import Speaking
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from tests.fakes.tts import ToneVoice

TEXT = "One latte."


@contextmanager
def speaking(voice: ToneVoice, time: PlaybackClock | None = None) -> Iterator[Speaking]:
    clock = time or RealTimeClock()
    executor = InferenceExecutor()
    try:
        yield Speaking(voice, PacedSink(clock), executor, clock)
    finally:
        executor.close()


async def test_a_reply_that_was_begun_ahead_is_said_whole_and_computed_once() -> None:
    voice, wanted = ToneVoice(), Cancellation()
    with speaking(voice) as replies:
        await replies.prepare(TEXT, wanted)
        assert voice.said == [TEXT]
        assert await replies.say("t", TEXT, wanted, on_first_sound=lambda: None) == 200
        assert voice.said == [TEXT]
        assert await replies.heard("t") == 200


@pytest.mark.parametrize("same_revision", [True, False])
async def test_what_was_begun_for_another_reply_is_not_said(same_revision: bool) -> None:
    voice, guess = ToneVoice(), Cancellation()
    with speaking(voice) as replies:
        await replies.prepare("Another one.", guess)
        wanted = guess if same_revision else Cancellation()
        await replies.say("t", TEXT, wanted, on_first_sound=lambda: None)
        assert voice.said == ["Another one.", TEXT]


async def test_a_guess_that_is_dropped_or_fails_is_told_to_nobody_but_who_says_it() -> None:
    with speaking(ToneVoice(fails_on="One")) as replies:
        wanted = Cancellation()
        await replies.prepare(TEXT, wanted)
        with pytest.raises(EngineError):
            await replies.say("t", TEXT, wanted, on_first_sound=lambda: None)
    with speaking(ToneVoice()) as replies:
        dropped = Cancellation()
        dropped.cancel()
        await replies.prepare(TEXT, dropped)
        with pytest.raises(CancelledWorkError):
            await replies.say("t", TEXT, dropped, on_first_sound=lambda: None)


async def test_nothing_is_computed_ahead_where_time_stands_still_meanwhile() -> None:
    voice = ToneVoice()
    with speaking(voice, InputClock()) as replies:
        await replies.prepare(TEXT, Cancellation())
        assert voice.said == []
