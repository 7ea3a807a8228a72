"""Events of calls: as OpenAI's own package has them, and one error for whatever is none."""

from __future__ import annotations

import contextlib
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import TypeAdapter

from nearfield_sync.errors import MessageError
from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import ClientEvent
from nearfield_sync.messages.realtime.items import assistant_text, user_text
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.reading import (
    Unknown,
    read_client_event,
    read_server_event,
    read_session,
    write_event,
)
from nearfield_sync.messages.realtime.session import Nearfield, RealtimeSession, updated

_ID: dict[str, Any] = {"event_id": "event_1"}
_PART: dict[str, Any] = {"response_id": "resp_1", "item_id": "item_1", **_ID}
_ITEM = assistant_text("Up to three.", item_id="item_1")
_FAULT = server.Fault(code="message_invalid", message="no such event")
_SESSION = RealtimeSession(id="sess_1", nearfield=Nearfield(events=("route",)))
_RESPONSE = server.Response(
    id="resp_1", status="completed", output=(_ITEM,), usage=server.Usage(total_tokens=3)
)

SERVER_EVENTS: tuple[ServerEvent, ...] = (
    server.ErrorTold(error=_FAULT, **_ID),
    server.SessionCreated(session=_SESSION, **_ID),
    server.SessionUpdated(session=_SESSION, **_ID),
    server.SpeechStarted(audio_start_ms=1, item_id="item_1", **_ID),
    server.SpeechStopped(audio_end_ms=2, item_id="item_1", **_ID),
    server.AudioCommitted(item_id="item_1", **_ID),
    server.AudioCleared(**_ID),
    server.IdleTimeout(audio_start_ms=1, audio_end_ms=2, item_id="item_1", **_ID),
    server.ItemAdded(item=user_text("How many?", item_id="item_0"), **_ID),
    server.ItemDone(item=_ITEM, previous_item_id="item_0", **_ID),
    server.ItemDeleted(item_id="item_1", **_ID),
    server.ItemTruncated(item_id="item_1", content_index=0, audio_end_ms=300, **_ID),
    server.ItemRetrieved(item=_ITEM, **_ID),
    server.TranscriptDelta(item_id="item_1", delta="How", **_ID),
    server.TranscriptCompleted(
        item_id="item_1", transcript="How many?", usage=server.SoundUsage(seconds=1.5), **_ID
    ),
    server.TranscriptFailed(item_id="item_1", error=_FAULT, **_ID),
    server.ResponseCreated(response=server.Response(id="resp_1", status="in_progress"), **_ID),
    server.ResponseDone(response=_RESPONSE, **_ID),
    server.OutputItemAdded(response_id="resp_1", item=_ITEM, **_ID),
    server.OutputItemDone(response_id="resp_1", item=_ITEM, **_ID),
    server.PartAdded(part=server.Part(type="text", text=""), **_PART),
    server.PartDone(part=server.Part(type="audio", transcript="Up"), **_PART),
    server.TextDelta(delta="Up to three.", **_PART),
    server.TextDone(text="Up to three.", **_PART),
    server.AudioDelta(delta="AAAA", **_PART),
    server.AudioDone(**_PART),
    server.SpokenDelta(delta="Up", **_PART),
    server.SpokenDone(transcript="Up", **_PART),
    server.OutputStarted(response_id="resp_1", **_ID),
    server.OutputStopped(response_id="resp_1", **_ID),
    server.OutputCleared(response_id="resp_1", **_ID),
)
OURS: tuple[ServerEvent, ...] = (
    nearfield.Partial(item_id="item_1", text="how ma", **_ID),
    nearfield.CitationTold(
        sentence=0, document="Care", source="care.md", quote="up to three", chunk_id="c1", **_PART
    ),
    nearfield.Heartbeat(sent_ms=1.5, sequence=1, **_ID),
    nearfield.RouteTold(response_id="resp_1", plan="knowledge", reason="a passage answers", **_ID),
    nearfield.ConfirmationAsked(
        response_id="resp_1", call_id="c", tool="door", arguments={"n": 1}, question="Open it?", **_ID
    ),
    nearfield.Goodbye(reason="shutting down", reconnect_after_seconds=1.0, **_ID),
)
CLIENT_EVENTS: tuple[dict[str, Any], ...] = (
    {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"], "model": "x"}},
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear", "event_id": "mine"},
    {
        "type": "conversation.item.create",
        "previous_item_id": "root",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "How many?"}]},
    },
    {"type": "conversation.item.delete", "item_id": "item_1"},
    {"type": "conversation.item.retrieve", "item_id": "item_1"},
    {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 10},
    {"type": "response.create", "response": {"output_modalities": ["text"], "metadata": {"turn_id": "t"}}},
    {"type": "response.cancel", "response_id": "resp_1"},
    {"type": "output_audio_buffer.clear"},
)


