"""The [cloud] table, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nearfield_edge.configuration import Configuration
from nearfield_edge.configuration.tree import parse_configuration
from nearfield_edge.errors import ConfigurationError
from nearfield_edge.escalation.assembling import cloud_link, ice_servers
from nearfield_edge.escalation.files import open_answers, open_questions
from nearfield_edge.escalation.ice import ice_server
from nearfield_edge.life.egress import Egress
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters

KEY = {"api_key_file": "/etc/nearfield/cloud.key"}


def parsed(**cloud: Any) -> Configuration:
    return parse_configuration({"cloud": cloud}, where="a test")


def parts() -> dict[str, Any]:
    return {"clock": SystemClock(), "counters": Counters()}


def test_without_a_url_there_is_no_link() -> None:
    configuration = parsed()
    egress = Egress(restricted=False, counters=Counters())
    assert cloud_link(configuration, egress=egress.check, **parts()) is None


@pytest.mark.parametrize(
    ("cloud", "message"),
    [
        ({"url": "cloud.example.com", **KEY}, "write scheme, host and port alone"),
        ({"url": "https://cloud.example.com/v1", **KEY}, "write scheme, host and port alone"),
        ({"url": "https://user@cloud.example.com", **KEY}, "write scheme, host and port alone"),
        ({"url": "https://cloud.example.com:99999", **KEY}, "write scheme, host and port alone"),
        ({"url": "http://cloud.example.com", **KEY}, "write https://"),
        ({"url": "https://cloud.example.com"}, "name how the device is known"),
        ({"key_file": "a"}, "name both"),
        ({"ice_username": "a"}, "name both"),
        ({"transprt": "webrtc"}, "did you mean 'transport'"),
        ({"deadline_seconds": 0}, "greater than or equal"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(cloud: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parsed(**cloud)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost", "https://a.b"]
)
def test_this_machine_may_be_asked_in_the_clear(url: str) -> None:
    assert parsed(url=url, **KEY).cloud.url == url


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
def test_a_link_is_made_of_the_table(transport: str) -> None:
    configuration = parsed(url="https://a.b", transport=transport, deadline_seconds=3, **KEY)
    link = cloud_link(configuration, egress=lambda host, port: None, **parts())
    assert link is not None
    assert not link.ready
    assert link.why_not


@pytest.mark.parametrize(
    ("url", "host", "port", "by_udp"),
    [
        ("stun:stun.example.com", "stun.example.com", 3478, True),
        ("turn:turn.example.com:5000?transport=tcp", "turn.example.com", 5000, False),
        ("turns:turn.example.com", "turn.example.com", 5349, False),
        ("turn:192.0.2.1?transport=udp", "192.0.2.1", 3478, True),
    ],
)
def test_servers_of_calls_are_read(url: str, host: str, port: int, by_udp: bool) -> None:
    server = ice_server(url)
    assert (server.host, server.port, server.by_udp) == (host, port, by_udp)


@pytest.mark.parametrize("url", ["", "stun", "http://a", "stun:", "turn:a:99999", "turn:a?transport=sctp"])
def test_a_server_that_is_none_is_named(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"cloud\.ice_servers"):
        ice_server(url)


def test_a_turn_servers_password_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    table = {
        "ice_servers": ["turn:turn.example.com"],
        "ice_username": "kiosk",
        "ice_password_file": str(tmp_path / "password"),
    }
    (server,) = ice_servers(parsed(**table))
    assert (server.username, server.credential) == ("kiosk", "secret")
    (tmp_path / "password").unlink()
    with pytest.raises(ConfigurationError, match="ice_password_file"):
        ice_servers(parsed(**table))


def test_cache_and_queue_stand_in_the_devices_data(tmp_path: Path) -> None:
    configuration = parse_configuration({"device": {"data": str(tmp_path)}}, where="a test")
    open_answers(configuration, **parts()).close()
    open_questions(configuration, **parts()).close()
    assert (tmp_path / "answers.sqlite").exists()
    assert (tmp_path / "questions.sqlite").exists()
