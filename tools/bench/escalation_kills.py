"""A device that is being answered while its cloud is killed, again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import track

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.cli.single_turn import connected
from nearfield_edge.composition import Device, gather_knowledge, surroundings, turn_settings
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.turn.events import TextGiven
from nearfield_sync.messages.turn_record import TurnRecord
from tools.bench.conversation import spread
from tools.local_cloud import LocalCloud

LOSS_SECONDS: Final = 3.0
"""Within which a turn ends after the loss."""
_LONGEST_SECONDS: Final = 15.0
_LATEST_KILL_SECONDS: Final = 0.15
"""After the question was given."""


async def killed(
    cloud: LocalCloud, questions: Sequence[str], data: Path, times: int, seed: int
) -> dict[str, Any]:
    """Ask and kill so many times; the same device goes through all of it."""
    raw = {
        "device": {"id": "bench", "data": str(data)},
        "cloud": {**cloud.section(), "keep_answers": 0},  # every question is asked
        "understanding": {"paraphrases": False},
    }
    configuration = parse_configuration(raw, where="the bench")
    place = surroundings(configuration)
    records: list[TurnRecord] = []
    moments = random.Random(seed)  # noqa: S311 (moments, no secret)
    ended, back, outcomes = [], [], []
    clock = RealTimeClock()
    async with Device(
        place,
        gather_knowledge(place),
        engines=load_engines(configuration, hear=False, speak=False),
        sink=PacedSink(clock),
        time=clock,
        settings=replace(turn_settings(configuration, loudspeaker=False), follow_up_ms=0),
        on_record=records.append,
        resume=False,
    ) as device:
        if device.cloud is None:
            raise RuntimeError("the device was configured without its cloud")
        async with connected(device):
            line = device.cloud.link.line
            for number in track(range(times), "kills", console=Console(stderr=True), transient=True):
                async with asyncio.timeout(_LONGEST_SECONDS * 4):
                    await line.until("warm")
                records.clear()
                device.agent.tell(TextGiven(at=0, text=questions[number % len(questions)]))
                resting = asyncio.create_task(device.agent.rest())
                await asyncio.sleep(moments.uniform(0.0, _LATEST_KILL_SECONDS))
                await cloud.kill()
                at = time.perf_counter()
                async with asyncio.timeout(_LONGEST_SECONDS):
                    await resting
                ended.append(time.perf_counter() - at)
                outcomes += [_outcome(record) for record in records]
                await cloud.start()
                started = time.perf_counter()
                async with asyncio.timeout(_LONGEST_SECONDS * 4):
                    await line.until_true(lambda state: not state.ready)
                    device.cloud.link.wanted()  # as if somebody asked again
                    await line.until("warm")
                back.append(time.perf_counter() - started)
    return {
        "n": times,
        "turns": len(outcomes),
        "ended_in_time_share": sum(seconds <= LOSS_SECONDS for seconds in ended) / times,
        "ended_seconds": spread(ended),
        "came_back_share": len(back) / times,
        "came_back_seconds": spread(back),
        "outcomes": {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
    }


def _outcome(record: TurnRecord) -> str:
    return "none" if record.escalation is None else record.escalation.outcome
