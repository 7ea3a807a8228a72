"""The page's WebSocket of events, over a real server on a free port, with what attackers would try."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nearfield_edge.page.broadcast import MOST_PAGES, MOST_WAITING, Broadcast
from nearfield_edge.page.events_socket import TOO_MANY_PAGES
from nearfield_edge.page.guard import FOREIGN_ORIGIN, NO_SESSION
from nearfield_edge.page.server import LONGEST_MESSAGE_BYTES
from nearfield_edge.turn import events as ev
from nearfield_sync.clock import SystemClock
from nearfield_sync.messages.turn_record import TimelineEntry
from nearfield_sync.telemetry import Counters
from tests.edge.pages import LIMIT_SECONDS, ServedPage, served
from tests.fakes.asr import ScriptedAsr

pytestmark = pytest.mark.server

ORDER = "a large latte please"


async def close_code(it: ServedPage, message: str | bytes | None = None, *, origin: str | None = None) -> int:
    """With what the server ends a connection, once it got the message."""
    async with it.socket(origin=origin) as connection:
        if message is not None:
            await connection.send(message)
        await asyncio.wait_for(connection.wait_closed(), LIMIT_SECONDS)
    assert connection.close_code is not None
    return connection.close_code


async def first_word(it: ServedPage) -> str | int:
    """The kind of the first message, or with what the connection was ended."""
    async with it.socket() as connection:
        try:
            kind: str = json.loads(await connection.recv())["type"]
        except ConnectionClosed:
            return connection.close_code or 0
        return kind


async def test_a_typed_request_is_told_from_words_to_record(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="text", text=f"  {ORDER} ")
            ended = await page.until("turn")
    assert page.kinds() == [
        "hello", "state", "heard", "understood", "route", "answer", "state", "state", "turn",
    ]  # fmt: skip
    assert [told["state"] for told in page.told if told["type"] == "state"] == [
        "thinking", "speaking", "idle",
    ]  # fmt: skip
    assert (page.told[2]["text"], page.told[2]["final"]) == (ORDER, True)
    assert ended["record"] == json.loads(it.stage.records[0].to_json())


async def test_a_page_that_comes_later_is_told_how_things_stand(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as first:
            await first.ask(type="mute", muted=True)
            await first.until("muted", muted=True)
            async with it.page() as second:
                hello = second.told[0]
    assert (hello["muted"], hello["state"], hello["turn_id"], hello["microphone"]) == (
        True, "idle", None, "device",
    )  # fmt: skip


async def test_every_page_is_told_the_same(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as one, it.page() as other:
            await one.ask(type="text", text=ORDER)
            assert (await one.until("turn"))["record"] == (await other.until("turn"))["record"]
            assert one.told[1:] == other.told[1:]


async def test_a_held_button_listens_until_it_is_released(tmp_path: Path) -> None:
    async with served(tmp_path, asr=ScriptedAsr([ORDER] * 9)) as it:
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="talk", held=True)
            await page.until("state", state="listening", opened_by="talk")
            it.say((300, False), (900, True), (1_500, False))
            await page.until("heard", final=False)
            await page.ask(type="release")
            await page.until("state", state="thinking")
            ended = await page.until("turn")
    assert (ended["record"]["opened_by"], ended["record"]["transcript"]) == ("talk", ORDER)


async def test_a_page_that_goes_lets_go_of_the_button(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:  # in real time
        await it.sign_in()
        async with it.page() as watching:
            async with it.page() as page:
                await page.ask(type="talk", held=True)
                listening = await watching.until("state", state="listening")
            idle = await watching.until("state", state="idle")
            ended = await watching.until("turn")
    assert ended["record"]["outcome"] == "no_speech"
    assert idle["at_ms"] - listening["at_ms"] < 4_000  # nobody waited for speech to come


async def test_stop_silences_the_device(tmp_path: Path) -> None:
    async with served(tmp_path, source="page") as it:  # in real time, so that the reply lasts
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="text", text=ORDER)
            await page.until("state", state="speaking")
            await page.ask(type="stop")
            await page.until("state", state="idle")
            ended = await page.until("turn")
    assert ended["record"]["outcome"] == "interrupted"
    assert it.stage.device.agent.state.turn is None


async def test_an_answer_that_asks_is_listened_for(tmp_path: Path) -> None:
    async with served(tmp_path, follow_up_ms=400) as it:
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="text", text=ORDER)
            listening = await page.until("state", state="listening")
    assert (listening["asks"], listening["opened_by"]) == (True, "follow_up")


async def test_wrong_messages_are_answered_and_the_connection_stays(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as page:
            for message in ("nonsense", b"\x00\x01", '{"type": "mute"}'):
                await page.connection.send(message)
                assert (await page.until("error"))["code"] == "malformed"
            await page.ask(type="dance")
            assert (await page.until("error"))["code"] == "unknown_type"
            await page.ask(type="text", text=ORDER)
            await page.until("turn")


async def test_nobody_without_a_session_is_told_anything(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        assert await close_code(it) == NO_SESSION
        it.cookies = {"nearfield_session": "forged"}
        assert await close_code(it) == NO_SESSION


async def test_another_site_s_page_is_told_nothing_even_with_the_cookie(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
            assert await close_code(it, origin=origin) == FOREIGN_ORIGIN


async def test_a_name_that_was_made_to_point_here_gets_no_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        with pytest.raises(InvalidStatus) as refused:
            async with it.socket(asked_as="evil.example"):
                pass
    assert refused.value.response.status_code == 421


async def test_a_huge_message_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as other:
            assert await close_code(it, "x" * (LONGEST_MESSAGE_BYTES + 1)) == 1009
            await other.ask(type="text", text=ORDER)
            await other.until("turn")


async def test_only_so_many_pages_are_connected_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with AsyncExitStack() as stack:
            for _ in range(MOST_PAGES):
                await stack.enter_async_context(it.page())
            assert await close_code(it) == TOO_MANY_PAGES
        async with asyncio.timeout(LIMIT_SECONDS):
            while await first_word(it) == TOO_MANY_PAGES:
                pass  # those that went may not all be gone yet


async def test_signing_out_ends_the_session_s_connections_and_no_other(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        first = dict(it.cookies)
        await it.sign_in()
        async with it.page() as staying:
            mine, it.cookies = it.cookies, first
            async with it.page() as going, it.http() as client:
                assert (await client.delete("/api/session")).status_code == 204
                with pytest.raises(ConnectionClosed) as closed:
                    await going.until("never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == NO_SESSION
            it.cookies = mine
            await staying.ask(type="text", text=ORDER)
            await staying.until("turn")


async def test_a_page_that_does_not_read_loses_messages_and_holds_nobody_up(tmp_path: Path) -> None:
    entries = tuple(TimelineEntry(at_ms=0.0, event="x" * 1_000) for _ in range(100))
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="text", text=ORDER)
            await page.until("turn")
            long_record = replace(it.stage.records[0], timeline=entries)
            async with it.socket(max_queue=1, close_timeout=0):  # nobody reads at this end
                while not it.counters.value("nearfield_page_messages_dropped_total"):
                    it.broadcast.turn_kept(long_record, False)
                    await page.until("turn")
                await page.ask(type="text", text=ORDER)
                await page.until("state", state="speaking")
                await page.until("turn")
            assert page.kinds().count("hello") == 1


def test_ten_milliseconds_of_sound_cost_the_page_nothing() -> None:
    broadcast = Broadcast(SystemClock(), Counters(), lambda: "none")
    hop = ev.HopHeard(at=0, speech=False)
    with broadcast.joined() as mailbox:
        broadcast.watch(hop)
        before = sys.getallocatedblocks()
        for _ in range(10_000):
            broadcast.watch(hop)
        assert sys.getallocatedblocks() - before < 100
        assert len(mailbox._waiting) == 1


async def test_a_page_that_lost_messages_is_told_anew_how_things_stand() -> None:
    counters = Counters()
    broadcast = Broadcast(SystemClock(), counters, lambda: "none")
    with broadcast.joined() as mailbox:
        for number in range(MOST_WAITING):
            broadcast.watch(ev.MuteChanged(at=number, muted=number % 2 == 0))
        assert counters.value("nearfield_page_messages_dropped_total") == MOST_WAITING
        waiting = [json.loads(message) for message in mailbox._waiting]
    assert [message["type"] for message in waiting] == ["hello", "muted"]
    assert waiting[0]["muted"] is waiting[1]["muted"] is False
