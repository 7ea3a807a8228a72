"""Starts the other end of calls on a free port of loopback, kills it, and starts it again."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from nearfield_edge.escalation.connecting import Patience
from nearfield_edge.escalation.line import LineOpener
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.requests import CloudRequests
from nearfield_edge.escalation.tokens import KeyFileTokens, Tokens
from nearfield_edge.escalation.webrtc_line import WebRtcOpener
from nearfield_edge.escalation.websocket_line import WebSocketOpener
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters

ROOT = Path(__file__).resolve().parent.parent.parent
IMPATIENT = Patience(beat_ms=200, first_wait_ms=50, longest_wait_ms=200, steady_ms=1_000)


class CloudProcess:
    """The peer of ``cloud_peer`` as a process."""

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self._tls = tls
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; whoever connects is served as soon as it is up."""
        listening = socket.create_server(("127.0.0.1", self.port))
        with listening:
            self.port = listening.getsockname()[1]
            descriptor = listening.fileno()
            arguments = [str(descriptor), *(str(path) for path in self._tls or ())]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.edge.cloud_peer", *arguments], cwd=ROOT, pass_fds=(descriptor,)
            )

    def kill(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    async def control(self, **behaviour: Any) -> None:
        """Behave so from now on, and in no other way."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as client:  # noqa: S501
            (await client.post("/control", json=behaviour, timeout=20)).raise_for_status()

    async def log(self) -> dict[str, Any]:
        """What it was asked."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as client:  # noqa: S501
            told: dict[str, Any] = (await client.get("/log", timeout=20)).json()
            return told


@contextmanager
def running_cloud(tls: tuple[Path, Path] | None = None) -> Iterator[CloudProcess]:
    """A process, ended with the block."""
    cloud = CloudProcess(tls)
    cloud.start()
    try:
        yield cloud
    finally:
        cloud.kill()


class Wiring:
    """What a link is made of in tests; parts can be replaced before ``linked``."""

    def __init__(self, url: str, key_file: Path, **settings: Any) -> None:
        self.clock = SystemClock()
        self.counters = Counters()
        self.now: Callable[[], datetime] = self.clock.utc_now
        self.egress: Callable[[str, int], None] = lambda host, port: None
        self.options = LinkOptions(patience=IMPATIENT, **settings)
        self.url = url
        self.ca_file: Path | None = None
        self.tokens: Tokens = KeyFileTokens(key_file)

    def requests(self) -> CloudRequests:
        return CloudRequests(
            self.url,
            egress=lambda host, port: self.egress(host, port),
            now=lambda: self.now(),
            ca_file=self.ca_file,
        )

    def opener(self, transport: str) -> LineOpener:
        if transport == "websocket":
            return WebSocketOpener(self.requests(), lambda: self.now())
        return WebRtcOpener(
            self.requests(), lambda: self.now(), egress=lambda host, port: self.egress(host, port)
        )

    def link(self, transport: str) -> CloudLink:
        return CloudLink(
            self.opener(transport),
            self.tokens,
            clock=self.clock,
            counters=self.counters,
            options=self.options,
        )


@asynccontextmanager
async def running(link: CloudLink) -> AsyncIterator[CloudLink]:
    """The link kept for as long as the block."""
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
