"""What every `Escalation` keeps to: the real link and its twin for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from nearfield_edge.errors import EscalationRefusedError, LinkLostError
from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    CloudEvent,
    ConfirmationAsked,
    EscalatedQuestion,
    Escalation,
    RouteTold,
)
from tests.edge.cloud_peer import SENTENCES
from tests.edge.cloud_process import CloudProcess, Wiring, running, running_cloud
from tests.fakes.escalation import FakeEscalation, Step, answer

pytestmark = pytest.mark.server

ROUTE = RouteTold(plan="knowledge", reason="a manual knows")
VALVE = ConfirmationAsked(call_id="call_1", tool="valve", arguments={}, question="Shall I open the valve?")
SCRIPT: dict[str, Sequence[Step]] = {
    "how is the pump vented": (ROUTE, *answer(*SENTENCES)),
    "refuse": (EscalationRefusedError("not today", code="not_allowed"),),
    "confirm": (ROUTE, VALVE, *answer("It stays shut.")),
    "one sentence, then nothing": (ROUTE, AnswerSentence(text=SENTENCES[0]), LinkLostError("nothing came")),
}


class Lost(Protocol):
    """Ends the link."""

    async def __call__(self) -> None: ...


@dataclass
class Subject:
    escalation: Escalation
    lose: Lost


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudProcess]:
    with running_cloud() as running_one:
        yield running_one


@pytest.fixture(params=["fake", "webrtc", "websocket"])
async def subject(
    request: pytest.FixtureRequest, cloud: CloudProcess, tmp_path: Path
) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeEscalation(SCRIPT)

        async def lose() -> None:
            fake.lose()

        yield Subject(fake, lose)
        return
    (tmp_path / "key").write_text("a-key")
    link: CloudLink = Wiring(cloud.url, tmp_path / "key").link(request.param)
    async with running(link):
        await link.line.until("warm")

        async def hang_up() -> None:
            assert link.line.call is not None
            await link.line.call.line.close()
            await link.line.until_true(lambda state: not state.ready)

        yield Subject(link, hang_up)


def question(text: str, turn_id: str = "turn", **further: Any) -> EscalatedQuestion:
    return EscalatedQuestion(turn_id=turn_id, text=text, **further)


async def events_of(escalation: Escalation, asked: EscalatedQuestion) -> list[CloudEvent]:
    async with aclosing(escalation.ask(asked)) as events:
        return [event async for event in events]


async def test_an_answer_comes_in_order_and_ends_once(subject: Subject) -> None:
    assert subject.escalation.ready
    assert subject.escalation.why_not == ""
    events = await events_of(subject.escalation, question("how is the pump vented"))
    assert [event.text for event in events if isinstance(event, AnswerSentence)] == list(SENTENCES)
    assert [isinstance(event, Answered) for event in events] == [False] * 4 + [True]


async def test_a_refusal_is_raised_with_its_code(subject: Subject) -> None:
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(subject.escalation, question("refuse"))
    assert caught.value.code == "not_allowed"


async def test_an_answer_closed_early_makes_room_for_the_next(subject: Subject) -> None:
    async with aclosing(subject.escalation.ask(question("one sentence, then nothing"))) as events:
        await anext(events)
    assert await events_of(subject.escalation, question("how is the pump vented", "next"))


async def test_the_same_question_is_taken_once(subject: Subject) -> None:
    await events_of(subject.escalation, question("how is the pump vented"))
    with pytest.raises(EscalationRefusedError) as caught:
        await events_of(subject.escalation, question("how is the pump vented"))
    assert caught.value.code == "already_asked"
    assert await events_of(subject.escalation, question("how is the pump vented", revision=1))


async def test_a_confirmation_is_asked_and_answered(subject: Subject) -> None:
    seen = []
    async with aclosing(subject.escalation.ask(question("confirm"))) as events:
        async for event in events:
            seen.append(event)
            if isinstance(event, ConfirmationAsked):
                subject.escalation.confirm(event.call_id, agreed=False)
    assert VALVE in seen
    assert AnswerSentence(text="It stays shut.") in seen


async def test_without_a_link_nothing_is_sent_and_the_reason_is_told(subject: Subject) -> None:
    await subject.lose()
    assert not subject.escalation.ready
    assert subject.escalation.why_not
    subject.escalation.hear("turn", "how is")
    subject.escalation.confirm("call_1", agreed=True)
    with pytest.raises(LinkLostError) as caught:
        await events_of(subject.escalation, question("how is the pump vented"))
    assert not caught.value.sent
