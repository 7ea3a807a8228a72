"""A call by itself, on a line that the test holds: what is read, what is bounded, what is sent."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import EscalationRefusedError, LinkError
from nearfield_edge.escalation.call import Asked, Call
from nearfield_edge.escalation.inbox import MOST_EVENTS, Inbox
from nearfield_edge.escalation.line import Line
from nearfield_edge.escalation.options import LinkOptions
from nearfield_edge.escalation.seam import AnswerSentence, EscalatedQuestion
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.reading import write_event
from nearfield_sync.messages.realtime.wire import ServerWire


class HeldLine:
    """A line whose other end is the test."""

    name = "held"

    def __init__(self) -> None:
        self.sent: list[dict[str, object]] = []
        self.inbox = Inbox()

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def receive(self) -> str:
        return await self.inbox.get()

    async def close(self) -> None:
        self.inbox.close(LinkError("closed", code="closed"))


def as_line(line: HeldLine) -> Line:
    return line


def call_on(line: HeldLine) -> Call:
    return Call(
        as_line(line),
        LinkOptions(longest_answer_characters=500),
        monotonic_ms=lambda: 0.0,
        on_heard=lambda: None,
        on_goodbye=lambda goodbye: None,
    )


async def read_all(call: Call, line: HeldLine, *events: ServerWire | str) -> None:
    for event in events:
        line.inbox.put(event if isinstance(event, str) else write_event(event))
    line.inbox.close(LinkError("no more", code="closed"))
    with pytest.raises(LinkError):
        await call.read()


def begun(asked: Asked, key: str = "t/0") -> server.ResponseCreated:
    response = server.Response(id="r", status="in_progress", metadata={"nearfield_key": key})
    return server.ResponseCreated(response=response)


def sentence(text: str, response_id: str = "r") -> server.TextDelta:
    return server.TextDelta(response_id=response_id, item_id="i", delta=text)


async def test_an_answer_that_is_too_long_is_cancelled_once_and_nothing_more_is_taken() -> None:
    line = HeldLine()
    call = call_on(line)
    asked = call.begin(EscalatedQuestion(turn_id="t", text="how long"))
    await read_all(call, line, begun(asked), *(sentence("word " * 30) for _ in range(50)))
    assert [sent["type"] for sent in line.sent] == ["response.create", "response.cancel"]
    for _ in range(3):
        assert isinstance(await asked.next(), AnswerSentence)
    with pytest.raises(EscalationRefusedError) as caught:
        await asked.next()
    assert caught.value.code == "answer_too_long"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asked.next()


async def test_what_belongs_to_another_answer_is_passed_over() -> None:
    line = HeldLine()
    call = call_on(line)
    asked = call.begin(EscalatedQuestion(turn_id="t", text="how long"))
    other = server.Response(id="other", status="in_progress", metadata={"nearfield_key": "s/0"})
    await read_all(
        call,
        line,
        server.ResponseCreated(response=other),
        sentence("Not mine.", "other"),
        server.ResponseDone(response=other.model_copy(update={"status": "completed"})),
        begun(asked),
        sentence("Mine."),
    )
    assert await asked.next() == AnswerSentence(text="Mine.")


async def test_a_citation_belongs_to_its_sentence() -> None:
    line = HeldLine()
    call = call_on(line)
    asked = call.begin(EscalatedQuestion(turn_id="t", text="how long"))
    cited = nearfield.CitationTold(
        response_id="r", item_id="i", sentence=1, document="D", source="s", quote="q", chunk_id="c"
    )
    await read_all(call, line, begun(asked), cited, sentence("One."), sentence(" Two."))
    first, second = await asked.next(), await asked.next()
    assert isinstance(first, AnswerSentence)
    assert isinstance(second, AnswerSentence)
    assert first.citations == ()
    assert [citation.document for citation in second.citations] == ["D"]


async def test_a_question_too_long_for_the_line_is_refused_before_it_is_sent() -> None:
    line = HeldLine()
    with pytest.raises(EscalationRefusedError) as caught:
        call_on(line).begin(EscalatedQuestion(turn_id="t", text="why " * 20_000))
    assert caught.value.code == "question_too_long"
    assert line.sent == []


@given(
    texts=st.lists(
        st.text(max_size=80)
        | st.fixed_dictionaries(
            {"type": st.sampled_from(["response.done", "error", "nearfield.route", "session.created", "x"])},
            optional={
                "response": st.none() | st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
                "response_id": st.text(max_size=8),
                "plan": st.text(max_size=8),
                "error": st.dictionaries(st.sampled_from(["message", "code"]), st.text(max_size=8)),
            },
        ).map(json.dumps),
        max_size=6,
    )
)
def test_whatever_the_cloud_sends_is_taken_or_ends_the_line_by_name(texts: list[str]) -> None:
    async def run() -> None:
        line = HeldLine()
        call = call_on(line)
        call.begin(EscalatedQuestion(turn_id="t", text="how long"))
        await read_all(call, line, *texts)

    asyncio.run(run())


async def test_more_than_can_be_taken_ends_the_line_and_loses_nothing_that_came_before() -> None:
    inbox = Inbox()
    for number in range(MOST_EVENTS + 5):
        inbox.put(str(number))
    assert [await inbox.get() for _ in range(MOST_EVENTS)] == [str(number) for number in range(MOST_EVENTS)]
    with pytest.raises(LinkError) as caught:
        await inbox.get()
    assert caught.value.code == "too_much"
