"""A restricted site: every engine imported and used, and no packet leaves.

The proof runs in a network namespace of its own with a default route and a name server that nothing answers
behind, where each frame on the cable is seen; native code included.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nearfield_models.errors import ModelsError
from nearfield_models.store import ModelStore

ROOT = Path(__file__).resolve().parents[2]
PACKS = (
    "moonshine-tiny-en",
    "silero-vad",
    "smart-turn-v3",
    "microwakeword-alexa",
    "minilm-l6-v2-int8",
    "piper-en-us-joe-medium",
)
CAGE = ["unshare", "--net", "--mount", sys.executable, "-m", "tests.edge.network_cage", sys.executable]


@pytest.fixture(scope="module")
def cage() -> list[str]:
    """The command that runs Python with all its packets counted; skips where namespaces are not permitted."""
    try:
        tried = subprocess.run(
            [*CAGE, "-c", ""], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )
    except FileNotFoundError:
        pytest.skip("no `unshare` here: install util-linux")
    if tried.returncode != 0:
        reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"network namespaces are not permitted here (root is needed): {reason}")
    return CAGE


def caged(cage: list[str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [*cage, *arguments], capture_output=True, text=True, timeout=300, check=True, cwd=ROOT
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.models
def test_no_packet_leaves_while_every_engine_is_imported_and_used(cage: list[str]) -> None:
    store = ModelStore.default()
    for pack in PACKS:
        try:
            store.installed(pack)
        except ModelsError as error:
            pytest.skip(str(error))
    result = caged(cage, "-m", "tests.edge.every_engine")
    assert result["status"] == 0, result["complained"]
    for proof in (
        "asr moonshine",
        "asr sherpa",
        "vad silero onnxruntime",
        "vad silero openvino",
        "tts piper",
        "embedding onnxruntime",
        "embedding openvino",
        "wake microwakeword ",
        "wake microwakeword-litert ",
        "wake phrase 1",
        "front end ",
        "turn smart-turn ",
        "imported pvporcupine",
        "imported pywhispercpp.model",
    ):
        assert proof in result["said"]
    assert result["packets"] == []


TRYING = """
import socket
{net}
for host in ("collector.example", "192.0.2.1", "2001:db8::1"):
    try:
        socket.create_connection((host, 443), timeout=0.2)
    except Exception as error:
        print(type(error).__name__)
"""
NET = """
from nearfield_edge.life.egress import Egress, SafetyNet
from nearfield_sync.telemetry import Counters
SafetyNet(Egress(restricted=True, counters=Counters())).install()
"""


def test_the_proof_would_see_a_look_up_and_connections_of_either_protocol(cage: list[str]) -> None:
    packets = caged(cage, "-c", TRYING.format(net=""))["packets"]
    assert "ipv4 protocol 17 to 10.201.0.1:53 for collector.example" in packets
    assert "ipv4 protocol 6 to 192.0.2.1:443" in packets
    assert "ipv6 protocol 6 to 2001:db8::1" in packets


def test_under_the_safety_net_the_same_program_sends_nothing(cage: list[str]) -> None:
    result = caged(cage, "-c", TRYING.format(net=NET))
    assert result["said"].split() == ["EgressRefusedError"] * 3
    assert result["packets"] == []


def test_openvino_is_imported_without_reporting_to_its_vendor(cage: list[str], tmp_path: Path) -> None:
    # A home of its own: no consent was ever given or declined there, as on a new device.
    clean = ["env", "-u", "CI", f"HOME={tmp_path}"]
    packaged = [*cage[:-1], *clean, cage[-1]]
    ours = "from nearfield_models.runtime.open_vino import import_openvino; import_openvino()"
    result = caged(packaged, "-c", ours)
    assert result["status"] == 0, result["complained"]
    assert result["packets"] == []


CALENDAR = """
[device]
data = "{data}"
site_mode = "{mode}"
[skills.settings.rooms]
caldav_url = "https://calendar.example/dav/"
rooms = [{{ id = "boardroom", name = "the boardroom", collection = "boardroom/" }}]
"""


@pytest.mark.parametrize("mode", ["restricted", "open"])
def test_a_room_whose_calendar_is_a_server_is_apologised_for_without_a_packet_where_the_site_forbids_it(
    cage: list[str], tmp_path: Path, mode: str
) -> None:
    configuration = tmp_path / "nearfield.toml"
    configuration.write_text(CALENDAR.format(data=tmp_path / "data", mode=mode))
    words = ("--text", "who has this room", "--json", "--config", str(configuration))
    result = caged(cage, "-m", "nearfield_edge.cli", "ask", *words)
    assert result["status"] == 0, result["complained"]
    answer = json.loads(result["said"])
    if mode == "restricted":
        assert answer["reply"]["text"] == "Sorry, this device may not connect to anything from here."
        assert answer["faults"] == ["egress_refused"]
        assert result["packets"] == []
    else:  # what the same device does elsewhere: without this the test could not fail
        assert answer["faults"] != ["egress_refused"]
        assert "for calendar.example" in " ".join(result["packets"])
