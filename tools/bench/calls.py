"""Voice calls that one worker holds: four of them talking at once, on the cores that also make the load.

The worker is a process of its own: the real routes, engines and event loop, with an orchestrator that
answers two fixed sentences, so that what is measured is the calls. The load generator, another process on
the same cores, holds the calls with aiortc. Idle calls send no sound, as clients do that send no silence
(DTX), but heartbeats, and get the server's. Talking calls say real recordings in real time, one after
another, and wait for each spoken answer. A turn is lost if no whole answer came, or fewer than three words
of the order were heard (each has at least five).

Set-up is from the offer's making to the open channel; cold, so with a new connection each. Memory is the
growth of the worker's resident set from before the first to after the last call, all idle, over their number;
one call that talked was before it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from tools.bench.call_load import TalkingCall, all_calls, held_call
from tools.bench.recordings import default_data
from tools.bench.report import Report, Target

TARGETS = (
    Target(name="calls held", figure="calls_held", at="least", value=50, unit="calls"),
    Target(name="turns lost while four talk", figure="turns_lost", at="most", value=0),
    Target(name="memory of an idle call", figure="memory_per_idle_call_mb", at="most", value=3.0, unit="MB"),
    Target(name="cold set-up", figure="set_up_ms.p50", at="most", value=80.0, unit="ms"),
)
_SETTLE_SECONDS = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of recordings")
    parser.add_argument("--calls", type=int, default=50, help="how many are held (default: 50)")
    parser.add_argument("--talking", type=int, default=4, help="how many talk at once (default: 4)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they talk (default: 60)")


def run(arguments: argparse.Namespace) -> Report:
    """Measure."""
    orders = sorted((arguments.data / "orders" / "speech").glob("*.flac"))[:24]
    if not orders:
        reason = f"no recordings in {arguments.data}"
        return Report(name="calls", title=_TITLE, figures={}, targets=TARGETS, skipped=(reason,))
    command = [sys.executable, "-m", "tools.bench.call_worker", "--calls", str(arguments.calls)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        try:
            ready = json.loads(worker.stdout.readline()) if worker.stdout else {}
            figures = asyncio.run(_load(arguments, orders, int(ready["port"]), psutil.Process(worker.pid)))
        finally:
            worker.terminate()
    broken = [] if figures["calls_held"] == arguments.calls else ["calls were lost while they were held"]
    return Report(
        name="calls",
        title=_TITLE,
        figures=figures,
        targets=TARGETS,
        broken=broken,
        packages=("aiortc", "aioice", "av", "onnxruntime"),
    )


_TITLE = "voice calls held by one worker while some talk"


async def _load(
    arguments: argparse.Namespace, orders: list[Path], port: int, worker: psutil.Process
) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}"
    talkers = [TalkingCall(orders[number :: arguments.talking]) for number in range(arguments.talking)]
    warming = TalkingCall(orders)
    async with held_call(url, warming.microphone) as first:  # loads what is loaded once
        await warming.turn(first, orders[0])
    await asyncio.sleep(_SETTLE_SECONDS)
    before = worker.memory_info().rss
    set_ups: list[float] = []
    microphones = [talker.microphone for talker in talkers]
    async with all_calls(url, arguments.calls, microphones, set_ups) as calls:
        await asyncio.sleep(_SETTLE_SECONDS)
        after = worker.memory_info().rss
        idle = await _cpu(worker, 10.0)
        used, began = worker.cpu_times(), time.perf_counter()
        turns = await asyncio.gather(
            *(talker.talk(call, arguments.seconds) for talker, call in zip(talkers, calls, strict=False))
        )
        talked, passed = worker.cpu_times(), time.perf_counter() - began
        held = sum(call.alive for call in calls)
    every = [turn for of_call in turns for turn in of_call]
    waits = [turn.first_sound_ms for turn in every if turn.first_sound_ms is not None]
    busy = (talked.user + talked.system) - (used.user + used.system)
    return {
        "calls_held": held,
        "talking_at_once": arguments.talking,
        "turns": len(every),
        "turns_lost": sum(turn.lost for turn in every),
        "memory_per_idle_call_mb": round((after - before) / 1e6 / arguments.calls, 2),
        "worker_resident_mb": round(after / 1e6, 1),
        "set_up_ms": _spread(set_ups),
        "end_of_speech_to_first_sound_ms": _spread(waits),
        "worker_cpu_percent_of_one_core": {
            "idle": round(idle, 1),
            "talking": round(100 * busy / passed, 1),
        },
    }


async def _cpu(worker: psutil.Process, seconds: float) -> float:
    before, began = worker.cpu_times(), time.perf_counter()
    await asyncio.sleep(seconds)
    after = worker.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return 100 * spent / (time.perf_counter() - began)


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "max": round(ordered[-1], 1),
    }
