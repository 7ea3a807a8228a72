"""A network between the device and the cloud that a test can cut, or let lose packets."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from contextlib import suppress
from typing import Any

from nearfield_edge.escalation.webrtc_line import WebRtcLine, WebRtcOpener
from nearfield_sync.messages.realtime.session import RealtimeSession

_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*", re.IGNORECASE)


class Network:
    """What all ways through it share."""

    def __init__(self, seed: int = 1) -> None:
        self.cut = False
        """Nothing gets through, and nobody is told."""
        self.loss = 0.0
        """How many datagrams of one are lost."""
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self._servers: list[asyncio.Server] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def passes(self) -> bool:
        return not self.cut and self._chance.random() >= self.loss

    async def stream_to(self, port: int) -> int:
        """A port of loopback whose connections lead to another port of it."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            self._writers += [writer, far_writer]
            for source, sink in ((reader, far_writer), (far_reader, writer)):
                task = asyncio.create_task(self._pump(source, sink))
                self._tasks.add(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if not self.cut:
                    sink.write(data)
                    await sink.drain()
            if not self.cut:
                sink.close()

    async def datagrams_to(self, host: str, port: int) -> tuple[str, int]:
        """An address whose datagrams lead to another, and back."""
        loop = asyncio.get_running_loop()
        near, far = _End(self), _End(self)
        near_transport, _ = await loop.create_datagram_endpoint(lambda: near, local_addr=(host, 0))
        far_transport, _ = await loop.create_datagram_endpoint(lambda: far, remote_addr=(host, port))
        near.other, far.other = far, near
        self._transports += [near_transport, far_transport]
        address: tuple[str, int] = near_transport.get_extra_info("sockname")[:2]
        return address

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()
        for transport in self._transports:
            transport.close()
        for server in self._servers:
            server.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _End(asyncio.DatagramProtocol):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._transport: asyncio.DatagramTransport | None = None
        self._peer: Any = None
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and self._transport.get_extra_info("peername") is None:
            self._peer = addr
        if self.other is not None and self._network.passes():
            self.other.send(data)

    def send(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_extra_info("peername") is not None:
            self._transport.sendto(data)
        elif self._peer is not None:
            self._transport.sendto(data, self._peer)


class WebRtcThrough(WebRtcOpener):
    """Makes calls whose media have no way but the network's."""

    network: Network

    async def _call(self, token: str, offer: str, session: RealtimeSession, line: WebRtcLine) -> str:
        answer = await super()._call(token, _unreachable(offer), session, line)
        found = _CANDIDATE.search(answer)
        assert found is not None, answer
        host, port = await self.network.datagrams_to(found[1], int(found[2]))
        assert socket.inet_aton(host)
        proxied = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host"
        lines = answer.splitlines()
        place = next(number for number, text in enumerate(lines) if text.startswith("a=candidate:"))
        lines[place] = proxied
        kept = [text for text in lines if not text.startswith("a=candidate:") or text == proxied]
        return "\r\n".join([*kept, ""])


def _unreachable(sdp: str) -> str:
    """The offer with one address where nobody is: the cloud learns the real one from what comes to it."""
    lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate:")]
    place = lines.index("a=end-of-candidates")
    return "\r\n".join([*lines[:place], "a=candidate:1 1 udp 1 127.0.0.1 9 typ host", *lines[place:], ""])
