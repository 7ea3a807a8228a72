"""The language model against a real server that speaks the protocol, well and badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from nearfield_cloud.configuration.language_model import EndpointSection, LanguageModelSection
from nearfield_cloud.errors import LanguageModelError
from nearfield_cloud.language_model.chat import (
    CallRequested,
    Message,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    Restarted,
    Shape,
    TextArrived,
    ToolOffer,
)
from nearfield_cloud.language_model.failover import EndpointsInOrder
from nearfield_cloud.language_model.opening import open_language_model
from tests.cloud.model_server import (
    STREAM,
    ModelServer,
    Script,
    Silence,
    answer,
    call,
    end,
    event,
    model_server,
    said,
    status,
)
from tests.fakes.timekeeper import SettableTimekeeper

ASKED = ModelRequest(messages=(Message(role="user", text="When do you open?"),), most_tokens=100)


@asynccontextmanager
async def model_of(
    time: SettableTimekeeper, *scripts: Sequence[Script], **limits: int
) -> AsyncIterator[tuple[EndpointsInOrder, list[ModelServer]]]:
    """A language model of as many endpoints as there are lists of scripts."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(model_server(*each)) for each in scripts]
        section = LanguageModelSection(
            endpoints=tuple(EndpointSection(url=server.url, model="m", failures=2) for server in servers),
            **limits,
        )
        model = open_language_model(section, time)
        assert model is not None
        stack.push_async_callback(model.aclose)
        yield model, servers


async def heard(model: EndpointsInOrder, request: ModelRequest = ASKED) -> list[ModelEvent]:
    async with asyncio.timeout(20), aclosing(model.stream(request)) as events:
        return [each async for each in events]


def text_of(events: list[ModelEvent]) -> str:
    """What holds in the end."""
    text = ""
    for each in events:
        if isinstance(each, Restarted):
            text = each.kept
        elif isinstance(each, TextArrived):
            text += each.text
    return text


async def test_text_arrives_piece_by_piece_and_ends_with_what_it_cost() -> None:
    async with model_of(SettableTimekeeper(), [answer("We open ", "at nine.", tokens=33)]) as (
        model,
        servers,
    ):
        events = await heard(model)
    assert events[:2] == [TextArrived(text="We open "), TextArrived(text="at nine.")]
    assert isinstance(events[2], ModelFinished)
    assert events[2].tokens == 33
    assert servers[0].asked[0]["max_tokens"] == 100
    assert servers[0].asked[0]["stream"] is True


async def test_an_endpoint_that_does_not_count_tokens_is_estimated_rather_too_high() -> None:
    async with model_of(SettableTimekeeper(), [answer("We open at nine.", tokens=None)]) as (model, _):
        *_, finished = await heard(model)
    assert isinstance(finished, ModelFinished)
    assert 8 <= finished.tokens <= 30


async def test_a_tool_call_is_given_whole_with_its_arguments() -> None:
    request = ModelRequest(
        messages=ASKED.messages,
        most_tokens=50,
        offers=(ToolOffer(name="order", description="", parameters={"type": "object"}),),
    )
    async with model_of(SettableTimekeeper(), [call("order", '{"number": "A17"}')]) as (model, servers):
        events = await heard(model, request)
    assert events[0] == CallRequested(tool="order", arguments={"number": "A17"})
    assert servers[0].asked[0]["tool_choice"] == "required"


