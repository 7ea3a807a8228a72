"""A page's server over a device in memory, and clients of it, for tests."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from nearfield_edge.audio.clock import RealTimeClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.socket_sound import SocketSound
from nearfield_edge.audio.switched import SwitchedSink, SwitchedSource
from nearfield_edge.composition import surroundings
from nearfield_edge.composition.page import PageAccess, open_page, reserve_page
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.controls import Controls
from nearfield_edge.page.broadcast import Broadcast
from nearfield_sync.telemetry import Counters
from tests.edge.devices import Stage, staged

LIMIT_SECONDS = 20


@dataclass
class ServedPage:
    """A device with its page, and how a browser would talk to it."""

    stage: Stage
    access: PageAccess
    broadcast: Broadcast
    counters: Counters
    line: SocketSound
    cookies: dict[str, str] = field(default_factory=dict)
    trust: ssl.SSLContext | None = None
    """What a client trusts, where the page is served over TLS."""
    _to_hear: deque[tuple[int, bool]] = field(default_factory=deque)

    def say(self, *stretches: tuple[int, bool]) -> None:
        """Let the device hear this next, as `tests.edge.devices.sound` makes it."""
        self._to_hear.extend(stretches)

    async def hear_on(self) -> None:
        """Hear silence, and what is said, as a device in a room does."""
        while True:
            heard = tuple(self._to_hear) or ((50, False),)
            self._to_hear.clear()
            await self.stage.listen(*heard)
            await asyncio.sleep(0.001)

    @property
    def origin(self) -> str:
        return self.access.address.url.rstrip("/")

    def http(self, **options: Any) -> httpx.AsyncClient:
        headers = {"Origin": self.origin, **options.pop("headers", {})}
        return httpx.AsyncClient(
            base_url=self.origin,
            headers=headers,
            cookies=self.cookies,
            trust_env=False,
            verify=self.trust or True,
            **options,
        )

    async def sign_in(self) -> None:
        async with self.http() as client:
            signed_in = await client.post("/api/session", json={"token": self.access.token})
            assert signed_in.status_code == 204, signed_in.text
            self.cookies = dict(signed_in.cookies)

    def socket(
        self,
        path: str = "/ws/events",
        *,
        origin: str | None = None,
        asked_as: str | None = None,
        **options: Any,
    ) -> connect:
        """Connect, from a page of this origin, as if the device had this name."""
        address = self.access.address
        own = self.origin if asked_as is None else f"{address.scheme}://{asked_as}:{address.port}"
        return connect(
            own.replace("http", "ws", 1) + path,
            host="127.0.0.1",
            port=address.port,
            origin=Origin(origin or own),
            additional_headers={"Cookie": "; ".join(f"{name}={it}" for name, it in self.cookies.items())},
            proxy=None,
            ssl=self.trust,
            **options,
        )

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Listener]:
        """A page that is signed in and has been told how things stand."""
        async with self.socket() as connection:
            listener = Listener(connection)
            await listener.until("hello")
            yield listener


async def signed_in(origin: str, token: str) -> str:
    """The ``Cookie`` header of a session with a device that runs elsewhere."""
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, trust_env=False) as client:
        answer = await client.post("/api/session", json={"token": token})
        assert answer.status_code == 204, answer.text
        return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


class Listener:
    """A page's end of ``/ws/events``."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[dict[str, Any]] = []

    async def ask(self, **request: Any) -> None:
        await self.connection.send(json.dumps(request))

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for a message of a kind with these fields; all on the way are in ``told``."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                message: dict[str, Any] = json.loads(await self.connection.recv())
                self.told.append(message)
                if message["type"] == kind and fields.items() <= message.items():
                    return message

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.told]


@asynccontextmanager
async def served(
    data: Path,
    *,
    page: dict[str, Any] | None = None,
    static: Path | None = None,
    source: str = "recorded",
    **options: Any,
) -> AsyncIterator[ServedPage]:
    """A device in memory with its page on a free port.

    Args:
        data: Its folder.
        page: Its section of the configuration.
        static: The built page; none if absent.
        source: ``recorded`` hears what `ServedPage.say` gives, in a time of its own and as fast as can be;
            ``page`` hears a page's microphone, in real time; ``fixed`` has nothing for a page to take.
        **options: Of `staged`.
    """
    raw = {"device": {"data": str(data)}, "page": {"port": 0, **(page or {})}}
    place = surroundings(parse_configuration(raw, where="the test"))
    reserved = reserve_page(place)
    clock, line = RealTimeClock(), SocketSound()
    by_page = SwitchedSource(None, line, clock)
    if source == "page":
        options = {"time": clock, "sink": SwitchedSink(PacedSink(clock), line, clock), **options}
    broadcast = Broadcast(place.clock, place.counters, lambda: "page" if line.connected else "device")
    async with staged(data, watcher=broadcast.watch, on_kept=broadcast.turn_kept, **options) as stage:
        controls = Controls(stage.device.agent, by_page)
        folder = static or data / "static"
        server = open_page(
            place,
            reserved,
            stage.device,
            controls,
            broadcast,
            None if source == "fixed" else line,
            static=folder,
        )
        it = ServedPage(
            stage=stage, access=reserved.access, broadcast=broadcast, counters=place.counters, line=line
        )
        hear = stage.device.agent.run(by_page) if source == "page" else it.hear_on()
        serving, hearing = asyncio.create_task(server.run()), asyncio.create_task(hear)
        try:
            yield it
        finally:
            hearing.cancel()
            server.stop()
            await asyncio.gather(hearing, return_exceptions=True)
            await asyncio.wait_for(serving, LIMIT_SECONDS)
