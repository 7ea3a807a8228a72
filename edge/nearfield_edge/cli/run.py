"""``nearfield run``: the device at work, until stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import click
import structlog
from rich.console import Console

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.reference import PlaybackReference
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.audio.source import AudioSource, Mutable
from nearfield_edge.cli.borders import open_borders
from nearfield_edge.cli.options import config_option, place_of
from nearfield_edge.cli.presentation import show_turn
from nearfield_edge.composition import (
    Device,
    Surroundings,
    gather_knowledge,
    microphone_cleaning,
    open_conversation,
    paraphrases_of,
    turn_settings,
)
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import RecordError
from nearfield_edge.life.device_lock import DeviceLock
from nearfield_edge.life.memory import give_back_memory, share_one_heap
from nearfield_edge.life.service import Pulse, ServiceNotifier, keep_alive
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters, Log

PRUNE_EVERY_SECONDS = 3_600.0


@click.command("run")
@config_option
def command(config: Path | None) -> None:
    """Run the device: listen, understand, answer, until stopped (Ctrl-C or SIGTERM).

    In a terminal: Enter talks without the wake word, "m" mutes and opens the microphone, a typed line is a
    request, "q" ends. Elsewhere SIGUSR1 mutes and opens, SIGUSR2 talks.
    """
    share_one_heap()
    place = place_of(config, quiet=False)
    with DeviceLock(place.configuration.device.data):
        asyncio.run(_run(place))


async def _run(place: Surroundings) -> None:
    configuration = place.configuration
    log: Log = structlog.get_logger()
    engines, knowledge = await asyncio.gather(
        asyncio.to_thread(load_engines, configuration, hear=True, speak=True),
        asyncio.to_thread(gather_knowledge, place),
    )
    for notice in engines.notices:
        log.warning("licence_notice", notice=notice)
    time = RealTimeClock()
    reference, loudspeaker = PlaybackReference(), configuration.audio.sink != "none"
    cleaning = microphone_cleaning(place, reference, time, loudspeaker=loudspeaker)
    source, sink = await open_borders(configuration.audio, time, reference)
    settings = turn_settings(configuration, loudspeaker=loudspeaker, cancels_echo=cleaning is not None)
    pulse = Pulse(place.clock)
    notifier = ServiceNotifier.from_environment()
    console = Console()
    in_terminal = sys.stdin.isatty() and configuration.audio.source != "stdin"

    def watch(happened: do.Command | ev.Event) -> None:
        if isinstance(happened, ev.HopHeard):
            pulse.beat()
        elif in_terminal and isinstance(happened, do.OpenTurn):
            console.print("[dim]listening …[/dim]")

    losses = SoundLosses(place.counters, source, sink)

    def show(record: TurnRecord) -> None:
        log.info("turn_ended", turn_id=record.turn_id, outcome=record.outcome)
        losses.count()
        asyncio.get_running_loop().run_in_executor(None, give_back_memory)
        if in_terminal and record.outcome != "no_speech":
            show_turn(console, record)

    async with Device(
        place,
        knowledge,
        engines=engines,
        sink=sink,
        time=time,
        settings=settings,
        paraphrases=paraphrases_of(place, knowledge.grammar, knowledge.skills.skills.values()),
        watcher=watch,
        on_record=show,
        cleaning=cleaning,
    ) as device:
        await asyncio.to_thread(device.outbox.recover)
        await device.warm_up()
        controls = Controls(device, source)
        stopped = controls.listen_to_signals()
        if in_terminal:
            controls.listen_to_keys()
        notifier.ready()
        log.info("device_ready", source=configuration.audio.source, mode=configuration.wake.mode)
        tasks = [
            asyncio.create_task(device.agent.run(source), name="hear"),
            asyncio.create_task(stopped.wait(), name="stop"),
            asyncio.create_task(device.deliveries.run(), name="deliver"),
            asyncio.create_task(_prune(place, device), name="prune"),
            asyncio.create_task(_settle_in(device), name="settle in"),
            asyncio.create_task(keep_alive(notifier, pulse), name="watchdog"),
        ]
        try:
            done, _ = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            notifier.stopping()
            losses.count()
            counted = place.counters.snapshot()
            log.info("device_stopped", counters=[f"{name} {count:g}" for name, count in counted.items()])
            await source.close()
            await sink.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class SoundLosses:
    """Turns what source and sink count into counters of the device."""

    def __init__(self, counters: Counters, source: AudioSource, sink: AudioSink) -> None:
        self._counters = counters
        self._source = source
        self._sink = sink
        self._underruns = 0
        self._lost_samples = 0

    def count(self) -> None:
        """Add what came since the last time."""
        underruns, lost_samples = self._sink.underruns, self._source.lost_samples
        self._counters.add("nearfield_sink_underruns_total", underruns - self._underruns)
        self._counters.add("nearfield_source_lost_samples_total", lost_samples - self._lost_samples)
        self._underruns, self._lost_samples = underruns, lost_samples


class Controls:
    """Signals and keys."""

    def __init__(self, device: Device, source: AudioSource) -> None:
        self._device = device
        self._source = source
        self._stopped = asyncio.Event()
        self._log: Log = structlog.get_logger()

    def listen_to_signals(self) -> asyncio.Event:
        """Give the event that is set when the device shall end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopped.set)
        loop.add_signal_handler(signal.SIGUSR1, self.toggle_mute)
        loop.add_signal_handler(signal.SIGUSR2, self.talk)
        return self._stopped

    def listen_to_keys(self) -> None:
        """Take lines from the terminal."""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._line)

    def talk(self) -> None:
        """As the wake word."""
        agent = self._device.agent
        agent.tell(ev.TalkPressed(at=agent.state.at, held=False))

    def toggle_mute(self) -> None:
        """Close the microphone, or open it again."""
        agent = self._device.agent
        muted = not agent.state.muted
        if isinstance(self._source, Mutable):
            self._source.mute() if muted else self._source.unmute()
        agent.tell(ev.MuteChanged(at=agent.state.at, muted=muted))
        self._log.info("mute_changed", muted=muted)

    def _line(self) -> None:
        line = sys.stdin.readline()
        match line.strip():
            case "" if not line:
                asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            case "":
                self.talk()
            case "m":
                self.toggle_mute()
            case "q":
                self._stopped.set()
            case text:
                agent = self._device.agent
                agent.tell(ev.TextGiven(at=agent.state.at, text=text))


async def _settle_in(device: Device) -> None:
    """What is done once, beside the work."""
    await device.fill_prompts()
    await device.learn()


async def _prune(place: Surroundings, device: Device) -> None:
    """Keep the promises about how long things are kept."""
    log: Log = structlog.get_logger()
    conversation = open_conversation(place)
    over = timedelta(seconds=place.configuration.skills.expire_seconds)
    kept = timedelta(days=place.configuration.records.keep_days)
    while True:
        for prune in (
            device.turns.prune,
            device.recordings.prune,
            lambda: device.outbox.effects.prune(place.now() - kept),
            lambda: conversation.prune(place.now() - over),
        ):
            try:
                await asyncio.to_thread(prune)
            except RecordError as error:
                log.error("prune_failed", code=error.code, exc_info=error)
        await asyncio.sleep(PRUNE_EVERY_SECONDS)
