"""The one way out: whatever the cloud fetches or calls by an address from outside goes through here.

A document's address or a tool's may be chosen by somebody who wants to see what only this machine can reach:
a metadata service, a database on loopback, a neighbour. So a name must be on a list, is resolved here, every
address that it has must be a public one (or in a network that the operator named), and the connection goes
to that very address, so that a second answer of the name server changes nothing. Each redirect is judged
like the first address. Proxies of the environment are not used: they would resolve names themselves.

Source: OWASP ASVS 5.0, 1.3.6 and 13.2.4.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import httpx

from nearfield_cloud.errors import DestinationRefusedError, FetchFailedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port to addresses as text; raises ``OSError`` where the name is unknown."""

_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ONLY_FOR_THE_FIRST_HOST: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_V4_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_NEVER_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "fd00:ec2::/32",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRules:
    """What may be contacted."""

    hosts: frozenset[str] = frozenset()
    """``docs.example.com``, ``*.example.com`` (not ``example.com`` itself), either with ``:8443``; a host
    without a port allows its scheme's usual one. None allows nothing."""
    schemes: frozenset[str] = frozenset({"https"})
    networks: tuple[Network, ...] = ()
    """Networks that are allowed although they are not public: an intranet's."""

    def allow_host(self, host: str, port: int, scheme: str) -> bool:
        """Whether the name is on the list."""
        usual = port == _PORTS[scheme]
        names = {f"{host}:{port}", *({host} if usual else ())}
        _, dot, parent = host.partition(".")
        while dot:
            names |= {f"*.{parent}:{port}", *({f"*.{parent}"} if usual else ())}
            _, dot, parent = parent.partition(".")
        return bool(names & self.hosts)

    def allow_address(self, address: Address) -> bool:
        """Whether it is public, or in a network that is named; what an address wraps counts as well."""
        return all(
            any(one in network for network in self.networks) or _is_public(one) for one in _unwrapped(address)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one fetch may take."""

    largest_bytes: int = 10 * 1024 * 1024
    total_seconds: float = 20.0
    """From the call to the last byte, redirects included."""
    connect_seconds: float = 5.0
    redirects: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A place that may be contacted: connect to one of its addresses, and to nothing else."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    """Each judged; in the order of the name server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came back."""

    url: str
    """Where it came from in the end, redirects followed."""
    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """What the system's name service says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class FetchGuard:
    """Fetches by address, from where the rules allow it."""

    def __init__(
        self, rules: EgressRules, *, resolve: Resolve = system_resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        """Take the rules.

        Args:
            rules: What may be contacted.
            resolve: The name service.
            tls: Whose certificates are trusted, such as an intranet's; the usual authorities if None.
        """
        self._rules = rules
        self._resolve = resolve
        self._tls = tls

    async def destination(self, url: str | httpx.URL) -> Destination:
        """Judge an address and resolve its name.

        Raises:
            DestinationRefusedError: Scheme, host or one of its addresses is not allowed, or it is no address.
            FetchFailedError: The name is unknown.
        """
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise DestinationRefusedError(f"{str(url)[:200]!r} is no address: {error}") from error
        scheme, host = parsed.scheme, parsed.raw_host.decode("ascii").rstrip(".").lower()
        if scheme not in self._rules.schemes or scheme not in _PORTS:
            allowed = ", ".join(sorted(self._rules.schemes))
            raise DestinationRefusedError(f"scheme {scheme!r} is not allowed: only {allowed}")
        if parsed.userinfo:
            raise DestinationRefusedError("an address with a name or password in it is not fetched")
        port = parsed.port or _PORTS[scheme]
        if not host or not self._rules.allow_host(host, port, scheme):
            raise DestinationRefusedError(f"host {host}:{port} is not on the list of allowed hosts")
        return Destination(scheme=scheme, host=host, port=port, addresses=await self._judged(host, port))

    async def _judged(self, host: str, port: int) -> tuple[str, ...]:
        try:
            texts = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise FetchFailedError(f"host {host} is unknown to the name service") from error
        found = tuple(dict.fromkeys(texts))
        for text in found:
            try:
                allowed = self._rules.allow_address(ipaddress.ip_address(text))
            except ValueError:  # an IPv6 address with a zone: never public
                allowed = False
            if not allowed:
                raise DestinationRefusedError(f"host {host} leads to {text}, which is no public address")
        if not found:
            raise FetchFailedError(f"host {host} has no address")
        return found

    def transport(self, *, connect_seconds: float = 5.0) -> httpx.AsyncBaseTransport:
        """A transport for an ``httpx.AsyncClient`` of one's own; redirects come back to it, and are judged.

        It limits neither size nor total time: `fetch` does.
        """
        return _GuardedTransport(self, connect_seconds, True if self._tls is None else self._tls)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limits: FetchLimits | None = None,
    ) -> Fetched:
        """Fetch, within limits; any status that is no redirect is an answer.

        Credentials in ``headers`` go to the first host only.

        Raises:
            DestinationRefusedError: The address, or one that it redirects to, is not allowed.
            FetchFailedError: No answer, a broken one, too large, too late, or too many redirects.
        """
        bounds = limits or FetchLimits()
        try:
            async with asyncio.timeout(bounds.total_seconds):
                return await self._follow(method, httpx.URL(url), dict(headers or {}), body, bounds)
        except TimeoutError as error:
            raise FetchFailedError(f"{url[:200]}: no answer within {bounds.total_seconds:g} s") from error
        except httpx.InvalidURL as error:
            raise DestinationRefusedError(f"{url[:200]!r} is no address: {error}") from error
        except httpx.HTTPError as error:
            what = str(error) or type(error).__name__
            raise FetchFailedError(f"{url[:200]} could not be fetched: {what}") from error

    async def _follow(
        self, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None, limits: FetchLimits
    ) -> Fetched:
        first_host = url.host
        transport = self.transport(connect_seconds=limits.connect_seconds)
        async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:  # noqa: S113 (the whole has its own time)
            for _ in range(limits.redirects + 1):
                # Compressed, a few bytes could become gigabytes.
                sent = {**headers, "accept-encoding": "identity"}
                request = client.build_request(method, url, headers=sent, content=body)
                answer = await client.send(request, stream=True)
                async with aclosing(answer):
                    target = answer.headers.get("location")
                    if answer.status_code not in _REDIRECTS or target is None:
                        return await _whole(answer, limits.largest_bytes)
                url = url.join(target)
                if url.host != first_host:
                    headers = {
                        name: value
                        for name, value in headers.items()
                        if name.lower() not in _ONLY_FOR_THE_FIRST_HOST
                    }
                if answer.status_code == 303 or (answer.status_code in (301, 302) and method == "POST"):
                    method, body = "GET", None
        raise FetchFailedError(f"{url}: more than {limits.redirects} redirects")


class _GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to the address that was judged, and still asks for and verifies the name."""

    def __init__(self, guard: FetchGuard, connect_seconds: float, verify: ssl.SSLContext | bool) -> None:
        self._guard = guard
        self._connect_seconds = connect_seconds
        # No connection is kept: kept ones are known by their address, and two names may share one.
        self._inner = httpx.AsyncHTTPTransport(
            verify=verify, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        destination = await self._guard.destination(request.url)
        timeout = {**request.extensions.get("timeout", {}), "connect": self._connect_seconds}
        extensions = {**request.extensions, "sni_hostname": destination.host, "timeout": timeout}
        failure: httpx.TransportError = httpx.ConnectError("the destination has no address")
        for address in destination.addresses:
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # its Host is the name's
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error  # nothing was sent yet
        raise failure

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _whole(answer: httpx.Response, largest_bytes: int) -> Fetched:
    encoding = answer.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise FetchFailedError(f"{answer.url} answers in {encoding!r}, which was not asked for")
    announced = answer.headers.get("content-length", "0")
    too_large = f"{answer.url} is larger than {largest_bytes} bytes"
    if announced.isdecimal() and int(announced) > largest_bytes:
        raise FetchFailedError(too_large)
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > largest_bytes:
            raise FetchFailedError(too_large)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Fetched(url=str(answer.url), status=answer.status_code, headers=headers, body=bytes(body))


def _unwrapped(address: Address) -> list[Address]:
    """The address, and the IPv4 addresses that it stands for where a gateway translates it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner: list[Address] = [address]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner += address.teredo
    if address in _NAT64 or address in _V4_COMPATIBLE:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return inner


def _is_public(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _NEVER_PUBLIC if network.version == address.version)
