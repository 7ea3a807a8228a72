"""STUN and TURN servers that answer.

aiortc takes one of each kind and waits five seconds for one that does not answer, with every call. So all
that are configured are asked now and then, beside the calls, and a call gets the first of each kind that
answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aioice import stun
from aiortc import RTCConfiguration, RTCIceServer
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from aiortc.rtcicetransport import parse_stun_turn_uri

from nearfield_cloud.configuration.realtime import Ice, IceServer
from nearfield_cloud.errors import ConfigurationError

log = structlog.get_logger()
_ASK_AGAIN_SECONDS: Final = 0.25


class IceServers:
    """Knows which of the configured servers answer."""

    def __init__(self, ice: Ice) -> None:
        """Take the servers.

        Raises:
            ConfigurationError: A URL cannot be read, or a password's file.
        """
        self._ice = ice
        self._servers = [(_place(server), _server(server)) for server in ice.servers]
        self._answers = [False] * len(self._servers)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ask them now, and again and again."""
        await self.probe()
        again = asyncio.create_task(self._again(), name="ice servers") if self._servers else None
        try:
            yield
        finally:
            if again is not None:
                again.cancel()

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(self._ice.probe_every_seconds)
            await self.probe()

    async def probe(self) -> None:
        """Ask every server."""
        answers = await asyncio.gather(*(self._answered(place) for place, _ in self._servers))
        for before, now, (place, _) in zip(self._answers, answers, self._servers, strict=True):
            if before != now:
                log.info("ice_server_changed", host=place[1], port=place[2], answers=now)
        self._answers = list(answers)

    def distrust(self) -> None:
        """A call waited in vain: ask all again before one is used."""
        self._answers = [False] * len(self._servers)

    async def _answered(self, place: tuple[str, str, int, bool]) -> bool:
        _, host, port, datagrams = place
        try:
            async with asyncio.timeout(self._ice.probe_seconds):
                if datagrams:
                    return await _asked(host, port)
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return True
        except (TimeoutError, OSError):
            return False

    def configuration(self) -> RTCConfiguration:
        """What a new call is given: the first server of each kind that answers."""
        chosen: dict[str, RTCIceServer] = {}
        for ((kind, *_), server), answers in zip(self._servers, self._answers, strict=True):
            if answers:
                chosen.setdefault(kind, server)
        # an empty list means none; None would mean a public STUN server of somebody else's
        policy = RTCIceTransportPolicy.RELAY if self._ice.relay_only else RTCIceTransportPolicy.ALL
        return RTCConfiguration(iceServers=list(chosen.values()), iceTransportPolicy=policy)

    def without_servers(self) -> RTCConfiguration:
        """What a call is given whose servers fell silent."""
        return RTCConfiguration(iceServers=[])


def _place(server: IceServer) -> tuple[str, str, int, bool]:
    """Kind, host, port, and whether it is asked by datagram."""
    try:
        parsed = parse_stun_turn_uri(server.url)
    except ValueError as error:
        raise ConfigurationError(f"realtime.ice.servers: {server.url!r} is no STUN or TURN URL") from error
    secure = parsed["scheme"] in ("stuns", "turns")
    datagrams = not secure and parsed.get("transport") != "tcp"
    return str(parsed["scheme"]).rstrip("s"), str(parsed["host"]), int(parsed["port"]), datagrams


def _server(server: IceServer) -> RTCIceServer:
    password = None
    if server.password_file is not None:
        try:
            password = server.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"realtime.ice.servers: password file {server.password_file} cannot be read: {error.strerror}"
            ) from error
    return RTCIceServer(urls=server.url, username=server.username or None, credential=password)


class _Asking(asyncio.DatagramProtocol):
    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take an answer to our own question, whatever it says."""
        with contextlib.suppress(ValueError):
            if stun.parse_message(data).transaction_id == self._wanted and not self.answered.done():
                self.answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self.answered.done():
            self.answered.set_exception(OSError(str(exc)))


async def _asked(host: str, port: int) -> bool:
    """Send a binding request until it is answered; whoever calls bounds the time."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Asking(request.transaction_id), remote_addr=(host, port)
    )
    try:
        while True:
            transport.sendto(bytes(request))
            done, _ = await asyncio.wait((protocol.answered,), timeout=_ASK_AGAIN_SECONDS)
            if done:
                await protocol.answered
                return True
    finally:
        protocol.answered.cancel()
        transport.close()
