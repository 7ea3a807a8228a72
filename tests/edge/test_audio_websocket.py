from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nearfield_edge.audio.clock import InputClock
from nearfield_edge.audio.paced_sink import PacedSink
from nearfield_edge.audio.sink import Played
from nearfield_edge.audio.source import AudioFrame, Mutable
from nearfield_edge.audio.websocket_source import AHEAD_MS, WebSocketAudio, WebSocketSettings
from nearfield_edge.errors import SourceError
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, Samples, to_float

TOKEN = "a-token-of-a-test-0123456789"
LIMIT_SECONDS = 10

pytestmark = pytest.mark.server


class Line:
    """A listening server, its frames, and the clock that drives them."""

    def __init__(self, settings: WebSocketSettings) -> None:
        self.clock = InputClock()
        self.audio = WebSocketAudio(settings, self.clock)
        self.frames: list[AudioFrame] = []

    def client(self, query: str = "", token: str = TOKEN) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.audio.port}/audio{query}",
            additional_headers={"Authorization": f"Bearer {token}"},
            proxy=None,
        )

    async def listen(self) -> None:
        async with aclosing(self.audio.frames()) as frames:
            async for frame in frames:
                self.frames.append(frame)

    async def until_loud(self, count: int) -> None:
        """Let time pass until so many frames with sound have come."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while len(self.loud()) < count:
                await self.clock.advance(HOP_SAMPLES)
                await asyncio.sleep(0.001)

    async def pass_time(self, hops: int) -> None:
        for _ in range(hops):
            await self.clock.advance(HOP_SAMPLES)

    def loud(self) -> list[AudioFrame]:
        return [frame for frame in self.frames if any(frame.pcm)]


@asynccontextmanager
async def line(settings: WebSocketSettings | None = None) -> AsyncGenerator[Line]:
    it = Line(settings or WebSocketSettings(token=TOKEN))
    await it.audio.start()
    task = asyncio.create_task(it.listen())
    try:
        yield it
    finally:
        await it.audio.close()
        async with asyncio.timeout(LIMIT_SECONDS):
            while not task.done():
                await it.clock.advance(HOP_SAMPLES)
        await task
        firsts = [frame.first_sample for frame in it.frames]
        assert firsts == list(range(0, len(firsts) * HOP_SAMPLES, HOP_SAMPLES))
        assert {len(frame.pcm) for frame in it.frames} <= {HOP_BYTES}


def pcm(hops: int, level: int = 1_000) -> bytes:
    return np.full(hops * HOP_SAMPLES, level, "<i2").tobytes()


async def test_sound_that_a_client_sends_comes_in_frames() -> None:
    async with line() as it, it.client() as client:
        for _ in range(5):
            await client.send(pcm(10))
        await it.until_loud(50)
        assert {round(float(value) * 32768) for frame in it.loud() for value in to_float(frame.pcm)} == {
            1_000
        }
        assert it.audio.lost_samples == 0
        assert it.audio.paced


async def test_a_client_names_its_own_format() -> None:
    async with line() as it, it.client("?rate_hz=48000&channels=2&bits=16") as client:
        await client.send(np.full((48_000, 2), 1_000, "<i2")[:10_000].tobytes())
        await it.until_loud(15)


async def test_while_nobody_is_connected_the_device_hears_silence_in_real_time() -> None:
    async with line() as it:
        await it.pass_time(200)
        assert 195 <= len(it.frames) <= 200
        assert it.loud() == []
        assert it.audio.lost_samples == 0


async def test_a_client_that_falls_silent_is_waited_for_and_then_silence_is_counted_as_lost() -> None:
    async with line() as it, it.client() as client:
        await client.send(pcm(10))
        await it.until_loud(10)
        before = len(it.frames)
        await it.pass_time(40)
        assert len(it.frames) == before
        await it.pass_time(60)
        assert len(it.frames) - before >= 95
        assert it.audio.lost_samples >= 95 * HOP_SAMPLES


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1]])
async def test_a_wrong_token_is_turned_away(token: str) -> None:
    async with line() as it:
        with pytest.raises(InvalidStatus) as refused:
            async with it.client(token=token):
                pass
        assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    "query", ["?rate_hz=0", "?rate_hz=x", "?rate_hz=99999999999999", "?channels=0", "?bits=12", "?colour=1"]
)
async def test_an_impossible_format_is_turned_away_with_a_sentence(query: str) -> None:
    async with line() as it:
        with pytest.raises(InvalidStatus) as refused:
            async with it.client(query):
                pass
        assert refused.value.response.status_code == 400
        assert b"expected" in (body := refused.value.response.body or b"") or b"whole number" in body


async def test_a_second_client_is_turned_away_and_may_come_when_the_first_has_gone() -> None:
    async with line() as it:
        async with it.client() as first:
            await first.send(pcm(1))
            await it.until_loud(1)
            with pytest.raises(InvalidStatus) as refused:
                async with it.client():
                    pass
            assert refused.value.response.status_code == 409
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                try:
                    async with it.client() as second:
                        await second.send(pcm(1))
                        await it.until_loud(2)
                        break
                except InvalidStatus:
                    await asyncio.sleep(0.001)


async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async with line(WebSocketSettings(token=TOKEN, longest_message_bytes=1_000)) as it:
        assert await closed_after(it, bytes(2_000)) == 1009


async def test_a_message_of_text_ends_the_connection() -> None:
    async with line() as it:
        assert await closed_after(it, "hello") == 1003


async def closed_after(it: Line, message: str | bytes) -> int | None:
    async with it.client() as client:
        await client.send(message)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(client.recv(), LIMIT_SECONDS)
        return client.close_code


async def test_sound_beyond_the_queue_overwrites_the_oldest_and_is_counted() -> None:
    async with line(WebSocketSettings(token=TOKEN, queue_ms=100)) as it, it.client() as client:
        await client.send(pcm(50))
        await client.send(pcm(1, level=3))
        await (await client.ping())
        await it.until_loud(10)
        assert it.audio.lost_samples == 41 * HOP_SAMPLES
        assert len(it.loud()) == 10
        assert it.loud()[-1].pcm == pcm(1, level=3)


async def test_while_muted_nothing_is_taken_in_and_nothing_counts_as_lost() -> None:
    async with line() as it, it.client() as client:
        assert isinstance(it.audio, Mutable)
        it.audio.mute()
        await client.send(pcm(20))
        await (await client.ping())
        await it.pass_time(100)
        assert it.audio.muted
        assert it.loud() == []
        assert it.audio.lost_samples == 0
        assert len(it.frames) >= 95
        it.audio.unmute()
        await client.send(pcm(5))
        await it.until_loud(5)


async def test_a_token_that_protects_nothing_is_refused() -> None:
    with pytest.raises(SourceError, match="16 or more"):
        WebSocketAudio(WebSocketSettings(token="short"), InputClock())


async def test_an_address_in_use_is_a_sentence() -> None:
    async with line() as it:
        other = WebSocketAudio(WebSocketSettings(token=TOKEN, port=it.audio.port), it.clock)
        with pytest.raises(SourceError, match="cannot listen on"):
            await other.start()


async def spoken(*chunks: Samples) -> AsyncIterator[Samples]:
    for chunk in chunks:
        yield chunk


async def replies(client: ClientConnection) -> list[dict[str, object] | int]:
    """What the client got: each JSON message, and the length of the sound between two."""
    got: list[dict[str, object] | int] = []
    while not got or not isinstance(got[-1], dict) or got[-1]["type"] == "speech.started":
        message = await asyncio.wait_for(client.recv(), LIMIT_SECONDS)
        if isinstance(message, str):
            got.append(json.loads(message))
        elif isinstance(got[-1], int):
            got[-1] += len(message) // 2
        else:
            got.append(len(message) // 2)
    return got


async def test_the_reply_comes_back_over_the_same_socket() -> None:
    async with line() as it, it.client() as client:
        sink = PacedSink(it.clock, it.audio, ahead_ms=AHEAD_MS)
        await client.send(pcm(1))
        await it.until_loud(1)
        playing = asyncio.create_task(sink.play(spoken(np.ones(22_050, np.float32)), 22_050))
        while not playing.done():
            await it.clock.advance(HOP_SAMPLES)
        assert await playing == Played(samples=16_000, stopped=False)
        assert await replies(client) == [
            {"type": "speech.started", "rate_hz": 16_000},
            16_000,
            {"type": "speech.ended"},
        ]


async def test_a_stopped_reply_tells_the_client_to_drop_the_rest() -> None:
    async with line() as it, it.client() as client:
        sink = PacedSink(it.clock, it.audio, ahead_ms=AHEAD_MS)
        await client.send(pcm(1))
        await it.until_loud(1)
        playing = asyncio.create_task(sink.play(spoken(np.ones(32_000, np.float32)), 16_000))
        await it.pass_time(60)
        sink.stop()
        played = await playing
        got = await replies(client)
        assert got[-1] == {"type": "speech.stopped"}
        sent = got[1]
        assert isinstance(sent, int)
        assert 0 <= sent - played.samples <= AHEAD_MS * 16 + HOP_SAMPLES


async def test_a_reply_that_nobody_listens_to_takes_its_time_all_the_same() -> None:
    async with line() as it:
        sink = PacedSink(it.clock, it.audio, ahead_ms=AHEAD_MS)
        playing = asyncio.create_task(sink.play(spoken(np.ones(1_600, np.float32)), 16_000))
        while not playing.done():
            await it.clock.advance(HOP_SAMPLES)
        assert (await playing).samples == 1_600