async def test_the_shape_of_an_answer_is_asked_for_as_a_json_schema() -> None:
    request = ModelRequest(
        messages=ASKED.messages, most_tokens=50, shape=Shape(name="plan", schema={"type": "object"})
    )
    async with model_of(SettableTimekeeper(), [answer("{}")]) as (model, servers):
        await heard(model, request)
    asked = servers[0].asked[0]["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["schema"] == {"type": "object"}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (status(500), "status 500"),
        (status(429), "status 429"),
        (said("We op"), "broke off"),
        ([b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nno"], "text/html"),
        ([b"garbage\r\n\r\n"], "cannot be reached"),
        ([STREAM, b"data: {not json\n\n"], "not what Chat Completions"),
        ([STREAM, b"data: [1, 2]\n\n"], "not what Chat Completions"),
        ([STREAM, b"data: \xff\xfe\n\n"], "UTF-8"),
        ([STREAM, event({"error": {"message": "out of memory"}})], "with an error"),
        (call("order", '{"number": '), "no JSON"),
        (call("order", "[1]"), "no object"),
        (call("", "{}"), "no name"),
    ],
)
async def test_what_is_broken_is_left_for_the_next_endpoint(broken: Script, why: str) -> None:
    async with model_of(SettableTimekeeper(), [broken], [answer("We open at nine.")]) as (model, _):
        events = await heard(model)
    restarts = [each for each in events if isinstance(each, Restarted)]
    assert len(restarts) == 1
    assert why in restarts[0].fault
    assert text_of(events) == "We open at nine."


@pytest.mark.parametrize("keep_alive", [False, True])
async def test_a_stream_that_opens_and_says_nothing_counts_as_failed(keep_alive: bool) -> None:
    time = SettableTimekeeper()
    stalled: Script = [STREAM, Silence(keep_alive=keep_alive)]
    async with model_of(time, [stalled], [answer("We open at nine.")]) as (model, servers):
        hearing = asyncio.create_task(heard(model))
        await asyncio.wait_for(servers[0].silent.wait(), 10)
        await time.pass_when_waited_for(4.0)
        events = await hearing
        await asyncio.wait_for(servers[0].closed_early.wait(), 10)
    assert "silent" in next(each.fault for each in events if isinstance(each, Restarted))
    assert text_of(events) == "We open at nine."


async def test_a_stream_that_falls_silent_is_gone_on_with_and_nothing_half_said_is_kept() -> None:
    time = SettableTimekeeper()
    stalls: Script = [*said("We open at nine. On Sun"), Silence()]
    async with (
        model_of(time, [stalls], [answer("On Sundays we are closed.")]) as (model, servers),
        asyncio.timeout(20),
        aclosing(model.stream(ASKED)) as stream,
    ):
        events = [await anext(stream)]
        going_on = asyncio.ensure_future(anext(stream))
        await time.pass_when_waited_for(4.0)
        events.append(await going_on)
        events += [each async for each in stream]
    restart = next(each for each in events if isinstance(each, Restarted))
    assert restart.kept == "We open at nine. "
    assert text_of(events) == "We open at nine. On Sundays we are closed."
    told = servers[1].asked[0]["messages"]
    assert told[-2] == {"role": "assistant", "content": "We open at nine. "}


async def test_an_endpoint_that_fails_often_is_left_alone_until_it_has_rested() -> None:
    time = SettableTimekeeper()
    fine = [answer("Yes.") for _ in range(4)]
    async with model_of(time, [status(500), status(500), answer("Back.")], fine) as (model, servers):
        for _ in range(3):
            assert text_of(await heard(model)) == "Yes."
        assert len(servers[0].asked) == 2
        assert next(iter(model.health().values())) == "open"
        time.pass_time(31)
        assert text_of(await heard(model)) == "Back."


async def test_when_all_endpoints_fail_the_error_names_each() -> None:
    async with model_of(SettableTimekeeper(), [status(500)], [status(401)]) as (model, _):
        with pytest.raises(LanguageModelError, match=r"status 500.*status 401"):
            await heard(model)


async def test_closing_the_stream_hangs_up() -> None:
    stalls: Script = [*said("We open "), Silence()]
    async with model_of(SettableTimekeeper(), [stalls]) as (model, servers):
        async with aclosing(model.stream(ASKED)) as events:
            assert await anext(events) == TextArrived(text="We open ")
        await asyncio.wait_for(servers[0].closed_early.wait(), 10)
        assert list(model.health().values()) == ["closed"]


async def test_an_endless_answer_is_cut_off() -> None:
    endless = [*said(*["word " * 100] * 200), *end()]
    async with model_of(SettableTimekeeper(), [endless], longest_answer_bytes=20_000) as (model, _):
        with pytest.raises(LanguageModelError, match="20000 bytes"):
            await heard(model)


async def test_an_endless_event_is_cut_off() -> None:
    endless: Script = [STREAM, b"data: " + b"x" * 5_000]
    async with model_of(SettableTimekeeper(), [endless], longest_event_bytes=1_024) as (model, _):
        with pytest.raises(LanguageModelError, match="1024 bytes"):
            await heard(model)


async def test_the_key_goes_into_the_header_and_comes_from_where_it_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY_FOR_TESTS", "sesame\n")
    async with model_server(answer("Yes.")) as server:
        section = LanguageModelSection.model_validate(
            {"endpoints": [{"url": server.url, "model": "m", "key": {"environment": "A_KEY_FOR_TESTS"}}]}
        )
        model = open_language_model(section, SettableTimekeeper())
        assert model is not None
        await heard(model)
        await model.aclose()
    assert b"authorization: bearer sesame\r\n" in server.headers[0].lower()
