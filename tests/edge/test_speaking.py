"""Replies begun ahead: said at once where they are wanted, and computed once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from nearfield_edge.audio.clock import InputClock, PlaybackClock, RealTimeClock
from nearfield_edge.audio.fading import FADE_MS
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.reply_text import ReplyText
from nearfield_edge.speaking import Heard, Speaking
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import HOP_SAMPLES, SAMPLE_RATE_HZ, Samples
from tests.fakes.tts import ToneVoice

TEXT = "One latte."


def words_of(text: str) -> ReplyText:
    return ReplyText(text, whole=True)


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
        heard = await replies.say("t", words_of(TEXT), wanted, on_first_sound=lambda: None)
        assert heard == Heard(ms=200, text=TEXT)
        assert voice.said == [TEXT]
        assert await replies.heard("t") == heard


@pytest.mark.parametrize("same_revision", [True, False])
async def test_what_was_begun_for_another_reply_is_not_said(same_revision: bool) -> None:
    voice, guess = ToneVoice(), Cancellation()
    with speaking(voice) as replies:
        await replies.prepare("Another one.", guess)
        wanted = guess if same_revision else Cancellation()
        await replies.say("t", words_of(TEXT), wanted, on_first_sound=lambda: None)
        assert voice.said == ["Another one.", TEXT]


async def test_a_guess_that_is_dropped_or_fails_is_told_to_nobody_but_who_says_it() -> None:
    with speaking(ToneVoice(fails_on="One")) as replies:
        wanted = Cancellation()
        await replies.prepare(TEXT, wanted)
        with pytest.raises(EngineError):
            await replies.say("t", words_of(TEXT), wanted, on_first_sound=lambda: None)
    with speaking(ToneVoice()) as replies:
        dropped = Cancellation()
        dropped.cancel()
        await replies.prepare(TEXT, dropped)
        with pytest.raises(CancelledWorkError):
            await replies.say("t", words_of(TEXT), dropped, on_first_sound=lambda: None)


async def test_nothing_is_computed_ahead_where_time_stands_still_meanwhile() -> None:
    voice = ToneVoice()
    with speaking(voice, InputClock()) as replies:
        await replies.prepare(TEXT, Cancellation())
        assert voice.said == []


class Track:
    """An outlet that keeps what is played."""

    def __init__(self) -> None:
        self.samples: list[float] = []

    async def begin(self) -> None:
        """Nothing to do."""

    async def write(self, at: int, samples: Samples) -> None:
        self.samples += samples.tolist()

    async def end(self, *, stopped: bool) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""


async def let_pass(clock: InputClock, ms: int) -> None:
    for _ in range(ms // 10):
        await clock.advance(HOP_SAMPLES)


LONGER = "one two three four five six seven eight nine ten"
"""A second of tones."""


async def test_a_reply_that_is_held_goes_on_at_the_sample_at_which_it_fell_silent() -> None:
    clock, executor, track, first = InputClock(), InferenceExecutor(), Track(), []
    replies = Speaking(ToneVoice(), PacedSink(clock, track), executor, clock)
    try:
        saying = asyncio.create_task(
            replies.say(
                "t", words_of(LONGER), Cancellation(), on_first_sound=lambda: first.append(clock.now())
            )
        )
        await let_pass(clock, 300)
        replies.hold()
        await let_pass(clock, 500)
        silent = len(track.samples)
        assert silent < 0.35 * SAMPLE_RATE_HZ
        replies.resume()
        await let_pass(clock, 1_000)
        assert await saying == Heard(ms=1_000, text=LONGER)
        assert len(first) == 1
        fade = SAMPLE_RATE_HZ * FADE_MS // 1_000
        assert len(track.samples) - SAMPLE_RATE_HZ <= fade + HOP_SAMPLES
        whole = np.concatenate(list(ToneVoice().synthesise(LONGER)))
        rest = track.samples[silent + fade :]
        assert np.array_equal(rest, whole[-len(rest) :])
    finally:
        executor.close()


async def test_a_reply_that_is_held_and_stopped_tells_how_much_was_heard() -> None:
    clock, executor = InputClock(), InferenceExecutor()
    replies = Speaking(ToneVoice(), PacedSink(clock), executor, clock)
    try:
        saying = asyncio.create_task(
            replies.say("t", words_of(LONGER), Cancellation(), on_first_sound=lambda: None)
        )
        await let_pass(clock, 500)
        replies.hold()
        await let_pass(clock, 100)
        replies.stop()
        heard = await saying
        assert 480 <= heard.ms <= 500
        assert LONGER.startswith(heard.text)
        assert 2 <= len(heard.text.split()) <= 6
    finally:
        executor.close()


@pytest.mark.parametrize("goes_on", [True, False])
async def test_hold_and_what_follows_it_at_once_both_count(goes_on: bool) -> None:
    clock, executor = InputClock(), InferenceExecutor()
    replies = Speaking(ToneVoice(), PacedSink(clock), executor, clock)
    try:
        saying = asyncio.create_task(
            replies.say("t", words_of(LONGER), Cancellation(), on_first_sound=lambda: None)
        )
        await let_pass(clock, 200)
        replies.hold()
        replies.resume() if goes_on else replies.stop()
        await let_pass(clock, 1_000)
        heard = await saying
        assert heard.ms == 1_000 if goes_on else heard.ms <= 250, heard
    finally:
        executor.close()


async def test_holding_where_nothing_is_said_holds_nothing_later() -> None:
    with speaking(ToneVoice()) as replies:
        replies.hold()
        heard = await replies.say("t", words_of(TEXT), Cancellation(), on_first_sound=lambda: None)
        assert heard == Heard(ms=200, text=TEXT)


async def test_a_reply_that_grows_while_it_is_heard_is_said_to_its_end() -> None:
    clock, executor = InputClock(), InferenceExecutor()
    replies = Speaking(ToneVoice(), PacedSink(clock), executor, clock)
    words = ReplyText("One two", whole=False)

    def grow() -> None:
        words.go_on("three four five", last=False)
        words.go_on("", last=True)

    try:
        saying = asyncio.create_task(replies.say("t", words, Cancellation(), on_first_sound=grow))
        await let_pass(clock, 1_000)
        heard = await saying
        assert heard.text == "One two three four five"
        assert heard.ms == 200 + 150 + 300
    finally:
        executor.close()


async def test_a_reply_that_was_begun_ahead_may_grow_before_it_is_said() -> None:
    voice, wanted = ToneVoice(), Cancellation()
    with speaking(voice) as replies:
        await replies.prepare(TEXT, wanted)
        words = ReplyText(TEXT, "And more.", whole=True)
        heard = await replies.say("t", words, wanted, on_first_sound=lambda: None)
        assert voice.said == [TEXT, "And more."]
        assert heard.text == f"{TEXT} And more."


async def test_what_is_known_of_a_reply_from_the_start_is_said_once() -> None:
    voice = ToneVoice()
    with speaking(voice) as replies:
        words = ReplyText(TEXT, "And more.", whole=True)
        heard = await replies.say("t", words, Cancellation(), on_first_sound=lambda: None)
        assert voice.said == [TEXT, "And more."]
        assert heard == Heard(ms=200 + 150 + 200, text=f"{TEXT} And more.")


async def test_a_reply_that_waits_for_more_can_be_stopped() -> None:
    with speaking(ToneVoice()) as replies:
        words = ReplyText(TEXT, whole=False)
        saying = asyncio.create_task(
            replies.say("t", words, Cancellation(), on_first_sound=lambda: replies.stop())
        )
        assert (await asyncio.wait_for(saying, 10)).ms <= 200


async def test_without_a_voice_a_reply_is_over_when_it_is_whole() -> None:
    clock, executor = RealTimeClock(), InferenceExecutor()
    replies = Speaking(None, PacedSink(clock), executor, clock)
    words = ReplyText(TEXT, whole=False)
    try:
        saying = asyncio.create_task(replies.say("t", words, Cancellation(), on_first_sound=lambda: None))
        done, _ = await asyncio.wait([saying], timeout=0.01)
        assert not done
        words.go_on("", last=True)
        assert await saying == Heard(ms=0, text="")
    finally:
        executor.close()
