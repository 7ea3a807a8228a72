"""Damaged offers, events and sound: one named error each, and the service goes on."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield_cloud.configuration.realtime import CallLimits, Realtime
from nearfield_cloud.errors import SdpError
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_cloud.realtime.transport.sdp import checked_offer, with_voice
from tests.cloud.realtime_service import running_service
from tests.cloud.test_realtime_calls import events, http, socket
from tests.cloud.test_realtime_webrtc import QUESTION
from tests.fakes.orchestrator import ScriptedOrchestrator

SDP = {"content-type": "application/sdp"}
SESSION_FIELDS = ["type", "session", "item", "response", "audio", "event_id", "content", "role", "item_id"]
KINDS = [
    "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear",
    "conversation.item.create", "conversation.item.delete", "conversation.item.truncate", "response.create",
    "response.cancel", "output_audio_buffer.clear", "nearfield.partial", "nearfield.confirm", "message",
]  # fmt: skip


async def offer_of(*, sound: bool = True) -> str:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.createDataChannel("oai-events")
    if sound:
        pc.addTransceiver("audio")
    await pc.setLocalDescription(await pc.createOffer())
    offer: str = pc.localDescription.sdp
    await pc.close()
    return offer


def damaged(offer: str, chance: random.Random) -> bytes:
    lines = offer.splitlines()
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        kind = chance.randrange(5)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
        elif kind == 2:
            lines.insert(at, chance.choice(lines))
        elif kind == 3:
            lines[at] = "".join(chance.choice([c, chr(chance.randrange(1, 300))]) for c in lines[at])
        else:
            lines[at] = lines[at].replace("=", chance.choice([":", "==", ""]))
    return "\r\n".join(lines).encode() + b"\r\n"


async def test_damaged_offers_are_answered_or_refused_by_name_and_leave_no_call_behind() -> None:
    limits = CallLimits(most_calls=500, most_calls_of_tenant=500, most_calls_of_subject=500)
    settings_ = Realtime(limits=limits)
    chance = random.Random(7)  # noqa: S311 - damage, not secrets
    offer = await offer_of()
    refused = 0
    async with running_service(ScriptedOrchestrator(), settings=settings_) as service:
        async with http(service) as client:
            for _ in range(80):
                answer = await client.post("/v1/realtime/calls", content=damaged(offer, chance), headers=SDP)
                assert answer.status_code in (201, 400), answer.text
                if answer.status_code == 400:
                    refused += 1
                    assert answer.json()["code"] == "sdp_invalid"
                else:
                    await client.post(f"{answer.headers['location']}/hangup")
        assert len(service.parts.calls) == 0
        async with asyncio.timeout(10):
            await service.parts.peers.closed()
        assert service.parts.peers.open == 0
    assert refused > 10


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"", SDP, "sdp_invalid"),
        (b"v=0\r\n", SDP, "sdp_invalid"),
        (b"\xff\xfe\x00", SDP, "sdp_invalid"),
        (b"x" * 70_000, SDP, "sdp_invalid"),
        (b"{}", {"content-type": "application/json"}, "sdp_invalid"),
        (b"garbage", {"content-type": "multipart/form-data; boundary=x"}, "sdp_invalid"),
        (b"garbage", {"content-type": "multipart/form-data"}, "sdp_invalid"),
    ],
)
async def test_what_is_no_offer_is_refused_by_name(
    content: bytes, headers: dict[str, str], code: str
) -> None:
    async with running_service(ScriptedOrchestrator()) as service, http(service) as client:
        answer = await client.post("/v1/realtime/calls", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_form_without_an_offer_or_with_another_session_is_refused_by_name() -> None:
    async with running_service(ScriptedOrchestrator()) as service, http(service) as client:
        for form, code in (
            ({"session": (None, "{}")}, "sdp_invalid"),
            ({"sdp": (None, "v=0"), "session": (None, "{")}, "session_invalid"),
            ({"sdp": (None, await offer_of()), "session": (None, '{"tools": [{}]}')}, "session_invalid"),
        ):
            answer = await client.post("/v1/realtime/calls", files=form)
            assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_offers_of_pictures_of_hidden_names_and_of_too_many_candidates() -> None:
    offer = asyncio.run(offer_of())
    candidate = "a=candidate:1 1 udp 2130706431 {} 40000 typ host"
    hidden = offer + candidate.format("0a1b2c3d.local") + "\r\n"
    assert ".local" not in checked_offer(hidden.encode(), CallLimits())
    many = offer + "".join(candidate.format(f"10.0.0.{n}") + "\r\n" for n in range(70))
    with pytest.raises(SdpError, match="64 candidates"):
        checked_offer(many.encode(), CallLimits())
    with pytest.raises(SdpError, match="one track"):
        checked_offer(offer.replace("m=audio", "m=video").encode(), CallLimits())


async def test_an_answer_asks_for_a_voice_s_opus() -> None:
    offer = await offer_of()
    async with running_service(ScriptedOrchestrator()) as service, http(service) as client:
        answer = (await client.post("/v1/realtime/calls", content=offer, headers=SDP)).text
    line = next(line for line in answer.splitlines() if line.startswith("a=fmtp:96"))
    assert "usedtx=1" in line
    assert "stereo=0" in line
    assert "maxaveragebitrate=24000" in line
    assert with_voice("v=0\r\n", bits_per_second=1) == "v=0\r\n"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**40) | st.text(max_size=8) | st.sampled_from(KINDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SESSION_FIELDS), inner, max_size=5)
    ),
    max_leaves=10,
)
_EVENT = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(SESSION_FIELDS), _JSON, max_size=5),
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_EVENT.map(json.dumps) | st.text(max_size=20) | st.binary(max_size=20), max_size=25))
def test_a_session_outlives_whatever_a_client_sends(texts: list[Any]) -> None:
    asyncio.run(_sent(texts, None))


async def _sent(texts: list[Any], engines: CallEngines | None) -> None:
    async with running_service(ScriptedOrchestrator(), engines=engines) as service, socket(service) as client:
        for text in texts:
            await client.send(text)
        await client.send(json.dumps({"type": "response.cancel"}))
        session = {"type": "realtime", "output_modalities": ["text"]}
        await client.send(json.dumps({"type": "session.update", "session": session, "event_id": "last"}))
        await events(client, "session.updated")
        await client.send(json.dumps({**QUESTION, "event_id": "q"}))
        await events(client, "conversation.item.done")


async def test_damaged_sound_is_refused_by_name_and_the_session_hears_on(call_engines: CallEngines) -> None:
    async with (
        running_service(ScriptedOrchestrator(), engines=call_engines) as service,
        socket(service) as client,
    ):
        for audio, code in (("!!", "audio_invalid"), ("A", "audio_invalid"), ("é", "audio_invalid")):
            await client.send(
                json.dumps({"type": "input_audio_buffer.append", "audio": audio, "event_id": "e"})
            )
            error = (await events(client, "error"))[-1]["error"]
            assert (error["code"], error["event_id"]) == (code, "e")
        await client.send(json.dumps({"type": "input_audio_buffer.append", "audio": "AAA="}))
        await client.send(json.dumps({"type": "input_audio_buffer.commit", "event_id": "c"}))
        error = (await events(client, "error"))[-1]["error"]
        assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "c")


async def test_more_events_than_a_client_may_send_are_refused_by_name() -> None:
    limited = Realtime(limits=CallLimits(events_per_second=5, responses_per_minute=1))
    async with (
        running_service(ScriptedOrchestrator(), settings=limited) as service,
        socket(service) as client,
    ):
        for _ in range(20):
            await client.send(json.dumps({"type": "response.create"}))
        codes = [(await events(client, "error"))[-1]["error"]["code"] for _ in range(20)]
    assert {"nothing_to_answer", "too_many_responses", "too_many_events"} == set(codes)


async def test_an_event_beyond_the_limit_is_refused_by_name() -> None:
    limited = Realtime(limits=CallLimits(largest_event_bytes=2_000))
    async with (
        running_service(ScriptedOrchestrator(), settings=limited) as service,
        socket(service) as client,
    ):
        await client.send("x" * 3_000)
        assert (await events(client, "error"))[-1]["error"]["code"] == "message_invalid"


async def test_nobody_s_upgrade_is_refused_with_a_sentence() -> None:
    async with (
        running_service(ScriptedOrchestrator()) as service,
        httpx.AsyncClient(base_url=service.url) as client,
    ):
        assert (await client.post("/v1/realtime/client_secrets", json={})).status_code == 401
