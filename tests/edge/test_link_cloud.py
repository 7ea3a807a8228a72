"""The device's link and the cloud's own calls, over both transports, with a scripted orchestrator behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nearfield_cloud.orchestrator.answer import ConfirmationNeeded, Finished, SentenceReady
from nearfield_edge.errors import LinkLostError
from nearfield_edge.escalation.connecting import BEATS_MISSED, LinkState
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
from tests.cloud.realtime_service import Service, running_service
from tests.edge.cloud_process import Wiring, running
from tests.fakes.orchestrator import ScriptedOrchestrator

pytestmark = pytest.mark.server


@dataclass
class Ends:
    link: CloudLink
    service: Service
    orchestrator: ScriptedOrchestrator


@pytest.fixture(params=["webrtc", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def both_ends(folder: Path, transport: str, orchestrator: ScriptedOrchestrator) -> AsyncIterator[Ends]:
    key_file = folder / "key"
    key_file.write_text("key-of-kiosk")
    async with (
        running_service(orchestrator) as service,
        running(Wiring(service.url, key_file).link(transport)) as link,
    ):
        async with asyncio.timeout(20):
            await link.line.until("warm")
        yield Ends(link=link, service=service, orchestrator=orchestrator)


async def events_of(link: CloudLink, asked: EscalatedQuestion) -> list[CloudEvent]:
    async with asyncio.timeout(20), aclosing(link.ask(asked)) as events:
        return [event async for event in events]


async def test_the_cloud_answers_the_device_with_its_sources(tmp_path: Path, transport: str) -> None:
    past = (PastExchange(question="what is this", answer="a coffee machine"),)
    asked = EscalatedQuestion(turn_id="turn-1", text="How is it cleaned?", conversation=past)
    async with both_ends(tmp_path, transport, ScriptedOrchestrator()) as ends:
        ends.link.hear("turn-1", "how is it")
        events = await events_of(ends.link, asked)
        (question,) = ends.orchestrator.questions
        assert ends.orchestrator.partials == ["how is it"]
    assert events == [
        RouteTold(plan="knowledge", reason="a passage answers"),
        AnswerSentence(
            text="Rinse it daily.",
            citations=(
                Citation(document="Care", source="care.md", quote="Rinse it daily.", chunk_id="care#2"),
            ),
        ),
        AnswerSentence(text="Descale it once a month."),
        Answered(outcome="answered", reason="grounded", may_be_kept_seconds=60),
    ]
    assert (question.turn_id, question.text) == ("turn-1", "How is it cleaned?")
    assert [(one.question, one.answer) for one in question.conversation] == [
        ("what is this", "a coffee machine")
    ]


async def test_what_was_answered_before_is_not_remembered_at_the_other_end(
    tmp_path: Path, transport: str
) -> None:
    async with both_ends(tmp_path, transport, ScriptedOrchestrator()) as ends:
        await events_of(ends.link, EscalatedQuestion(turn_id="a", text="first question"))
        await events_of(ends.link, EscalatedQuestion(turn_id="b", text="second question"))
        assert ends.orchestrator.questions[1].conversation == ()


async def test_an_answer_that_takes_its_time_is_no_lost_link_and_closing_it_cancels_it(
    tmp_path: Path, transport: str
) -> None:
    orchestrator = ScriptedOrchestrator(holds_before=2)
    async with both_ends(tmp_path, transport, orchestrator) as ends:
        asked = EscalatedQuestion(turn_id="slow", text="How is it cleaned?", deadline_seconds=30)
        async with asyncio.timeout(20), aclosing(ends.link.ask(asked)) as events:
            await anext(events)
            await anext(events)
            beats = ends.link.line.state.sequence
            unanswered: list[int] = []

            def enough(state: LinkState) -> bool:
                unanswered.append(state.unanswered)
                return state.sequence >= beats + 6

            # More heartbeats than would find a dead link, and no other event between them.
            await ends.link.line.until_true(enough)
            assert ends.link.ready
            assert max(unanswered) < BEATS_MISSED
            assert orchestrator.cancelled == []
            orchestrator.holding.clear()
        asked = EscalatedQuestion(turn_id="next", text="How is it cleaned?")
        async with asyncio.timeout(20), aclosing(ends.link.ask(asked)) as events:
            await anext(events)
            await orchestrator.holding.wait()
            assert orchestrator.cancelled == ["slow"]


async def test_a_person_is_asked_before_anything_changes(tmp_path: Path, transport: str) -> None:
    needed = ConfirmationNeeded(call_id="c1", tool="valve", arguments={"open": True}, question="Open it?")
    script = (needed, SentenceReady(text="Done."), Finished(outcome="answered", reason="a tool did it"))
    orchestrator = ScriptedOrchestrator(default=script)
    seen: list[CloudEvent] = []
    async with both_ends(tmp_path, transport, orchestrator) as ends:
        asked = EscalatedQuestion(turn_id="t", text="open the valve")
        async with asyncio.timeout(20), aclosing(ends.link.ask(asked)) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, ConfirmationAsked):
                    ends.link.confirm(event.call_id, agreed=True)
    assert orchestrator.decisions == {"c1": True}
    assert [type(event) for event in seen] == [ConfirmationAsked, AnswerSentence, Answered]


async def test_a_failed_turn_is_told_by_the_clouds_name(tmp_path: Path, transport: str) -> None:
    script = (Finished(outcome="failed", reason="no model answers"),)
    async with both_ends(tmp_path, transport, ScriptedOrchestrator(default=script)) as ends:
        events = await events_of(ends.link, EscalatedQuestion(turn_id="t", text="anything"))
    assert events[-1] == Answered(outcome="failed", reason="no model answers")


async def test_a_broken_orchestrator_is_told_and_the_link_lives(tmp_path: Path, transport: str) -> None:
    orchestrator = ScriptedOrchestrator(breaks_before=1)
    async with both_ends(tmp_path, transport, orchestrator) as ends:
        events = await events_of(ends.link, EscalatedQuestion(turn_id="t", text="anything"))
        assert isinstance(events[-1], Answered)
        assert events[-1].outcome == "failed"
        assert ends.link.ready


async def test_the_session_is_resumed_after_a_shutdown_of_the_line(tmp_path: Path, transport: str) -> None:
    async with both_ends(tmp_path, transport, ScriptedOrchestrator()) as ends:
        call = ends.link.line.call
        assert call is not None
        assert not call.resumed
        await call.line.close()
        async with asyncio.timeout(20):
            await ends.link.line.until_true(lambda state: not state.ready)
            await ends.link.line.until("warm")
        again = ends.link.line.call
        assert again is not None
        assert again.resumed


async def test_a_stranger_is_told_that_it_is_not_known(tmp_path: Path, transport: str) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("key-of-nobody")
    async with (
        running_service(ScriptedOrchestrator()) as service,
        running(Wiring(service.url, key_file).link(transport)) as link,
    ):
        async with asyncio.timeout(20):
            state = await link.line.until("lost")
        assert state.code == "not_known"
        with pytest.raises(LinkLostError, match="not known"):
            await events_of(link, EscalatedQuestion(turn_id="t", text="anybody"))
