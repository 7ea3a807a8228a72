"""Under which names the page may be asked for, and from where.

A page of somebody else's can have its own name point to this machine (DNS rebinding); what a browser sends
then carries that name. So only names and addresses that are this machine's are answered. And what changes
something must come from a page that was loaded from here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A host and a port, as they stand in ``Host`` or in a URL."""

    host: str
    """A name in small letters, or an address in its shortest form."""
    port: int | None


def parse_authority(text: str) -> Authority | None:
    """Read ``name``, ``name:8770``, ``127.0.0.1:8770`` or ``[::1]:8770``; None where it is none of these."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.netloc != text or parts.username is not None or "\\" in text:
        return None
    return Authority(host=canonical(host), port=port)


def canonical(host: str) -> str:
    """The one form of a name or an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.rstrip(".").lower()
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_loopback(host: str) -> bool:
    """Whether only this machine itself can reach the host."""
    if canonical(host) == "localhost":
        return True
    try:
        return ipaddress.ip_address(canonical(host)).is_loopback
    except ValueError:
        return False


class Hosts:
    """The names that are answered."""

    def __init__(self, names: Iterable[str]) -> None:
        """Answer to these names and addresses, besides loopback and the address that was connected to."""
        self._names = frozenset(canonical(name) for name in names)

    def admits(self, host_header: str, connected_to: str) -> bool:
        """Whether a request for this host is meant for this device.

        Args:
            host_header: As the client sent it; empty where it sent none.
            connected_to: The address of this machine at which it arrived.
        """
        asked = parse_authority(host_header)
        if asked is None:
            return False
        return asked.host in self._names or is_loopback(asked.host) or asked.host == canonical(connected_to)


def is_own_origin(origin: str | None, host_header: str) -> bool:
    """Whether what a page sends comes from a page of this device: same host and same port.

    The scheme may differ, where something in front of the device speaks TLS.
    """
    if origin is None:
        return False
    scheme, _, rest = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    from_page, asked = parse_authority(rest), parse_authority(host_header)
    if default is None or from_page is None or asked is None:
        return False
    ports = (from_page.port or default, asked.port or default)
    return from_page.host == asked.host and ports[0] == ports[1]
