"""From a certificate to a cited answer: the device's link and `nearfield-cloud serve` as a process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest

from nearfield_edge.configuration.tree import Configuration, parse_configuration
from nearfield_edge.escalation.assembling import cloud_link
from nearfield_edge.escalation.files import open_answers
from nearfield_edge.escalation.seam import Answered, AnswerSentence, EscalatedQuestion
from nearfield_models.errors import PackNotFoundError
from nearfield_models.store import ModelStore
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters
from tests.conftest import ROOT
from tests.edge.cloud_process import running

pytestmark = [pytest.mark.server, pytest.mark.models]

SENTENCE = "Vent the pump before the first start by opening the upper screw."
MANUAL = f"# Pump manual\n\n## Venting\n\n{SENTENCE}\n"
ASKED = "How do I vent the pump before the first start?"
COMMAND = (sys.executable, "-m", "nearfield_cloud.cli")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cloud that has read a manual, and a device with a certificate of its issuer."""
    tmp_path = tmp_path_factory.mktemp("served")
    try:
        ModelStore.default().installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(f"the embedding model is not fetched: {error}")
    (tmp_path / "cloud.toml").write_text(f'data = "{tmp_path / "cloud"}"\n')
    (tmp_path / "pump.md").write_text(MANUAL)
    for arguments in (
        ("ingest", str(tmp_path / "pump.md")),
        ("devices", "certify", "kiosk-1", "--out", str(tmp_path)),
    ):
        done = subprocess.run(
            [*COMMAND, *arguments, "--config", str(tmp_path / "cloud.toml")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """Of the cloud, served."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--config", str(folder / "cloud.toml"), "--host", "127.0.0.1", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        lines = iter(process.stderr.readline, "")
        yield next(line.split()[1] for line in lines if line.startswith("serving "))
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()


def device(folder: Path, url: str, transport: str) -> Configuration:
    cloud = {
        "url": url,
        "transport": transport,
        "key_file": str(folder / "kiosk-1.key"),
        "certificate_file": str(folder / "kiosk-1.pem"),
    }
    return parse_configuration({"device": {"data": str(folder / "device")}, "cloud": cloud}, where="a test")


@pytest.mark.parametrize("transport", ["webrtc", "websocket"])
async def test_a_certified_device_is_answered_from_a_document_and_then_answers_by_itself(
    folder: Path, url: str, transport: str
) -> None:
    parts: dict[str, Any] = {"clock": SystemClock(), "counters": Counters()}
    configuration = device(folder, url, transport)
    link = cloud_link(configuration, egress=lambda host, port: None, **parts)
    assert link is not None
    async with running(link), asyncio.timeout(60):
        await link.line.until("warm")
        asked = EscalatedQuestion(turn_id="turn", text=ASKED)
        async with aclosing(link.ask(asked)) as events:
            told = [event async for event in events]
    sentences = [event for event in told if isinstance(event, AnswerSentence)]
    assert [sentence.text for sentence in sentences] == [SENTENCE]
    assert sentences[0].citations[0].document == "Pump manual"
    assert isinstance(told[-1], Answered)
    with closing(open_answers(configuration, **parts)) as answers:
        assert answers.keep(ASKED, asked, sentences, told[-1])
        found = answers.find("how do i vent the pump before the first start")
    assert found is not None
    assert [sentence.text for sentence in found.sentences] == [SENTENCE]
