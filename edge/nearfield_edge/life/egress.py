"""Where this device may connect to.

What delivers effects (HTTP, MQTT) is handed an `Egress` and asks it first. Under ``site_mode = "restricted"``
only this machine itself and the site's egress list are allowed, and the list is empty by default.

`SafetyNet` is for what does not ask, such as a calendar library that a skill uses: an audit hook that sees
every connection and every name looked up by Python code in this process, of ours or of a library. It does not
see native code that opens sockets by itself; that is held by the service unit (``IPAddressDeny=``), and the
test in a network namespace shows that none of the engines tries.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_edge.errors import ConfigurationError, EgressRefusedError
from nearfield_sync.telemetry import Counters

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One line of the egress list."""

    name: str | None
    """A host name in small letters, or None where a network is named."""
    network: _Network | None
    port: int | None
    """None for any."""

    def admits(self, host: str, port: int | None) -> bool:
        """Whether it covers the host at the port; a port of None asks about the host alone."""
        if port is not None and self.port not in (None, port):
            return False
        address = _address(host)
        if address is None or self.network is None:
            return address is None and self.name == _canonical(host)
        return address in self.network


def parse_destination(text: str) -> Destination:
    """Read ``host``, ``host:port``, ``10.0.0.0/8``, ``10.1.2.3:443`` or ``[2001:db8::1]:443``.

    Raises:
        ConfigurationError: It is none of these.
    """
    host, port_text = text.strip(), ""
    if host.startswith("["):
        host, closed, port_text = host[1:].partition("]")
        port_text = port_text.removeprefix(":") if closed else "unclosed"
    elif host.count(":") == 1:
        host, _, port_text = host.partition(":")
    port = int(port_text) if port_text.isdecimal() else None
    network = _network(host)
    name = _canonical(host)
    if (network is None and not _is_name(name)) or (port_text and not 0 < (port or 0) < 65536):
        raise ConfigurationError(
            f"device.egress: {text!r} is no destination: write host, host:port, an address or a network such"
            " as 10.0.0.0/8"
        )
    return Destination(name=name if network is None else None, network=network, port=port)


class Egress:
    """The site's word on connections."""

    def __init__(self, *, restricted: bool, allowed: Sequence[str] = (), counters: Counters) -> None:
        """Take the site's configuration.

        Args:
            restricted: Whether only ``allowed`` and this machine may be connected to.
            allowed: Destinations as `parse_destination` reads them.
            counters: Takes ``nearfield_egress_refused_total``.

        Raises:
            ConfigurationError: A destination cannot be read.
        """
        self.restricted = restricted
        self._allowed = tuple(parse_destination(text) for text in allowed)
        self._counters = counters
        self._resolved: set[tuple[str, int | None]] = set()

    def check(self, host: str, port: int | None = None) -> None:
        """Pass if the device may connect there.

        Args:
            host: A name or an address.
            port: None asks whether the host may be looked up at all.

        Raises:
            EgressRefusedError: The site does not allow it; counted.
        """
        if not self.admits(host, port):
            self._counters.add("nearfield_egress_refused_total")
            place = host if port is None else f"{host}:{port}"
            raise EgressRefusedError(
                f"this site is restricted and {place} is not on its egress list: add it to device.egress, or"
                " do without"
            )

    def learn(self, host: str, addresses: Sequence[str]) -> None:
        """Take note of the addresses that an allowed name has, so that connecting to them is allowed."""
        for address in addresses:
            for destination in self._allowed:
                if destination.admits(host, None):
                    self._resolved.add((address, destination.port))

    def admits(self, host: str, port: int | None) -> bool:
        """Whether the device may connect there; asking counts for nothing."""
        if not self.restricted or is_this_machine(host):
            return True
        if any(destination.admits(host, port) for destination in self._allowed):
            return True
        return any((host, admitted) in self._resolved for admitted in (None, port))


class SafetyNet:
    """Refuses connections that an `Egress` does not allow, wherever in this process they are made."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._looking_up = threading.local()

    def install(self) -> None:
        """Watch from now on; Python offers no way back, so a program does this once at its start."""
        sys.addaudithook(self._on_event)

    def _on_event(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _CONNECTING:
            self._on_connection(arguments)
        elif event in (_NAMING | _REVERSING) and not getattr(self._looking_up, "now", False):
            self._on_look_up(arguments[0], by_name=event in _NAMING)

    def _on_connection(self, arguments: tuple[object, ...]) -> None:
        connection, address = arguments[0], arguments[1]
        family = getattr(connection, "family", None)
        if address is None or family in _LOCAL_FAMILIES:
            return
        if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            self._egress.check(_text(address[0]), int(address[1]))
        else:
            # Raw packets, Bluetooth and whatever else leaves by a way that no list describes.
            self._egress.check(f"a {getattr(family, 'name', family)} address", 0)

    def _on_look_up(self, asked: object, *, by_name: bool) -> None:
        host = _text(asked[0] if isinstance(asked, tuple) else asked or "")
        if by_name and _address(host) is not None:
            return  # a number is only read, nobody is asked
        self._egress.check(host)
        if by_name and self._egress.restricted and not is_this_machine(host):
            self._learn(host)

    def _learn(self, host: str) -> None:
        self._looking_up.now = True
        try:
            found = socket.getaddrinfo(host, None)
        except OSError:
            return  # The caller's own look-up fails in the same way and says so.
        finally:
            self._looking_up.now = False
        self._egress.learn(host, [str(entry[4][0]) for entry in found])


_CONNECTING: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAMING: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_REVERSING: Final = frozenset({"socket.gethostbyaddr", "socket.getnameinfo"})
_LOCAL_FAMILIES: Final = (socket.AF_UNIX, socket.AF_NETLINK, socket.AF_ALG)


def is_this_machine(host: str) -> bool:
    """Whether a name or an address is this machine's own; ``0.0.0.0`` is where a server listens."""
    address = _address(host)
    if address is None:
        return _canonical(host) in ("", "localhost")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _canonical(host: str) -> str:
    return host.rstrip(".").lower()


def _is_name(name: str) -> bool:
    labels = name.split(".")
    return len(name) <= 253 and all(label.replace("-", "").replace("_", "").isalnum() for label in labels)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
