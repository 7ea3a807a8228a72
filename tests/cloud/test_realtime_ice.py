"""STUN and TURN: real servers on loopback, and servers that are not there."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCIceTransportPolicy

from nearfield_cloud.configuration.realtime import Ice, IceServer, Realtime
from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.realtime.transport.ice import IceServers
from tests.cloud.realtime_service import running_service
from tests.cloud.test_realtime_calls import asked
from tests.cloud.test_realtime_webrtc import TEXT
from tests.cloud.webrtc_client import phone_call
from tests.fakes.orchestrator import ScriptedOrchestrator


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes datagrams and never answers, as behind a firewall that drops."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@asynccontextmanager
async def turn_server(folder: Path) -> AsyncIterator[int]:
    """coturn, which relays on loopback for somebody with a password."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("no turnserver on this machine: install Debian's coturn")
    with silent_port() as port:
        pass
    command = [
        program, "-n", "--no-cli", "--listening-ip=127.0.0.1", f"--listening-port={port}",
        "--relay-ip=127.0.0.1", "--allow-loopback-peers", "--no-tls", "--no-dtls", "--lt-cred-mech",
        "--user=nearfield:secret", "--realm=nearfield", "--log-file=stdout", "--no-stdout-log",
        f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'users'}",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ice = IceServers(Ice(servers=(IceServer(url=f"stun:127.0.0.1:{port}"),)))
        async with asyncio.timeout(15):
            while not ice.configuration().iceServers:
                await ice.probe()
        yield port
    finally:
        process.terminate()
        await process.wait()


async def test_a_call_goes_through_a_turn_server_where_nothing_else_does(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n", "utf-8")
    async with turn_server(tmp_path) as port:
        server = IceServer(url=f"turn:127.0.0.1:{port}", username="nearfield", password_file=password)
        settings = Realtime(ice=Ice(servers=(server,), relay_only=True))
        own = RTCConfiguration(
            iceServers=[RTCIceServer(urls=server.url, username="nearfield", credential="secret")],
            iceTransportPolicy=RTCIceTransportPolicy.RELAY,
        )
        async with (
            running_service(ScriptedOrchestrator(), settings=settings) as service,
            phone_call(service.url, session=TEXT, configuration=own) as call,
        ):
            await call.until("session.created")
            answer = call.pc.remoteDescription.sdp
            assert " typ relay" in answer
            assert " typ host" not in answer
            assert (await asked(call))[-1]["response"]["status"] == "completed"


async def test_of_several_servers_the_first_that_answers_is_used(tmp_path: Path) -> None:
    async with turn_server(tmp_path) as port:
        with silent_port() as silent:
            urls = (f"stun:127.0.0.1:{silent}", "stun:nowhere.invalid:3478", f"stun:127.0.0.1:{port}")
            ice = IceServers(Ice(servers=tuple(IceServer(url=url) for url in urls), probe_seconds=0.5))
            await ice.probe()
            assert [server.urls for server in ice.configuration().iceServers or []] == [urls[2]]


async def test_a_server_that_does_not_answer_holds_up_no_call() -> None:
    with silent_port() as port:
        server = IceServer(url=f"stun:127.0.0.1:{port}")
        settings = Realtime(ice=Ice(servers=(server,), probe_seconds=0.2))
        loop = asyncio.get_running_loop()
        async with running_service(ScriptedOrchestrator(), settings=settings) as service:
            began = loop.time()
            async with phone_call(service.url, session=TEXT) as call:
                await call.until("session.created")
                assert loop.time() - began < 3.0  # aiortc alone waits five seconds


async def test_a_server_that_fell_silent_since_it_was_asked_is_given_up_in_bounded_time() -> None:
    with silent_port() as port:
        server = IceServer(url=f"stun:127.0.0.1:{port}")
        settings = Realtime(ice=Ice(servers=(server,), probe_seconds=0.2, gather_seconds=0.3))
        async with running_service(ScriptedOrchestrator(), settings=settings) as service:
            service.parts.ice._answers = [True]  # it answered when it was asked
            async with phone_call(service.url, session=TEXT) as call:
                await call.until("session.created", seconds=4.0)
            assert service.parts.ice.configuration().iceServers == []


@pytest.mark.parametrize("url", ["stun:", "turn:host:port", "stun:a?b=c&d"])
def test_what_is_no_server_is_said_when_the_service_starts(url: str) -> None:
    with pytest.raises((ConfigurationError, ValueError)):
        IceServers(Ice(servers=(IceServer(url=url),)))


def test_a_password_that_cannot_be_read_is_said_when_the_service_starts(tmp_path: Path) -> None:
    server = IceServer(url="turn:127.0.0.1", username="a", password_file=tmp_path / "missing")
    with pytest.raises(ConfigurationError, match="missing"):
        IceServers(Ice(servers=(server,)))
