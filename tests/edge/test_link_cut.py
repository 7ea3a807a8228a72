"""The link through a network that is cut, loses packets, and comes back: never more than three seconds."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from nearfield_edge.errors import EdgeError, LinkLostError
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.seam import Answered, AnswerSentence, EscalatedQuestion
from nearfield_edge.escalation.websocket_line import WebSocketOpener
from tests.edge.cloud_peer import SENTENCES
from tests.edge.cloud_process import CloudProcess, Wiring, running, running_cloud
from tests.edge.cut_network import Network, WebRtcThrough

pytestmark = pytest.mark.server

LOSS_SECONDS = 3.0


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[CloudProcess]:
    with running_cloud() as cloud:
        yield cloud


@pytest.fixture
async def cloud(shared_cloud: CloudProcess) -> CloudProcess:
    await shared_cloud.control()
    return shared_cloud


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    yield network
    await network.close()


@pytest.fixture(params=["webrtc", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def link(
    cloud: CloudProcess, network: Network, tmp_path: Path, transport: str
) -> AsyncIterator[CloudLink]:
    async with running(await through(cloud, network, tmp_path, transport)) as link:
        await warm(link)
        yield link


async def through(cloud: CloudProcess, network: Network, folder: Path, transport: str) -> CloudLink:
    key_file = folder / "key"
    key_file.write_text("a-key")
    wiring = Wiring(f"http://127.0.0.1:{await network.stream_to(cloud.port)}", key_file, connect_seconds=3.0)
    opener: WebRtcThrough | WebSocketOpener
    if transport == "webrtc":
        opener = WebRtcThrough(wiring.requests(), wiring.now, egress=wiring.egress, media_seconds=2.0)
        opener.network = network
    else:
        opener = WebSocketOpener(wiring.requests(), wiring.now)
    return CloudLink(
        opener, wiring.tokens, clock=wiring.clock, counters=wiring.counters, options=wiring.options
    )


async def warm(link: CloudLink) -> None:
    async with asyncio.timeout(30):
        await link.line.until("warm")


async def whole(link: CloudLink, turn_id: str, text: str = "how is the pump vented") -> list[str]:
    asked = EscalatedQuestion(turn_id=turn_id, text=text)
    async with asyncio.timeout(20), aclosing(link.ask(asked)) as events:
        return [event.text async for event in events if isinstance(event, AnswerSentence)]


async def test_a_cut_network_ends_the_answer_within_three_seconds_and_the_link_comes_back(
    cloud: CloudProcess, network: Network, link: CloudLink
) -> None:
    asked = EscalatedQuestion(turn_id="cut", text="one sentence, then nothing")
    async with aclosing(link.ask(asked)) as events:
        await anext(events)
        network.cut = True
        began = time.monotonic()
        with pytest.raises(LinkLostError) as caught:
            async for _ in events:
                pass
        assert time.monotonic() - began < LOSS_SECONDS
    assert caught.value.sent
    assert link.line.state.code == "half_open"
    network.cut = False
    await warm(link)
    assert await whole(link, "after") == list(SENTENCES)


async def test_a_question_into_a_dead_network_ends_within_three_seconds(
    cloud: CloudProcess, network: Network, link: CloudLink
) -> None:
    network.cut = True
    began = time.monotonic()
    with pytest.raises(LinkLostError):
        await whole(link, "into the dark")
    assert time.monotonic() - began < LOSS_SECONDS


async def test_lost_packets_cost_time_and_no_word(
    cloud: CloudProcess, network: Network, tmp_path: Path
) -> None:
    async with running(await through(cloud, network, tmp_path, "webrtc")) as link:
        await warm(link)
        network.loss = 0.1
        assert await whole(link, "lossy") == list(SENTENCES)


async def test_a_cloud_whose_media_are_blocked_is_named(
    cloud: CloudProcess, network: Network, tmp_path: Path
) -> None:
    network.loss = 1.0  # of datagrams; streams pass
    async with running(await through(cloud, network, tmp_path, "webrtc")) as link, asyncio.timeout(20):
        state = await link.line.until("lost")
    assert state.code == "media_blocked"
    assert "websocket" in state.reason


async def test_whatever_happens_an_answer_ends_in_time_and_nothing_is_asked_twice(
    cloud: CloudProcess, network: Network, link: CloudLink, transport: str
) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    keys = []
    for number in range(6):
        network.cut = False
        await warm(link)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(chance.uniform(0.0, 0.15), setattr, network, "cut", True)
        key = f"{transport}-{number}"
        keys.append(f"{key}/0")
        began = time.monotonic()
        text = chance.choice(["how is the pump vented", "one sentence, then nothing"])
        asked = EscalatedQuestion(turn_id=key, text=text)
        ended: object = None
        try:
            async with aclosing(link.ask(asked)) as events:
                async for event in events:
                    ended = event
        except EdgeError as error:
            ended = error
        assert isinstance(ended, Answered | LinkLostError)
        assert time.monotonic() - began < LOSS_SECONDS + 0.2
        timer.cancel()
    network.cut = False
    await warm(link)
    told = [asked["metadata"]["nearfield_key"] for asked in (await cloud.log())["asked"]]
    assert all(told.count(key) <= 1 for key in keys)
    assert any(key in told for key in keys)
