"""Where the page is found: the machine's names and addresses, and the link with the token."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nearfield_edge.page.hosts import canonical, is_loopback

_SIOCGIFADDR: Final = 0x8915
_INTERFACE_BYTES: Final = 256
_ADDRESS_AT: Final = slice(20, 24)
_WILDCARDS: Final = ("::", "0.0.0.0")  # noqa: S104 - compared with, never listened on
_INTERFACES: Final = Path("/sys/class/net")
_LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAddress:
    """How the page is reached."""

    scheme: str
    host: str
    """A name or an address that a browser can use."""
    port: int

    @property
    def url(self) -> str:
        """Without the token: for logs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/"

    def link(self, token: str) -> str:
        """With the token: for the person before the terminal, and for nobody's log."""
        return f"{self.url}#token={token}"


def is_wildcard(host: str) -> bool:
    """Whether this stands for every address of the machine."""
    return host in _WILDCARDS


def shown_host(host: str) -> str:
    """What to write into a browser for a host that is listened on."""
    if not is_wildcard(host):
        return host
    return next(iter(machine_addresses()), "127.0.0.1")


def own_names(host: str) -> tuple[str, ...]:
    """The names and addresses under which a browser may ask for a page at this host."""
    if is_loopback(host):
        return _LOCAL_NAMES
    name = canonical(socket.gethostname())
    named = (name, f"{name}.local") if "." not in name else (name,)
    reached = machine_addresses() if is_wildcard(host) else (canonical(host),)
    return (*reached, *named, *_LOCAL_NAMES)


def machine_addresses() -> tuple[str, ...]:
    """The addresses by which others reach this machine, IPv4 first.

    Source: netdevice(7); /proc/net/if_inet6, proc_net(5).
    """
    # Not by netlink (`socket.if_nameindex`), which a hardened service may not use.
    interfaces = sorted(path.name for path in _INTERFACES.iterdir()) if _INTERFACES.is_dir() else []
    found = [address for name in interfaces if (address := _ipv4_of(name))]
    return tuple(dict.fromkeys(address for address in [*found, *_ipv6()] if not is_loopback(address)))


def _ipv4_of(interface: str) -> str | None:
    asked = struct.pack(f"{_INTERFACE_BYTES}s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, asked)
        except OSError:  # it has none
            return None
    return socket.inet_ntoa(answer[_ADDRESS_AT])


def _ipv6() -> list[str]:
    try:
        lines = Path("/proc/net/if_inet6").read_text("ascii").splitlines()
    except OSError:
        return []
    addresses = [ipaddress.IPv6Address(int(line.split()[0], 16)) for line in lines]
    return [str(address) for address in addresses if not address.is_link_local]
