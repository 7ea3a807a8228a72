"""Which STUN and TURN servers a call goes by, and which of the cloud's addresses it may try.

aiortc takes the first STUN and the first TURN server that it is given, and waits five seconds for one that
does not answer. So all are asked first, at once and for a fraction of a second; those that answer are handed
on. Where the cloud has an address that the device can reach, none is needed: the cloud learns the
device's address from its packets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from nearfield_edge.errors import ConfigurationError, EgressRefusedError, LinkError

PROBE_SECONDS: Final = 0.4
_URL: Final = re.compile(
    r"(?P<scheme>stun|turn|turns):(?P<host>\[[0-9A-Fa-f:.]+\]|[^?:\[\]]+)(?::(?P<port>\d{1,5}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?"
)

EgressCheck = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """A server that helps a call through a network."""

    url: str
    """As RFC 7064 and 7065 write it: ``stun:host:port``, ``turn:host:port?transport=udp``."""
    scheme: str
    host: str
    port: int
    by_udp: bool
    username: str | None = None
    credential: str | None = None


def ice_server(url: str, username: str | None = None, credential: str | None = None) -> IceServer:
    """Read a server's URL.

    Raises:
        ConfigurationError: It is none.
    """
    found = _URL.fullmatch(url)
    port = int((found and found["port"]) or (5349 if url.startswith("turns:") else 3478))
    if found is None or not 0 < port < 65536:
        raise ConfigurationError(
            f"cloud.ice_servers: {url!r} is no server: write stun:host:port, turn:host:port?transport=udp or"
            " turns:host:port"
        )
    scheme = found["scheme"]
    by_udp = scheme != "turns" and (found["transport"] or "udp") == "udp"
    host = found["host"].strip("[]")
    return IceServer(
        url=url, scheme=scheme, host=host, port=port, by_udp=by_udp, username=username, credential=credential
    )


async def reachable(
    servers: Sequence[IceServer], egress: EgressCheck, *, probe_seconds: float = PROBE_SECONDS
) -> tuple[IceServer, ...]:
    """The first STUN and the first TURN server that answer; the order is that of ``servers``.

    Those that the site does not let the device reach are passed over.
    """
    answered = await asyncio.gather(*(_answers(server, egress, probe_seconds) for server in servers))
    live = [server for server, found in zip(servers, answered, strict=True) if found]
    stun = [server for server in live if server.scheme == "stun"]
    turn = [server for server in live if server.scheme != "stun"]
    return (*stun[:1], *turn[:1])


def allowed_candidates(sdp: str, egress: EgressCheck) -> str:
    """The answer without the addresses that the site does not let the device reach.

    Raises:
        LinkError: None is left.
    """
    kept, offered, refused = [], 0, ""
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            offered += 1
            fields = line.split()
            try:
                egress(fields[4], int(fields[5]))
            except (IndexError, ValueError):
                continue
            except EgressRefusedError as error:
                refused = str(error)
                continue
        kept.append(line)
    if refused and offered and not any(line.startswith("a=candidate:") for line in kept):
        raise LinkError(refused, code="egress_refused")
    return "\r\n".join([*kept, ""])


async def _answers(server: IceServer, egress: EgressCheck, seconds: float) -> bool:
    try:
        egress(server.host, server.port)
        async with asyncio.timeout(seconds):
            if server.by_udp:
                return await _bound(server)
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.close()
            return True
    except (OSError, TimeoutError, EgressRefusedError):
        return False


async def _bound(server: IceServer) -> bool:
    """Whether it answers a binding request, as TURN servers do too."""
    from aioice import stun

    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    asker = _Asker()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: asker, remote_addr=(server.host, server.port)
    )
    try:
        while True:
            transport.sendto(bytes(request))
            # One lost packet must not cost the server; so it is asked again.
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    return await asyncio.shield(asker.answered)
    finally:
        transport.close()


class _Asker(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.answered.done():
            self.answered.set_result(True)

    def error_received(self, exc: Exception) -> None:
        if not self.answered.done():
            self.answered.set_result(False)
