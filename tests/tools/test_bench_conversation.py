"""The conversation benchmark: what it chooses, hears and counts, and one real order."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearfield_edge.audio.clock import InputClock
from nearfield_models.pcm import HOP_SAMPLES
from nearfield_sync.messages.turn_record import Timings, TurnRecord
from tests.fakes.turns import turn
from tools.bench import conversation
from tools.bench.conversation import chosen, directions, is_right, scored, speaking_cores, spread
from tools.bench.customers import Served
from tools.bench.paced_room import Listener, PacedRoom
from tools.bench.speech import WORDS

LABELS = {"a.flac": {"intent": "orderDrink", "slots": {"size": "large"}}}


def served(
    first_audible_ms: float | None = 450.0,
    record: TurnRecord | None = None,
    *,
    reopened: int = 0,
    taken_back: int = 0,
) -> Served:
    return Served(
        name="a.flac",
        first_audible_ms=first_audible_ms,
        record=record,
        device_end_ms=20.0,
        reopened=reopened,
        taken_back=taken_back,
        from_store=False,
        speech_seconds=2.0,
        processor_seconds=1.5,
    )


def loud(first: int, size: int = HOP_SAMPLES) -> np.ndarray:
    """Quiet, and from a sample on loud."""
    found = np.full(size, 0.005, np.float32)
    found[first:] = 0.2
    return found


def test_orders_are_chosen_from_all_parts_and_by_the_seed() -> None:
    names = [f"{number:03}" for number in range(318)]
    found = chosen(names, 60, seed=1)
    assert found == chosen(names, 60, seed=1)
    assert found != chosen(names, 60, seed=2)
    assert [names.index(name) * 60 // 318 for name in found] == pytest.approx(range(60), abs=1)
    assert len(set(found)) == 60
    assert chosen(names, 400, seed=1) == names


def test_each_sentence_beside_recognition_has_twelve_words_and_is_another_one() -> None:
    ways = directions()
    assert len(set(ways.values())) == len(ways) >= conversation.BESIDE
    assert {len(way.split()) for way in ways.values()} == {WORDS}


def test_times_of_the_record_are_moved_to_the_end_of_speech_in_the_sound() -> None:
    record = replace(turn("t1"), timings_ms=Timings(endpoint=300.0, transcript=310.0, first_audio=400.0))
    figures = scored([served(record=record)], LABELS)
    assert figures["decision_ms"] == {"p50": 320.0, "p95": 320.0, "max": 320.0}
    assert figures["first_sound_ms"]["p50"] == 420.0
    assert figures["understood_ms"] == {}
    assert figures["first_audible_ms"]["p50"] == 450.0


def test_what_was_reopened_taken_back_lost_or_silent_is_counted() -> None:
    wrong = replace(turn("t1"), understanding=replace(turn("t1").understanding, slots={"size": "small"}))
    figures = scored(
        [
            served(record=turn("t1")),
            served(record=turn("t1"), reopened=2, taken_back=1),
            served(record=wrong, reopened=1),
            served(None),
        ],
        LABELS,
    )
    counts = {name: figures[name] for name in ("n", "reopened", "taken_back", "lost", "silent")}
    assert counts == {"n": 4, "reopened": 2, "taken_back": 1, "lost": 2, "silent": 1}


def test_an_order_in_two_turns_is_not_right() -> None:
    assert is_right(served(record=turn("t1")), LABELS)
    assert not is_right(served(record=None), LABELS)


def test_processor_time_is_told_by_the_second_of_speech() -> None:
    assert speaking_cores([served(), served()]) == 0.75
    assert speaking_cores([]) is None
    assert spread([]) == {}


async def test_the_listener_waits_for_the_first_sample_that_can_be_heard() -> None:
    listener = Listener(InputClock())
    await listener.begin()
    await listener.write(1_000, np.full(HOP_SAMPLES, 0.009, np.float32))
    assert listener.replies[0].first_audible is None
    assert not listener.sounds
    await listener.write(1_160, loud(40))
    await listener.write(1_320, loud(0))
    assert listener.replies[0].first_audible == 1_200
    assert listener.sounds
    await listener.end(stopped=True)
    assert not listener.sounds


async def test_what_is_played_late_is_heard_late() -> None:
    clock = InputClock()
    await clock.advance(5_000)
    listener = Listener(clock)
    await listener.begin()
    await listener.write(1_000, loud(10))
    assert listener.replies[0].first_audible == 5_010


async def test_the_room_gives_each_hop_when_it_is_over_and_silence_between() -> None:
    clock = InputClock()
    await clock.advance(800)
    room = PacedRoom(clock)
    async with aclosing(room.frames()) as frames:
        waiting = asyncio.ensure_future(anext(frames))
        await clock.advance(0)
        await clock.advance(HOP_SAMPLES - 1)
        assert not waiting.done()
        await clock.advance(1)
        first = await waiting
        assert (first.first_sample, set(first.pcm)) == (0, {0})
        at = room.say(loud(0, size=200))
        assert at == 800 + HOP_SAMPLES
        assert room.position(at) == HOP_SAMPLES
        await clock.advance(4 * HOP_SAMPLES)
        heard = [await anext(frames) for _ in range(3)]
        assert [any(frame.pcm) for frame in heard] == [True, True, False]
        assert room.is_silent
        await room.close()
        assert [frame async for frame in frames] == []


@pytest.mark.recordings
@pytest.mark.models
def test_a_real_order_is_heard_answered_and_kept_the_second_time(recordings: Path) -> None:
    arguments = argparse.Namespace(data=recordings, limit=1, snr_db=None, seed=0, idle_seconds=1.0)
    figures = conversation.run(arguments).figures
    assert figures["fresh"]["n"] == 1
    assert figures["fresh"]["first_audible_ms"]["p50"] > figures["fresh"]["first_sound_ms"]["p50"] - 1
    assert figures["processor"]["speaking_cores"] > 0
    assert figures["beside_recognition"]["of"] == 1
