"""Hours of a device's life, faster than they pass: does anything grow, is any turn lost?

A real device with all its engines hears visits (``soak_script``): wake words, orders in quiet and in noise,
corrections, questions and answers, interruptions, hesitation, typed texts, mute, other people's talk, calls
for nothing; its orders go to a receiver on loopback that fails now and then. Time is the input's
(``audio.clock``), so that silence takes no longer than hearing it computes: ``compression`` is device time
over wall time. Nothing is left out; what a recording cannot show is what only real time brings, such as a
deadline of the operating system.

At rest, between visits, it reads resident memory, file descriptors, asyncio's tasks and threads, and fits
their growth after the first half hour (``growth``). Every turn that was opened must have been closed once
and be found in the store. Ends with 1 where something has grown or a turn was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.composition import (
    Device,
    Surroundings,
    gather_knowledge,
    paraphrases_of,
    surroundings,
    turn_settings,
)
from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.life.memory import give_back_memory, share_one_heap
from nearfield_models.store import ModelStore
from nearfield_sync.telemetry import LogOptions, configure_logs
from tools.bench.exchange_device import ROOMS, ScriptClock, Speaker
from tools.bench.exchange_script import ZONE, read_exchanges
from tools.bench.growth import ALLOWANCES, BLOCKS, Reading, has_grown, settled, trend
from tools.bench.growth_plot import growth_svg
from tools.bench.learned import share_what_is_learned
from tools.bench.order_sounds import read_labels
from tools.bench.order_trials import KITCHEN
from tools.bench.recordings import ROOT, default_data
from tools.bench.report import Report, Target
from tools.bench.soak_device import Lived, Room, live
from tools.bench.soak_script import Say, Sounds, visits
from tools.bench.turn_ledger import TurnLedger
from tools.bench.unreliable_receiver import UnreliableReceiver
from tools.demo.customer import customer_voice

OUT: Final = ROOT / "out" / "bench"
READINGS: Final = 240
"""As many as fit, evenly, into the whole time."""
_SECONDS_BETWEEN: Final = 15.0
"""At least; of device time."""
_PACKAGES: Final = ("numpy", "onnxruntime", "gruut", "hassil", "pymicro-wakeword", "apsw")

TARGETS: Final = (
    Target(name="no turn is lost", figure="turns.lost", at="most", value=0),
    Target(name="nothing grows", figure="grown", at="most", value=0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """A life, and what was counted beside it."""

    lived: Lived
    ledger: TurnLedger
    answers: dict[str, int]
    counters: dict[str, float]
    wall_seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--data", type=Path, default=default_data(), help="folder of the recordings")
    parser.add_argument("--hours", type=float, default=1.0, metavar="N", help="of device time (default: 1)")
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="of real time after which it ends at the latest"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the script")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture of memory over time (SVG)")


def run(arguments: argparse.Namespace) -> Report:
    """Let a device live, and look at what it left."""
    title = f"{arguments.hours:g} hours of a device's life"
    if read_labels(arguments.data / "orders") is None:
        reason = f"all of it: no recordings in {arguments.data}, name their folder with --data"
        return Report(name="soak", title=title, figures={}, targets=TARGETS, skipped=(reason,))
    share_one_heap()
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "soak.log").open("w", encoding="utf-8") as log:
        configure_logs(LogOptions(style="json", level="warning"), stream=log)
        soaked = asyncio.run(_soak(arguments))
    figures, broken = figures_of(soaked, arguments.hours)
    if arguments.plot is not None:
        arguments.plot.parent.mkdir(parents=True, exist_ok=True)
        arguments.plot.write_text(growth_svg(soaked.lived.readings), encoding="utf-8")
    return Report(
        name="soak",
        title=title,
        figures=figures,
        targets=TARGETS,
        skipped=missing(figures, arguments.hours),
        packages=_PACKAGES,
        broken=broken,
    )


def missing(figures: Mapping[str, Any], hours: float) -> list[str]:
    """What a soak of so many hours should have told and did not, and why."""
    found = []
    lived = figures["device_hours"]
    if lived < hours:
        found.append(f"{hours - lived:.2f} of {hours:g} hours: real time was over, give it more --minutes")
    if not figures["growth_an_hour"]:
        found.append(f"growth: {figures['readings_fitted']} readings are too few, {BLOCKS} are needed")
    return found


def figures_of(soaked: Soaked, hours: float) -> tuple[dict[str, Any], list[str]]:
    """The figures, and a line for each promise that was broken."""
    lived, ledger = soaked.lived, soaked.ledger
    readings = settled(lived.readings, hours)
    growth, broken = _growth(readings)
    grown = len(broken) if growth else None
    if ledger.lost or ledger.faults:
        broken += [f"{ledger.lost} turns lost", *ledger.faults]
    return {
        "device_hours": lived.played_seconds / 3600,
        "wall_seconds": soaked.wall_seconds,
        "compression": lived.played_seconds / soaked.wall_seconds,
        "visits": {"all": sum(lived.visits.values()), **lived.visits},
        "waits_in_vain": lived.waits_in_vain,
        "turns": {
            "opened": ledger.opened,
            "lost": ledger.lost,
            "reopened": ledger.reopened,
            "by": dict(ledger.opened_by),
            "outcome": dict(ledger.outcomes),
        },
        "receiver_answered": soaked.answers,
        "readings_fitted": len(readings),
        "growth_an_hour": growth,
        "grown": grown,
        "counters": soaked.counters,
        "readings": [asdict(reading) for reading in lived.readings],
    }, broken


def _growth(readings: Sequence[Reading]) -> tuple[dict[str, Any], list[str]]:
    growth: dict[str, Any] = {}
    grown = []
    for field, allowance in ALLOWANCES.items():
        found = trend(readings, field)
        if found is None:
            continue
        growth[field] = {"slope": found.slope, "low": found.low, "high": found.high, "level": found.level}
        if has_grown(found, allowance):
            grown.append(f"{field} grew by {found.slope:.2f} an hour ({found.low:.2f} to {found.high:.2f})")
    return growth, grown


async def _soak(arguments: argparse.Namespace) -> Soaked:
    with (
        tempfile.TemporaryDirectory(prefix="nearfield-soak-") as folder,
        UnreliableReceiver(arguments.seed) as receiver,
    ):
        data = Path(folder)
        share_what_is_learned(data, "soak")
        time_of_input = InputClock()
        place = surroundings(_configuration(data, receiver.url), ScriptClock(time_of_input))
        lived, ledger, wall = await _life(arguments, place, time_of_input)
        answers = {str(status): count for status, count in sorted(receiver.answered.items())}
    return Soaked(
        lived=lived,
        ledger=ledger,
        answers=answers,
        counters=place.counters.snapshot(),
        wall_seconds=wall,
    )


async def _life(
    arguments: argparse.Namespace, place: Surroundings, heard: InputClock
) -> tuple[Lived, TurnLedger, float]:
    configuration, ledger = place.configuration, TurnLedger()
    sounds = _sounds(arguments.data)
    await asyncio.to_thread(_say, _lines(arguments.seed, sounds, arguments.hours), configuration.engines.tts)
    speaker = _speaker(configuration.engines.tts)  # finds every line said already, and needs no voice
    knowledge = gather_knowledge(place)
    async with Device(
        place,
        knowledge,
        engines=load_engines(configuration, hear=True, speak=True),
        sink=PacedSink(heard),
        time=heard,
        settings=turn_settings(configuration, loudspeaker=False),
        paraphrases=paraphrases_of(place, knowledge.grammar, knowledge.skills.skills.values()),
        watcher=ledger.watch,
        resume=False,
    ) as device:
        await device.warm_up()
        await device.fill_prompts()
        await device.learn()
        delivering = asyncio.create_task(device.deliveries.run(), name="deliver")
        room = Room(device, heard, arguments.data, speaker, sounds, arguments.seed)
        script = visits(arguments.seed, sounds)
        began = time.perf_counter()
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("hours of the device", total=arguments.hours)
            lived = await live(
                room,
                device,
                partial(next, script),
                ledger,
                hours=arguments.hours,
                is_over=lambda: time.perf_counter() - began > 60 * (arguments.minutes or math.inf),
                every_hours=max(arguments.hours / READINGS, _SECONDS_BETWEEN / 3600),
                housekeeping=partial(_housekeeping, place, device),
                progress=lambda hours: bar.update(task, completed=hours),
            )
        wall = time.perf_counter() - began
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
    return lived, ledger, wall


async def _housekeeping(place: Surroundings, device: Device) -> None:
    """What a running device does every hour."""
    kept = timedelta(days=place.configuration.records.keep_days)
    await asyncio.to_thread(device.turns.prune)
    await asyncio.to_thread(device.recordings.prune)
    await asyncio.to_thread(device.outbox.effects.prune, place.now() - kept)
    await asyncio.to_thread(give_back_memory)


def _configuration(data: Path, orders_url: str) -> Configuration:
    rooms = [{"id": room, "name": name, "calendar": f"{room}.ics"} for room, name in ROOMS.items()]
    return parse_configuration(
        {
            "device": {"id": "soak", "data": str(data), "time_zone": ZONE.key},
            "skills": {"settings": {"rooms": {"rooms": rooms}, "coffee": {"orders_url": orders_url}}},
        },
        where="the soak",
    )


def _sounds(data: Path) -> Sounds:
    def named(pattern: str) -> list[str]:
        return sorted(str(file.relative_to(data)) for file in data.glob(pattern) if file.is_file())

    others = [*named("speech/*"), *named("wake/computer/*.flac")[::20], KITCHEN]
    return Sounds(
        wake=named("wake/alexa/*.flac"),
        orders=named("orders/speech/*.flac"),
        talk=others,
        exchanges=[exchange for part in read_exchanges().values() for exchange in part],
    )


def _lines(seed: int, sounds: Sounds, hours: float) -> list[str]:
    """Every line that the script can come to in so many hours, so that the voice is not needed meanwhile."""
    script = visits(seed, sounds)
    most = max(20, int(hours * 120))  # a visit lasts half a minute at least
    steps = [step for _ in range(most) for step in next(script).steps]
    return list(dict.fromkeys(step.text for step in steps if isinstance(step, Say)))


def _say(lines: Sequence[str], pack: str) -> None:
    speaker = _speaker(pack)
    for line in lines:
        speaker.say(line)


def _speaker(pack: str) -> Speaker:
    digest = ModelStore.default().installed(pack).digest
    return Speaker(partial(customer_voice, pack), f"{pack} {digest}", OUT / "spoken")
