"""What the service manager is told."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nearfield_edge.life.service import Pulse, ServiceNotifier, keep_alive
from tests.fakes.clock import SettableClock


@pytest.fixture(params=["path", "abstract"])
def service_manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A listening datagram socket and its address as the environment gives it."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.settimeout(5)
    path = str(tmp_path / "notify")
    abstract = f"@nearfield-test-{os.getpid()}"
    address = path if request.param == "path" else abstract
    listening.bind(path if request.param == "path" else "\0" + abstract[1:])
    yield listening, address
    listening.close()


def test_each_word_arrives_as_systemd_expects_it(service_manager: tuple[socket.socket, str]) -> None:
    listening, address = service_manager
    notifier = ServiceNotifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready()
    notifier.alive()
    notifier.status("listening,\nmuted no")
    notifier.stopping()
    heard = [listening.recv(200) for _ in range(4)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STATUS=listening, muted no", b"STOPPING=1"]


def test_without_a_service_manager_nothing_is_said() -> None:
    notifier = ServiceNotifier.from_environment({})
    notifier.ready()
    assert notifier.watchdog_ms is None


def test_a_service_manager_that_is_gone_does_not_stop_the_voice(tmp_path: Path) -> None:
    ServiceNotifier(str(tmp_path / "nobody")).ready()


@pytest.mark.parametrize(
    ("environment", "expected_ms"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30_000.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30_000.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_counts_only_if_meant_for_this_process(
    environment: dict[str, str], expected_ms: float | None
) -> None:
    assert ServiceNotifier.from_environment(environment).watchdog_ms == expected_ms


class EnoughError(Exception):
    """Ends the loop after some rounds, in place of waiting."""


async def test_it_is_alive_only_while_sound_arrives(service_manager: tuple[socket.socket, str]) -> None:
    listening, address = service_manager
    clock = SettableClock()
    pulse = Pulse(clock, longest_gap_ms=5_000)
    notifier = ServiceNotifier(address, watchdog_ms=30_000)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(timedelta(seconds=seconds))
        if len(waits) == 1:
            pulse.beat()  # sound arrives before the second round, then no more
        if len(waits) == 4:
            raise EnoughError

    with pytest.raises(EnoughError):
        await keep_alive(notifier, pulse, sleep=sleep)
    assert waits == [10.0, 10.0, 10.0, 10.0]
    listening.setblocking(False)
    assert [listening.recv(200), listening.recv(200)] == [b"WATCHDOG=1", b"WATCHDOG=1"]
    with pytest.raises(BlockingIOError):
        listening.recv(200)


async def test_without_a_watchdog_there_is_nothing_to_keep_alive() -> None:
    await keep_alive(ServiceNotifier(None), Pulse(SettableClock()))
