"""The link over both transports, against a peer that is a process of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from nearfield_edge.errors import EscalationRefusedError, LinkLostError
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    Citation,
    CloudEvent,
    ConfirmationAsked,
    EscalatedQuestion,
    PastExchange,
    RouteTold,
)
from tests.edge.cloud_peer import SENTENCES
from tests.edge.cloud_process import CloudProcess, Wiring, running, running_cloud

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
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("a-key\n")
    return path


@pytest.fixture(params=["webrtc", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def link(cloud: CloudProcess, key_file: Path, transport: str) -> AsyncIterator[CloudLink]:
    async with running(Wiring(cloud.url, key_file).link(transport)) as link:
        await warm(link)
        yield link


async def warm(link: CloudLink) -> None:
    async with asyncio.timeout(20):
        await link.line.until("warm")


def question(text: str, turn_id: str = "turn", **further: object) -> EscalatedQuestion:
    return EscalatedQuestion(turn_id=turn_id, text=text, **further)  # type: ignore[arg-type]


async def events_of(link: CloudLink, asked: EscalatedQuestion) -> list[CloudEvent]:
    async with asyncio.timeout(20), aclosing(link.ask(asked)) as events:
        return [event async for event in events]


async def drained(events: AsyncIterator[CloudEvent]) -> None:
    async for _ in events:
        pass


async def test_an_answer_comes_sentence_by_sentence_with_its_sources(link: CloudLink) -> None:
    events = await events_of(link, question("how is the pump vented"))
    assert events[0] == RouteTold(plan="knowledge", reason="a manual knows")
    assert events[1:4] == [
        AnswerSentence(
            text=sentence,
            citations=(Citation(document="Pumps", source="pumps.md", quote=sentence, chunk_id="c1"),),
        )
        for sentence in SENTENCES
    ]
    assert events[4] == Answered(outcome="answered", reason="a manual knows", may_be_kept_seconds=60)


async def test_context_key_and_trace_go_along_and_nothing_stays_in_a_conversation(
    link: CloudLink, cloud: CloudProcess
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    past = tuple(PastExchange(question=f"q{number}", answer=f"a{number}") for number in range(6))
    asked = question("and then", "turn-context", conversation=past, trace_parent=trace, revision=2)
    await events_of(link, asked)
    told = (await cloud.log())["asked"][-1]
    assert told["conversation"] == "none"
    assert told["context"] == [
        pair for number in range(2, 6) for pair in (["user", f"q{number}"], ["assistant", f"a{number}"])
    ]
    assert told["metadata"] == {
        "nearfield_key": "turn-context/2", "turn_id": "turn-context", "traceparent": trace,
    }  # fmt: skip


async def test_a_question_is_never_sent_twice(link: CloudLink, cloud: CloudProcess) -> None:
    before = len((await cloud.log())["asked"])
    await events_of(link, question("once", "turn-once"))
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(link, question("once", "turn-once"))
    assert caught.value.code == "already_asked"
    assert len((await cloud.log())["asked"]) == before + 1


async def test_what_is_said_so_far_is_told_once(link: CloudLink, cloud: CloudProcess) -> None:
    before = len((await cloud.log())["heard"])
    link.hear("turn", "how is the")
    link.hear("turn", "how is the")
    link.hear("turn", "how is the pump")
    await events_of(link, question("how is the pump vented", "turn-heard"))
    assert (await cloud.log())["heard"][before:] == ["how is the", "how is the pump"]


async def test_a_refusal_has_the_clouds_own_name(link: CloudLink) -> None:
    with pytest.raises(EscalationRefusedError, match="not today") as caught:
        await events_of(link, question("refuse"))
    assert caught.value.code == "not_allowed"
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(link, question("fail", "turn-fail"))
    assert caught.value.code == "model_stalled"
    assert link.ready


async def test_closing_the_answer_cancels_it_at_the_other_end(link: CloudLink, cloud: CloudProcess) -> None:
    before = len((await cloud.log())["cancelled"])
    async with aclosing(link.ask(question("one sentence, then nothing"))) as events:
        async for event in events:
            if isinstance(event, AnswerSentence):
                break
    # What is asked next is answered in its turn, so the cancellation has arrived before it.
    await events_of(link, question("how is the pump vented", "turn-next"))
    assert len((await cloud.log())["cancelled"]) == before + 1


async def test_a_confirmation_waits_for_the_person(link: CloudLink) -> None:
    seen = []
    async with asyncio.timeout(20), aclosing(link.ask(question("confirm"))) as events:
        async for event in events:
            seen.append(event)
            if isinstance(event, ConfirmationAsked):
                link.confirm(event.call_id, agreed=True)
    assert [type(event) for event in seen] == [RouteTold, ConfirmationAsked, AnswerSentence, Answered]
    assert isinstance(seen[2], AnswerSentence)
    assert seen[2].text == "It is open."


async def test_an_answer_without_end_is_given_up_and_the_link_lives(link: CloudLink) -> None:
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(link, question("long"))
    assert caught.value.code == "answer_too_long"
    assert (await events_of(link, question("how is the pump vented", "turn-after")))[-1].outcome == "answered"  # type: ignore[union-attr]


async def test_the_deadline_ends_an_answer_and_not_whoever_reads_it(link: CloudLink) -> None:
    asked = question("one sentence, then nothing", deadline_seconds=0.5)
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(link, asked)
    assert caught.value.code == "deadline_passed"


async def test_who_waits_goes_before_what_can_wait(link: CloudLink) -> None:
    waiting = question("one sentence, then nothing", "turn-queued", can_wait=True)
    async with asyncio.timeout(20), aclosing(link.ask(waiting)) as events:
        await anext(events)
        urgent = await events_of(link, question("how is the pump vented", "turn-urgent"))
        with pytest.raises(EscalationRefusedError) as caught:
            await drained(events)
    assert caught.value.code == "displaced"
    assert urgent[-1] == Answered(outcome="answered", reason="a manual knows", may_be_kept_seconds=60)


async def test_only_one_who_waits_is_answered_at_a_time(link: CloudLink) -> None:
    async with asyncio.timeout(20), aclosing(link.ask(question("one sentence, then nothing"))) as events:
        await anext(events)
        with pytest.raises(EscalationRefusedError) as caught:
            await events_of(link, question("me too", "turn-second"))
    assert caught.value.code == "busy"


async def test_a_killed_cloud_ends_the_answer_within_three_seconds_and_is_found_again(
    key_file: Path, transport: str
) -> None:
    with running_cloud() as cloud:
        wiring = Wiring(cloud.url, key_file)
        async with running(wiring.link(transport)) as link:
            await warm(link)
            async with aclosing(link.ask(question("one sentence, then nothing"))) as events:
                await anext(events)
                cloud.kill()
                began = time.monotonic()
                with pytest.raises(LinkLostError):
                    await drained(events)
                assert time.monotonic() - began < LOSS_SECONDS
            assert not link.ready
            assert link.why_not
            with pytest.raises(LinkLostError):
                await events_of(link, question("anybody there", "turn-dead"))
            cloud.start()
            await warm(link)
            told = await cloud.log()
            assert [asked["text"] for asked in told["asked"]] == []  # nothing was asked again by itself
            assert told["resumed"] == [["sess_1", "secret of sess_1"]]
            assert (await events_of(link, question("again", "turn-again")))[-1].outcome == "answered"  # type: ignore[union-attr]


async def test_a_cloud_that_hears_and_says_nothing_is_found_out(cloud: CloudProcess, link: CloudLink) -> None:
    async with aclosing(link.ask(question("one sentence, then nothing"))) as events:
        await anext(events)
        await cloud.control(deaf=True)
        began = time.monotonic()
        with pytest.raises(LinkLostError, match="heartbeats"):
            await drained(events)
        assert time.monotonic() - began < LOSS_SECONDS
    assert link.line.state.code == "half_open"


async def test_an_idle_link_that_fell_silent_is_found_out_by_its_heartbeats(
    cloud: CloudProcess, link: CloudLink
) -> None:
    await cloud.control(deaf=True)
    async with asyncio.timeout(10):
        await link.line.until("lost", "waiting")
    assert link.line.state.code == "half_open"


async def test_a_goodbye_lets_the_answer_end_and_then_comes_back(
    cloud: CloudProcess, link: CloudLink
) -> None:
    async with asyncio.timeout(20), aclosing(link.ask(question("confirm"))) as events:
        async for event in events:
            if isinstance(event, ConfirmationAsked):
                await cloud.control(goodbye=0.1)
                async with asyncio.timeout(5):
                    await link.line.until_true(lambda state: not state.ready)
                link.confirm(event.call_id, agreed=False)
        assert isinstance(event, Answered)
    assert link.line.state.code in ("goodbye", "")
    await warm(link)


async def test_a_line_that_the_cloud_closes_is_told_at_once(cloud: CloudProcess, link: CloudLink) -> None:
    async with aclosing(link.ask(question("one sentence, then nothing"))) as events:
        await anext(events)
        began = time.monotonic()
        await cloud.control(close=True)
        with pytest.raises(LinkLostError):
            await drained(events)
        assert time.monotonic() - began < LOSS_SECONDS
