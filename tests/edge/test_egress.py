"""Where a restricted device may connect to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import ConfigurationError, EgressRefusedError
from nearfield_edge.life.egress import Egress, parse_destination
from nearfield_sync.telemetry import Counters

ROOT = Path(__file__).resolve().parents[2]


def restricted(*allowed: str) -> Egress:
    return Egress(restricted=True, allowed=allowed, counters=Counters())


def refuses(egress: Egress, host: str, port: int | None) -> bool:
    try:
        egress.check(host, port)
    except EgressRefusedError:
        return True
    return False


@given(
    st.from_regex(r"[a-z]{1,10}\.[a-z]{2,5}|8\.8\.\d\.\d|2001:db8::\d", fullmatch=True), st.integers(1, 65535)
)
def test_an_empty_list_allows_nothing_but_this_machine(host: str, port: int) -> None:
    assert refuses(restricted(), host, port)
    assert not refuses(Egress(restricted=False, counters=Counters()), host, port)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
)
def test_this_machine_itself_is_always_allowed(host: str) -> None:
    restricted().check(host, 1883)


@pytest.mark.parametrize(
    ("allowed", "host", "port", "admitted"),
    [
        ("orders.example", "orders.example", 443, True),
        ("orders.example", "Orders.Example.", 8443, True),
        ("orders.example", "evil.orders.example", 443, False),
        ("orders.example:443", "orders.example", 443, True),
        ("orders.example:443", "orders.example", 80, False),
        ("orders.example:443", "orders.example", None, True),
        ("10.0.0.0/8", "10.250.1.1", 1883, True),
        ("10.0.0.0/8", "11.0.0.1", 1883, False),
        ("10.1.2.3:1883", "10.1.2.3", 1883, True),
        ("10.1.2.3:1883", "10.1.2.3", 8883, False),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("2001:db8::/32", "2001:db8:5::9", 443, True),
        ("2001:db8::/32", "2001:db9::9", 443, False),
    ],
)
def test_the_list_admits_exactly_what_it_names(
    allowed: str, host: str, port: int | None, admitted: bool
) -> None:
    assert refuses(restricted(allowed), host, port) is not admitted


@pytest.mark.parametrize(
    "text",
    ["", "host:0", "host:70000", "host:http", "10.0.0.1/8", "https://host", "a b", "[::1", "host:443:1", "*"],
)
def test_a_line_that_is_no_destination_is_an_error_naming_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no destination"):
        parse_destination(text)


def test_a_refusal_is_counted_and_says_how_to_mend_it() -> None:
    counters = Counters()
    egress = Egress(restricted=True, counters=counters)
    with pytest.raises(
        EgressRefusedError, match=r"cloud\.example:443 is not on its egress list: add it to device"
    ):
        egress.check("cloud.example", 443)
    assert counters.value("nearfield_egress_refused_total") == 1


def under_the_net(body: str, *allowed: str) -> str:
    """Run ``body`` in a process of its own, since the net cannot be taken down again."""
    program = f"""
import asyncio, socket, urllib.request
from nearfield_edge.errors import EgressRefusedError
from nearfield_edge.life.egress import Egress, SafetyNet
from nearfield_sync.telemetry import Counters
SafetyNet(Egress(restricted=True, allowed={allowed!r}, counters=Counters())).install()
def outcome(call):
    try:
        call()
    except EgressRefusedError as error:
        return "refused"
    except OSError as error:
        return "tried"
    return "done"
{body}
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=0.01)",
        "socket.create_connection(('example.com', 80), timeout=0.01)",
        "socket.getaddrinfo('example.com', 443)",
        "socket.gethostbyname('example.com')",
        "socket.gethostbyaddr('192.0.2.1')",
        "socket.getnameinfo(('192.0.2.1', 80), 0)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6).connect_ex(('2001:db8::1', 80))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('224.0.0.251', 5353))",
        "urllib.request.urlopen('http://example.com/')",
        "asyncio.run(asyncio.open_connection('192.0.2.1', 80))",
        "asyncio.run(asyncio.open_connection('example.com', 80))",
    ],
)
def test_what_forgot_to_ask_is_refused_all_the_same(call: str) -> None:
    assert under_the_net(f"print(outcome(lambda: {call}))") == "refused"


def test_this_machine_and_local_sockets_work_under_the_net() -> None:
    body = """
import os, tempfile
server = socket.create_server(('127.0.0.1', 0))
print(outcome(lambda: socket.create_connection(server.getsockname())))
print(outcome(lambda: socket.create_connection(('localhost', server.getsockname()[1]))))
path = os.path.join(tempfile.mkdtemp(), 's')
local = socket.socket(socket.AF_UNIX); local.bind(path); local.listen()
print(outcome(lambda: socket.socket(socket.AF_UNIX).connect(path)))
print(outcome(lambda: socket.create_server(('0.0.0.0', 0))))
"""
    assert under_the_net(body).split() == ["done"] * 4


def test_the_net_lets_the_list_pass_and_only_that() -> None:
    # No packet goes to this address, which stands for everybody: the kernel refuses it at once.
    body = """
print(outcome(lambda: socket.create_connection(('255.255.255.255', 80))))
print(outcome(lambda: socket.create_connection(('255.255.255.255', 81))))
"""
    assert under_the_net(body, "255.255.255.255:80").split() == ["tried", "refused"]


def test_addresses_learnt_for_a_listed_name_are_allowed_at_its_port_only() -> None:
    egress = restricted("orders.example:443")
    assert refuses(egress, "203.0.113.9", 443)
    egress.learn("orders.example", ["203.0.113.9"])
    egress.learn("other.example", ["203.0.113.10"])
    assert not refuses(egress, "203.0.113.9", 443)
    assert refuses(egress, "203.0.113.9", 80)
    assert refuses(egress, "203.0.113.10", 443)
