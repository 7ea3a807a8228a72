"""A network of one machine where nothing answers and each packet that leaves is seen.

Run as a program inside new network and mount namespaces (``unshare --net --mount``): lays a cable with a
default route and a name server at its far end, for IPv4 and IPv6, runs the command given, and prints as JSON
what the command did and every packet that came out of it.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

GATEWAY = "10.201.0.1"
GATEWAY_6 = "fd00:201::1"
FAR_MAC = "02:00:00:00:00:01"
_COMMANDS = (
    "ip link set lo up",
    f"ip link add far0 address {FAR_MAC} type veth peer name near0",
    "ip link set near0 multicast off addrgenmode none",
    "ip link set far0 multicast off addrgenmode none",
    "ip link set far0 up",
    "ip link set near0 up",
    "ip address add 10.201.0.2/24 dev near0",
    "ip address add fd00:201::2/64 dev near0 nodad",
    f"ip neighbour add {GATEWAY} lladdr {FAR_MAC} dev near0 nud permanent",
    f"ip neighbour add {GATEWAY_6} lladdr {FAR_MAC} dev near0 nud permanent",
    f"ip route add default via {GATEWAY}",
    f"ip -6 route add default via {GATEWAY_6}",
)
_ICMP6, _HOP_BY_HOP, _DNS = 58, 0, 53


def lay_cable() -> None:
    """Interfaces, routes, and a resolver that asks the far end."""
    for command in _COMMANDS:
        subprocess.run(command.split(), check=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {
            "/etc/resolv.conf": f"nameserver {GATEWAY}\noptions timeout:1 attempts:1\n",
            "/etc/nsswitch.conf": "hosts: files dns\n",
        }.items():
            ours = Path(folder) / Path(name).name
            ours.write_text(content)
            subprocess.run(["mount", "--bind", str(ours), name], check=True)


def describe(frame: bytes) -> str | None:
    """A packet in a few words; None for the kernel's own IPv6 housekeeping."""
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x86DD and frame[20] in (_ICMP6, _HOP_BY_HOP):
        return None
    if kind == 0x0800:
        header_bytes = (frame[14] & 15) * 4
        protocol, to = frame[23], socket.inet_ntoa(frame[30:34])
        port = struct.unpack("!H", frame[16 + header_bytes : 18 + header_bytes])[0]
        asked = f" for {_question(frame[14 + header_bytes + 8 :])}" if port == _DNS else ""
        return f"ipv4 protocol {protocol} to {to}:{port}{asked}"
    if kind == 0x86DD:
        return f"ipv6 protocol {frame[20]} to {socket.inet_ntop(socket.AF_INET6, frame[38:54])}"
    return f"ethertype {kind:#06x}"


def _question(message: bytes) -> str:
    labels, at = [], 12
    while at < len(message) and message[at]:
        labels.append(message[at + 1 : at + 1 + message[at]].decode("ascii", "replace"))
        at += 1 + message[at]
    return ".".join(labels)


def main() -> None:
    """Lay the cable, run the command, tell."""
    lay_cable()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        tap.bind(("far0", 3))
        tap.setblocking(False)
        done = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=False)
        packets = []
        try:
            while True:
                frame, (_, _, direction, *_) = tap.recvfrom(2048)
                if direction != socket.PACKET_OUTGOING and (packet := describe(frame)):
                    packets.append(packet)
        except BlockingIOError:
            pass  # everything that came has been read
    result = {"status": done.returncode, "said": done.stdout, "complained": done.stderr, "packets": packets}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
