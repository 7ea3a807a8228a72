"""``nearfield run``: the device at work, until stopped."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import structlog
from rich.console import Console

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.reference import PlaybackReference
from nearfield_edge.audio.socket_sound import SocketSound
from nearfield_edge.cli.borders import open_borders
from nearfield_edge.cli.options import config_option, place_of
from nearfield_edge.cli.terminal import Operator
from nearfield_edge.cli.upkeep import SoundLosses, prune, settle_in
from nearfield_edge.cli.witness import Witness
from nearfield_edge.composition import (
    Device,
    Surroundings,
    gather_knowledge,
    microphone_cleaning,
    paraphrases_of,
    turn_settings,
)
from nearfield_edge.composition.page import ReservedPage, open_page, reserve_page
from nearfield_edge.controls import Controls
from nearfield_edge.engine_loading import load_engines
from nearfield_edge.errors import PageError
from nearfield_edge.life.device_lock import DeviceLock
from nearfield_edge.life.memory import share_one_heap
from nearfield_edge.life.service import Pulse, ServiceNotifier, keep_alive
from nearfield_edge.observing.observing import Observing
from nearfield_edge.page.broadcast import Broadcast
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Log

Work = Callable[[], Coroutine[Any, Any, object]]


@click.command("run")
@config_option
def command(config: Path | None) -> None:
    """Run the device: listen, understand, answer, until stopped (Ctrl-C or SIGTERM).

    In a terminal: Enter talks without the wake word, "m" mutes and opens the microphone, a typed line is a
    request, "q" ends. Elsewhere SIGUSR1 mutes and opens, SIGUSR2 talks. A browser shows all of it: the
    terminal says where.
    """
    share_one_heap()
    place = place_of(config, quiet=False)
    with DeviceLock(place.configuration.device.data), _reserved(place) as reserved:
        asyncio.run(_run(place, reserved))


async def _run(place: Surroundings, reserved: ReservedPage | None) -> None:
    configuration = place.configuration
    log: Log = structlog.get_logger()
    engines, knowledge = await asyncio.gather(
        asyncio.to_thread(load_engines, configuration, hear=True, speak=True),
        asyncio.to_thread(gather_knowledge, place),
    )
    for notice in engines.notices:
        log.warning("licence_notice", notice=notice)
    time, reference = RealTimeClock(), PlaybackReference()
    line = None if reserved is None else SocketSound()
    borders = await open_borders(configuration.audio, time, reference, line=line)
    in_terminal = sys.stdin.isatty() and configuration.audio.source != "stdin"
    broadcast = Broadcast(place.clock, place.counters, lambda: borders.microphone)
    pulse, losses = Pulse(place.clock), SoundLosses(place.counters, borders.source, borders.sink)
    witness = Witness(
        pulse=pulse, losses=losses, broadcast=broadcast, terminal=Console() if in_terminal else None
    )
    cleaning = microphone_cleaning(place, reference, time, loudspeaker=borders.hears_itself)
    settings = turn_settings(
        configuration,
        loudspeaker=configuration.audio.sink != "none",
        cancels_echo=cleaning is not None or not borders.hears_itself,
    )
    async with (
        _observing(place) as observing,
        Device(
            place,
            knowledge,
            engines=engines,
            sink=borders.sink,
            time=time,
            settings=settings,
            paraphrases=paraphrases_of(place, knowledge.grammar, knowledge.skills.skills.values()),
            watcher=witness.watch,
            on_record=_each(witness.show, observing.turn_ended),
            on_kept=broadcast.turn_kept,
            cleaning=cleaning,
            trace_parent=observing.trace_parent,
        ) as device,
    ):
        await asyncio.to_thread(device.outbox.recover)
        await device.warm_up()
        controls = Controls(device.agent, borders.source)
        notifier = ServiceNotifier.from_environment()
        beside: list[Work] = [
            device.deliveries.run,
            partial(prune, place, device),
            partial(settle_in, device),
            partial(keep_alive, notifier, pulse),
        ]
        if device.cloud is not None:
            beside.append(device.cloud.run)
        if reserved is not None:
            beside.append(open_page(place, reserved, device, controls, broadcast, borders.line).run)
            witness.show_link(reserved.access)
        operator = Operator(controls)
        stopped = operator.listen_to_signals()
        if in_terminal:
            operator.listen_to_keys()
        notifier.ready()
        log.info("device_ready", microphone=borders.microphone, mode=configuration.wake.mode)
        async with _going_on(beside):
            try:
                await _until(stopped, device.agent.run(borders.source))
            finally:
                notifier.stopping()
                losses.count()
                counted = place.counters.snapshot()
                log.info("device_stopped", counters=[f"{name} {count:g}" for name, count in counted.items()])
                await borders.close()


@asynccontextmanager
async def _observing(place: Surroundings) -> AsyncIterator[Observing]:
    """Who looks on from outside; what waits for a collector is sent in the end."""
    observing = await asyncio.to_thread(Observing, place)
    try:
        yield observing
    finally:
        await asyncio.to_thread(observing.close)


def _each(*told: Callable[[TurnRecord], None]) -> Callable[[TurnRecord], None]:
    """Tell all of them of a record, in this order."""

    def tell(record: TurnRecord) -> None:
        for one in told:
            one(record)

    return tell


async def _until(stopped: asyncio.Event, hearing: Coroutine[None, None, None]) -> None:
    """Hear until the sound ends or the device is stopped."""
    async with _going_on([stopped.wait, lambda: hearing]) as tasks:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@asynccontextmanager
async def _going_on(works: Sequence[Work]) -> AsyncIterator[list[asyncio.Task[object]]]:
    """Work beside what is done meanwhile, and then no longer."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _reserved(place: Surroundings) -> Iterator[ReservedPage | None]:
    """The page's address; None where none is wanted or it cannot be had: the device works without."""
    reserved = None
    if place.configuration.page.enabled:
        try:
            reserved = reserve_page(place)
        except PageError as error:
            if "page" in (place.configuration.audio.source, place.configuration.audio.sink):
                raise
            log: Log = structlog.get_logger()
            log.error("page_not_served", reason=str(error))
    try:
        yield reserved
    finally:
        if reserved is not None:
            reserved.bound.close()
