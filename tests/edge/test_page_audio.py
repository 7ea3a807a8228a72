"""A page's microphone and loudspeaker, over a real server on a free port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection

from nearfield_models.pcm import HOP_BYTES, to_float
from tests.edge.devices import sound
from tests.edge.pages import LIMIT_SECONDS, ServedPage, served
from tests.fakes.asr import ScriptedAsr

pytestmark = pytest.mark.server


class Browser:
    """A page's end of ``/ws/audio``: streams sound in real time and keeps what it is told and plays."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.told: list[str] = []
        self.played = b""

    async def stream(self, pcm: bytes) -> None:
        """As a microphone gives it: 20 ms a message."""
        for at in range(0, len(pcm), 2 * HOP_BYTES):
            await self.connection.send(pcm[at : at + 2 * HOP_BYTES])
            await asyncio.sleep(0.02)

    async def until(self, kind: str) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while kind not in self.told:
                message = await self.connection.recv()
                if isinstance(message, bytes):
                    self.played += message
                else:
                    self.told.append(json.loads(message)["type"])


@asynccontextmanager
async def browser(it: ServedPage, query: str = "?rate_hz=16000") -> AsyncIterator[Browser]:
    async with it.socket(f"/ws/audio{query}") as connection:
        yield Browser(connection)


async def test_what_is_said_into_a_page_is_answered_through_the_page(tmp_path: Path) -> None:
    asr = ScriptedAsr(["a large latte please"] * 9)
    async with served(tmp_path, source="page", asr=asr) as it:
        await it.sign_in()
        async with it.page() as page, browser(it) as sound_of:
            await page.until("microphone", microphone="page")
            speaking = asyncio.create_task(sound_of.stream(sound((300, False), (900, True), (4_000, False))))
            await sound_of.until("speech.ended")
            ended = await page.until("turn")
            speaking.cancel()
        assert ended["record"]["understanding"]["intent"] == "orderDrink"
        assert sound_of.told == ["speech.started", "speech.ended"]
        assert ended["record"]["reply"]["heard_ms"] == len(sound_of.played) // 32
        assert np.abs(to_float(sound_of.played)).max() > 0.1