@pytest.mark.parametrize("event", SERVER_EVENTS, ids=lambda event: str(event.type))
def test_what_the_server_says_is_what_openai_s_package_expects(event: ServerEvent) -> None:
    theirs = TypeAdapter[Any](RealtimeServerEvent).validate_json(write_event(event), strict=True)
    assert theirs.type == event.type
    assert (theirs.model_extra or {}) == {}


def test_no_event_of_the_server_is_left_out_here() -> None:
    told = {type(event) for event in (*SERVER_EVENTS, *OURS)}
    assert told == set(get_args(ServerEvent))


@pytest.mark.parametrize("event", CLIENT_EVENTS, ids=lambda event: str(event["type"]))
def test_what_openai_s_package_sends_is_read(event: dict[str, Any]) -> None:
    theirs = TypeAdapter[Any](RealtimeClientEvent).validate_python(event)
    read = read_client_event(theirs.model_dump_json(exclude_unset=True))
    assert read.type == event["type"]
    assert (
        json.loads(write_event(read)).items() >= {k: v for k, v in event.items() if k == "event_id"}.items()
    )


def test_every_client_event_of_openai_s_is_taken() -> None:
    theirs = {
        get_args(kind.model_fields["type"].annotation)[0]
        for kind in get_args(get_args(RealtimeClientEvent)[0])
    }
    assert theirs <= {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(ClientEvent)}


@pytest.mark.parametrize("event", [*SERVER_EVENTS, *OURS], ids=lambda event: str(event.type))
def test_what_was_written_is_read_as_it_was(event: ServerEvent) -> None:
    assert read_server_event(write_event(event)) == event


def test_a_kind_of_event_from_a_newer_server_is_known_to_be_unknown() -> None:
    assert read_server_event('{"type": "response.danced", "event_id": "e"}') == Unknown(
        type="response.danced"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type": "response.danced"}', "response.danced"),
        ('{"type": "input_audio_buffer.append"}', "audio"),
        ("[1, 2]", "not an event"),
        ("{", "not an event"),
        ("", "not an event"),
        ('{"type": "nearfield.trace", "traceparent": "yes"}', "traceparent"),
        ('{"type": "nearfield.heartbeat", "sent_ms": NaN, "sequence": 1}', "sent_ms"),
        (b"\xff\xfe", "not an event"),
        ("[" * 100_000, "not an event"),
    ],
)
def test_what_is_no_event_is_refused_by_name(text: str | bytes, says: str) -> None:
    with pytest.raises(MessageError, match=says):
        read_client_event(text)


def test_an_event_beyond_the_limit_is_not_read() -> None:
    with pytest.raises(MessageError, match="at most 50"):
        read_client_event(
            '{"type": "input_audio_buffer.append", "audio": "' + "A" * 50 + '"}', largest_bytes=50
        )


@given(
    st.one_of(
        st.text(),
        st.binary(),
        st.recursive(
            st.none()
            | st.booleans()
            | st.floats()
            | st.text()
            | st.sampled_from([str(e["type"]) for e in CLIENT_EVENTS]),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(
                        ["type", "item", "session", "response", "content", "audio", "event_id", "nearfield"]
                    )
                    | st.text(),
                    inner,
                )
            ),
        ).map(json.dumps),
    )
)
def test_any_text_is_an_event_or_the_one_error(text: str | bytes) -> None:
    for read in (read_client_event, read_server_event, read_session):
        with contextlib.suppress(MessageError):
            read(text)


def test_a_change_leaves_what_it_does_not_name() -> None:
    before = read_session('{"instructions": "Be brief.", "audio": {"input": {"turn_detection": null}}}')
    after = updated(
        before, read_session('{"audio": {"output": {"speed": 1.2}}, "output_modalities": ["text"]}')
    )
    assert (after.instructions, after.audio.input.turn_detection) == ("Be brief.", None)
    assert (after.audio.output.speed, after.speaks) == (1.2, False)


def test_another_way_of_ending_turns_takes_nothing_over_from_the_one_before() -> None:
    before = read_session(
        '{"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.9}}}}'
    )
    detection = '{"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}}}'
    found = updated(before, read_session(detection)).audio.input.turn_detection
    assert found is not None
    assert found.model_dump(exclude_unset=True) == {"type": "semantic_vad", "eagerness": "high"}


def test_a_session_takes_only_what_it_asked_for() -> None:
    assert not RealtimeSession().takes("citations")
    asked = RealtimeSession(nearfield=Nearfield(events=("citations",)))
    assert (asked.takes("citations"), asked.takes("route")) == (True, False)
