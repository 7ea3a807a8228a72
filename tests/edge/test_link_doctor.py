"""What the doctor says of the link, by making a call."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nearfield_edge.configuration import Configuration
from nearfield_edge.configuration.tree import parse_configuration
from nearfield_edge.doctor.cloud import cloud as look_at_cloud
from nearfield_sync.clock import SystemClock
from tests.edge.cloud_process import CloudProcess, running_cloud

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def peer() -> Iterator[CloudProcess]:
    with running_cloud() as cloud:
        yield cloud


def configured(folder: Path, url: str, **device: Any) -> Configuration:
    (folder / "key").write_text("a-key")
    cloud = {"url": url, "api_key_file": str(folder / "key"), "transport": "websocket"}
    return parse_configuration({"cloud": cloud, "device": device}, where="a test")


def test_a_device_without_a_cloud_is_fine() -> None:
    assert look_at_cloud(Configuration(), SystemClock()).status == "ok"


def test_a_call_that_comes_through_is_fine(tmp_path: Path, peer: CloudProcess) -> None:
    finding = look_at_cloud(configured(tmp_path, peer.url), SystemClock())
    assert finding.status == "ok", finding.found
    assert "a call set up in" in finding.found


def test_no_link_is_worth_knowing_with_its_reason(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    finding = look_at_cloud(configured(tmp_path, f"http://127.0.0.1:{port}"), SystemClock())
    assert finding.status == "warn"
    assert "nothing listens there" in finding.found


def test_a_restricted_site_says_what_to_allow(tmp_path: Path) -> None:
    configuration = configured(tmp_path, "https://cloud.example.com", site_mode="restricted")
    finding = look_at_cloud(configuration, SystemClock())
    assert finding.status == "warn"
    assert "cloud.example.com:443 is not on its egress list" in finding.found


def test_a_wrong_server_of_calls_is_to_be_mended(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key")
    cloud = {"url": "https://a.b", "api_key_file": str(tmp_path / "key"), "ice_servers": ["nonsense"]}
    finding = look_at_cloud(parse_configuration({"cloud": cloud}, where="a test"), SystemClock())
    assert finding.status == "fail"
    assert "nonsense" in finding.found
