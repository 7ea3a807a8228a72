"""``make demo``: three skills, a follow-up, the cloud, and real orders where there are recordings."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.file_source import FileSource
from nearfield_edge.audio.paced_sink import PacedSink, WavTrack
from nearfield_edge.audio.riff import WavFile
from nearfield_edge.cli.presentation import show_turn
from nearfield_edge.cli.single_turn import connected, hear_one_turn
from nearfield_edge.composition import Device, gather_knowledge, surroundings, turn_settings
from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.configuration.cloud import CloudSection
from nearfield_edge.engine_loading import Engines, load_engines
from nearfield_edge.turn.state import Mode
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import LogOptions, configure_logs
from tools.demo.customer import Customer, Line, customer_voice, spoken
from tools.local_cloud import LocalCloud

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "demo"
REAL_ORDERS = 5
HANDBOOK = Path(__file__).with_name("handbook.md")
CLOUD_QUESTIONS = 3

LINES = (
    Line(text="Alexa, what is the Wi-Fi password?", intent="wifi", slots={}, reply_has="password is"),
    Line(
        text="Alexa. Book this room for thirty minutes.",
        intent="bookRoom",
        slots={},
        reply_has="booked",
    ),
    Line(text="Okay Nabu. Who has this room?", intent="whoHasRoom", slots={}, reply_has=""),
    Line(
        text="Alexa. Can I get a large latte with whole milk, please?",
        intent="orderDrink",
        slots={"size": "large", "coffeeDrink": "latte", "milkAmount": "whole milk"},
        reply_has="large latte with whole milk",
    ),
    Line(
        text="Make it small.",
        intent="changeOrder",
        slots={"size": "small"},
        reply_has="small latte with whole milk",
        follows_up=True,
    ),
    Line(
        text="Yes, please.",
        intent="confirmOrder",
        slots={},
        reply_has="small latte with whole milk",
        follows_up=True,
    ),
)


ANSWERS = len(LINES) + CLOUD_QUESTIONS
DRILL = "When is the fire drill?"
BICYCLES = "Where are the bicycles kept?"


def cloud_lines(cloud: LocalCloud) -> tuple[Line, ...]:
    """Questions that no skill answers: to the cloud, from the cache, and without a link."""
    drill = "first monday of every month"
    return (
        Line(text=f"Alexa. {DRILL}", intent=None, slots={}, reply_has=drill, route="cloud"),
        Line(text=f"Alexa. {DRILL}", intent=None, slots={}, reply_has=drill, route="cache"),
        Line(
            text=f"Alexa. {BICYCLES}",
            intent=None,
            slots={},
            reply_has="i do not know that by myself",
            route="",
            before=cloud.kill,
        ),
    )


def main() -> int:
    """Run the demonstration; 0 only if every answer to the synthetic customer was right."""
    began = time.monotonic()
    console = Console()
    configure_logs(LogOptions(style="console", level="error"))
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    configuration = parse_configuration(
        {"device": {"id": "demo", "data": str(OUT / "data")}},
        where="the demo",
    )
    console.rule("[bold]Nearfield")
    console.print(
        "There is no microphone here, so a [bold]synthetic customer[/bold] (the voice pack) speaks into the "
        "device's acoustic input.\nWake word, recognition, understanding, skills and voice are the real ones."
    )
    engines = load_engines(configuration, hear=True, speak=True)
    for notice in engines.notices:
        console.print(f"[dim]notice: {notice}[/dim]")
    right = asyncio.run(_with_skills(console, configuration, engines))
    right += asyncio.run(_with_cloud(console, configuration, engines))
    asyncio.run(_real_orders(console, configuration, engines))
    console.rule()
    console.print(f"the conversation as sound: {OUT / 'conversation.wav'} (customer left, device right)")
    verdict = (
        "every answer was right" if right == ANSWERS else f"only {right} of {ANSWERS} answers were right"
    )
    console.print(
        f"{verdict}; {time.monotonic() - began:.0f} s",
        style="bold green" if right == ANSWERS else "bold red",
    )
    return 0 if right == ANSWERS else 1


async def _with_skills(console: Console, configuration: Configuration, engines: Engines) -> int:
    return await _conversation(console, configuration, engines, LINES, "conversation.wav")


async def _with_cloud(console: Console, configuration: Configuration, engines: Engines) -> int:
    """Two questions that the device cannot answer; then the cloud is killed, and a third is asked."""
    console.rule("[bold]the cloud")
    console.print(
        f"nearfield-cloud serves on this machine and has taken in {HANDBOOK.name}. The device proves who it "
        "is\nby its certificate and holds a WebRTC call to it."
    )
    async with LocalCloud(OUT / "cloud", documents=[HANDBOOK], device="demo") as cloud:
        section = CloudSection.model_validate(cloud.section())
        configuration = configuration.model_copy(update={"cloud": section})
        return await _conversation(console, configuration, engines, cloud_lines(cloud), "cloud.wav")


async def _conversation(
    console: Console, configuration: Configuration, engines: Engines, said: Sequence[Line], track: str
) -> int:
    voice = customer_voice(configuration.engines.tts)
    lines = [(line, spoken(voice, line.text)) for line in said]
    wav = WavFile(OUT / track, channels=2)
    clock = InputClock()
    sink = PacedSink(clock, WavTrack(wav, channel=1))
    place = surroundings(configuration)
    records: list[TurnRecord] = []
    async with Device(
        place,
        gather_knowledge(place),
        engines=engines,
        sink=sink,
        time=clock,
        settings=turn_settings(configuration, loudspeaker=False),
        on_record=records.append,
    ) as device:
        await device.warm_up()
        async with connected(device):
            await device.agent.run(Customer(lines, lambda: device.agent.state, wav))
        delivered = await asyncio.to_thread(device.outbox.deliver_due, place.now())
    await sink.close()
    answered = [record for record in records if record.outcome != "no_speech"]
    right = 0
    for number, line in enumerate(said):
        console.rule(f"[dim]{number + 1}", align="left")
        how = "follows up" if line.follows_up else "wakes the device and"
        console.print(Text.assemble(("customer ", "dim"), f"{how} says: ", (line.text, "bold blue")))
        record = answered[number] if number < len(answered) else None
        if record is None:
            console.print("[bold red]the device did not answer")
            continue
        show_turn(console, record)
        is_right = _is_right(line, record)
        right += is_right
        console.print("[green]right[/green]" if is_right else f"[bold red]wrong[/bold red]: expected {line}")
    if delivered:
        console.print(f"\n[dim]effects carried out once the turns had settled: {delivered}")
    return right


def _is_right(line: Line, record: TurnRecord) -> bool:
    understood = record.understanding
    slots = all(understood.slots.get(name) == value for name, value in line.slots.items())
    reply = record.reply.text.lower() if record.reply else ""
    if line.route and (record.route is None or record.route.route != line.route):
        return False
    return understood.intent == line.intent and slots and line.reply_has in reply


async def _real_orders(console: Console, configuration: Configuration, engines: Engines) -> None:
    data = Path(os.environ.get("NEARFIELD_DATA", ROOT.parent / "shared" / "data")) / "orders"
    labels_file = data / "labels.json"
    if not labels_file.is_file():
        console.rule()
        console.print(f"[dim]no real recordings in {data}: set NEARFIELD_DATA to hear five real orders")
        return
    console.rule("[bold]five real orders")
    labels = json.loads(labels_file.read_text("utf-8"))
    for name in sorted(labels)[:REAL_ORDERS]:
        record = await _hear(configuration, engines, data / "speech" / name)
        console.print(f"[dim]{name}")
        if record is None:
            console.print("[bold red]wrong[/bold red]: nobody was heard")
            continue
        show_turn(console, record)
        expected = labels[name]
        understood = record.understanding
        right = understood.intent == expected["intent"] and all(
            understood.slots.get(slot) == value for slot, value in expected["slots"].items()
        )
        console.print("[green]right" if right else f"[red]wrong[/red]: labelled {expected['slots']}")


async def _hear(configuration: Configuration, engines: Engines, path: Path) -> TurnRecord | None:
    clock = InputClock()
    settings = replace(turn_settings(configuration, loudspeaker=False), mode=Mode.OPEN_MIC, follow_up_ms=0)
    records: list[TurnRecord] = []
    # each order by a customer of its own: nothing said before counts
    data = OUT / "orders" / path.stem
    device_section = configuration.device.model_copy(update={"data": data})
    place = surroundings(configuration.model_copy(update={"device": device_section}))
    without_wake = replace(engines, wake=())
    async with Device(
        place,
        gather_knowledge(place),
        engines=without_wake,
        sink=PacedSink(clock),
        time=clock,
        settings=settings,
        on_record=records.append,
    ) as device:
        await hear_one_turn(device, FileSource(path), records)
    return records[0] if records else None


if __name__ == "__main__":
    sys.exit(main())
