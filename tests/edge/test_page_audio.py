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

from nearfield_edge.page.audio_socket import MICROPHONE_TAKEN, WRONG_FORMAT
from nearfield_edge.page.guard import FOREIGN_ORIGIN, NO_SESSION
from nearfield_edge.page.server import LONGEST_MESSAGE_BYTES
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, to_float
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

    async def stream(self, pcm: bytes, message_bytes: int = 2 * HOP_BYTES) -> None:
        """As a microphone gives it: 20 ms a message, in real time."""
        began = asyncio.get_running_loop().time()
        for number, at in enumerate(range(0, len(pcm), message_bytes)):
            await self.connection.send(pcm[at : at + message_bytes])
            due = began + 0.02 * (number + 1)
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

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
    async with it.socket(f"/ws/audio{query}", close_timeout=1) as connection:
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


async def test_sound_of_any_rate_is_taken_and_the_device_s_hearing_is_told_of(tmp_path: Path) -> None:
    asr = ScriptedAsr(["a large latte please"] * 9)
    async with served(tmp_path, source="page", asr=asr) as it:
        await it.sign_in()
        async with it.page() as page, browser(it, "?rate_hz=48000&channels=1&bits=16") as sound_of:
            assert (await page.until("microphone"))["microphone"] == "page"
            quick = np.repeat(np.frombuffer(sound((300, False), (900, True), (1_500, False)), "<i2"), 3)
            speaking = asyncio.create_task(sound_of.stream(quick.tobytes(), message_bytes=1_920))
            assert (await page.until("heard", final=True))["text"] == "a large latte please"
            await speaking
        async with it.page() as page:
            assert page.told[0]["microphone"] == "device"


async def test_a_second_page_does_not_get_the_microphone_until_the_first_has_gone(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:
        await it.sign_in()
        async with it.page() as page:
            async with browser(it) as first:
                await page.until("microphone", microphone="page")
                assert await ended(it) == (MICROPHONE_TAKEN, "microphone_taken")
                await first.stream(sound((100, True)))  # it goes on as if nothing had been
            await page.until("microphone", microphone="device")
            async with browser(it):
                await page.until("microphone", microphone="page")


async def test_a_device_that_listens_to_something_else_for_good_has_no_microphone_for_a_page(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, source="fixed") as it:
        await it.sign_in()
        assert await ended(it) == (MICROPHONE_TAKEN, "microphone_taken")


async def test_a_format_or_a_message_that_is_no_sound_ends_the_connection(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:
        await it.sign_in()
        for query in ("?rate_hz=0", "?rate_hz=x", "?bits=12", "?colour=1", "?channels=65"):
            code, reason = await ended(it, query)
            assert code == WRONG_FORMAT
            assert "expected" in reason or "whole number" in reason
        assert (await ended(it, message="hello"))[0] == WRONG_FORMAT
        assert (await ended(it, message=bytes(LONGEST_MESSAGE_BYTES + 1)))[0] == 1009
        async with it.page() as page, browser(it):  # nobody of them keeps the microphone
            await page.until("microphone", microphone="page")


async def test_the_microphone_needs_a_session_and_the_own_page(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:
        assert (await ended(it))[0] == NO_SESSION
        await it.sign_in()
        async with it.socket("/ws/audio", origin="http://evil.example") as connection:
            await asyncio.wait_for(connection.wait_closed(), LIMIT_SECONDS)
        assert connection.close_code == FOREIGN_ORIGIN


async def test_a_muted_device_hears_nothing_of_a_page(tmp_path: Path) -> None:
    asr = ScriptedAsr()
    async with served(tmp_path, source="page", asr=asr) as it:
        await it.sign_in()
        async with it.page() as page, browser(it) as sound_of:
            await page.ask(type="mute", muted=True)
            await page.until("muted", muted=True)
            await sound_of.stream(sound((600, True), (900, False)))
            await page.ask(type="mute", muted=False)
            await page.until("muted", muted=False)
    assert "state" not in page.kinds()
    assert asr.heard == []


async def test_a_stopped_reply_tells_the_page_to_drop_the_rest(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:
        await it.sign_in()
        async with it.page() as page, browser(it) as sound_of:
            await page.until("microphone", microphone="page")
            await page.ask(type="text", text="a large latte please")
            await sound_of.until("speech.started")
            await page.until("state", state="speaking")
            await page.ask(type="stop")
            await sound_of.until("speech.stopped")


async def test_a_page_that_is_slow_loses_the_oldest_sound_and_whoever_speaks_never_waits(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, source="page") as it:
        await it.sign_in()
        async with it.page() as page, browser(it) as sound_of:
            await page.until("microphone", microphone="page")
            await it.line.begin()
            for number in range(1_000):  # nothing is sent before the event loop turns
                await it.line.write(0, np.full(HOP_SAMPLES, number / 32_768, np.float32))
            await it.line.end(stopped=False)
            await sound_of.until("speech.ended")
    levels = np.frombuffer(sound_of.played, "<i2")[::HOP_SAMPLES]
    lost = it.counters.value("nearfield_page_sound_dropped_total")
    assert sound_of.told == ["speech.started", "speech.ended"]
    assert lost >= 600
    assert list(levels) == list(range(int(lost), 1_000))


async def test_of_a_stopped_reply_a_slow_page_gets_no_more_sound(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:
        await it.sign_in()
        async with it.page() as page, browser(it) as sound_of:
            await page.until("microphone", microphone="page")
            await it.line.begin()
            for _ in range(100):
                await it.line.write(0, np.zeros(HOP_SAMPLES, np.float32))
            await it.line.end(stopped=True)
            await sound_of.until("speech.stopped")
    assert sound_of.played == b""
    assert it.counters.value("nearfield_page_sound_dropped_total") == 0


async def ended(it: ServedPage, query: str = "", *, message: str | bytes | None = None) -> tuple[int, str]:
    """With what the server ends a connection for sound, once it got the message."""
    async with it.socket(f"/ws/audio{query}") as connection:
        if message is not None:
            await connection.send(message)
        await asyncio.wait_for(connection.wait_closed(), LIMIT_SECONDS)
    return connection.close_code or 0, connection.close_reason or ""
