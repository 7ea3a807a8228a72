"""``nearfield run`` as a process on a restricted site, with its page as microphone and loudspeaker."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.asyncio.client import connect
from websockets.typing import Origin

from nearfield_models.pcm import SAMPLE_RATE_HZ, to_bytes, to_float
from tests.edge.pages import Listener, signed_in
from tests.edge.test_page_audio import Browser

WAIT_SECONDS = 60.0

pytestmark = [pytest.mark.models, pytest.mark.server]


class RunningDevice:
    """The process, and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path) -> None:
        self.process = process
        self.token = ""
        self.logged: list[dict[str, Any]] = []
        self._data = data

    async def log(self, event: str) -> dict[str, Any]:
        """Wait for an event in the log."""
        assert self.process.stderr is not None
        async with asyncio.timeout(WAIT_SECONDS):
            while line := await self.process.stderr.readline():
                self.logged.append(json.loads(line))
                if self.logged[-1]["event"] == event:
                    return self.logged[-1]
        raise AssertionError(f"the device ended without {event}: {self.logged}")

    async def origin(self) -> str:
        at: str = (await self.log("page_ready"))["at"]
        self.token = (self._data / "keys" / "page.token").read_text().strip()
        return at.rstrip("/")


@asynccontextmanager
async def running(folder: Path, configured: str) -> AsyncIterator[RunningDevice]:
    path, data = folder / "nearfield.toml", folder / "data"
    path.write_text(
        f'[device]\ndata = "{data}"\nsite_mode = "restricted"\n[log]\nstyle = "json"\n{configured}'
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nearfield_edge.cli", "run", "--config", str(path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PIPEWIRE_REMOTE": "none"},
    )
    try:
        yield RunningDevice(process, data)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def label(recordings: Path, order: Path) -> dict[str, Any]:
    labels: dict[str, Any] = json.loads((recordings / "orders" / "labels.json").read_text())
    found: dict[str, Any] = labels[order.name]
    return found


@pytest.mark.recordings
async def test_an_order_spoken_into_the_page_is_understood_and_answered_through_it(
    tmp_path: Path, recordings: Path
) -> None:
    wake = sorted((recordings / "wake" / "alexa").glob("*.flac"))[0]
    order = sorted((recordings / "orders" / "speech").glob("*.flac"))[0]
    parts = [soundfile.read(path, dtype="float32")[0] for path in (wake, order)]
    pcm = to_bytes(np.concatenate([*parts, np.zeros(10 * SAMPLE_RATE_HZ, dtype=np.float32)]))
    configured = '[audio]\nsource = "page"\nsink = "page"\n[page]\nport = 0\n[turn]\nfollow_up_ms = 0\n'
    async with running(tmp_path, configured) as device:
        origin = await device.origin()
        cookie = await signed_in(origin, device.token)
        sockets = [
            connect(
                origin.replace("http", "ws", 1) + path,
                origin=Origin(origin),
                additional_headers={"Cookie": cookie},
                proxy=None,
                close_timeout=1,
            )
            for path in ("/ws/events", "/ws/audio?rate_hz=16000")
        ]
        async with sockets[0] as events, sockets[1] as sound:
            page, browser = Listener(events), Browser(sound)
            await page.until("microphone", microphone="page")
            speaking = asyncio.create_task(browser.stream(pcm))
            ended = await page.until("turn")
            await browser.until("speech.ended")
            speaking.cancel()
        device.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(device.process.wait(), WAIT_SECONDS) == 0
    record, wanted = ended["record"], label(recordings, order)
    assert (record["opened_by"], record["outcome"]) == ("wake", "answered")
    assert record["understanding"]["intent"] == wanted["intent"]
    assert wanted["slots"].items() <= record["understanding"]["slots"].items()
    said = to_float(browser.played)
    assert said.size / SAMPLE_RATE_HZ > 1.0
    assert np.sqrt(np.mean(said**2)) > 0.01
    assert record["reply"]["heard_ms"] == said.size * 1_000 // SAMPLE_RATE_HZ
    assert {"heard", "understood", "route", "answer", "state"} <= set(page.kinds())


async def test_the_token_is_in_no_log_and_without_a_terminal_on_no_screen(tmp_path: Path) -> None:
    configured = 'level = "debug"\n[audio]\nsource = "page"\nsink = "page"\n[page]\nport = 0\n'
    async with running(tmp_path, configured) as device:
        origin = await device.origin()
        await signed_in(origin, device.token)
        device.process.send_signal(signal.SIGTERM)
        said, logged = await asyncio.wait_for(device.process.communicate(), WAIT_SECONDS)
        assert device.process.returncode == 0
    for text in (said, logged, json.dumps(device.logged).encode()):
        assert device.token.encode() not in text


async def test_an_address_that_is_taken_is_told_and_the_device_works_without_its_page(tmp_path: Path) -> None:
    async with taken_port() as port:
        configured = f'[audio]\nsource = "stdin"\nsink = "none"\n[page]\nport = {port}\n'
        async with running(tmp_path, configured) as device:
            refused = await device.log("page_not_served")
            assert f"port {port}" in refused["reason"]
            assert "page.port" in refused["reason"]
            await device.log("device_ready")
        alone = f'[audio]\nsource = "page"\nsink = "page"\n[page]\nport = {port}\n'
        async with running(tmp_path, alone) as device:
            _, told = await asyncio.wait_for(device.process.communicate(), WAIT_SECONDS)
            assert device.process.returncode == 1
            assert re.search(rb"nearfield: the page cannot be served at 127\.0\.0\.1, port \d+", told)


async def test_by_default_a_machine_without_a_microphone_goes_on_with_the_page_alone_and_says_so_once(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, "[page]\nport = 0\n") as device:
        assert (await device.log("device_ready"))["microphone"] == "none"
        device.process.send_signal(signal.SIGTERM)
        _, rest = await asyncio.wait_for(device.process.communicate(), WAIT_SECONDS)
        assert device.process.returncode == 0
    events = [line["event"] for line in (*device.logged, *map(json.loads, rest.splitlines()))]
    assert events.count("no_microphone") + events.count("no_sound_card") == 1


@asynccontextmanager
async def taken_port() -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
