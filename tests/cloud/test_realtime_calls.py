"""A call's life: who may touch it, how many there may be, lost and found again, ended in time."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from nearfield_cloud.configuration.realtime import CallLimits, Realtime
from nearfield_cloud.orchestrator.answer import ConfirmationNeeded, Finished, Planned, SentenceReady
from tests.cloud.realtime_service import Service, running_service
from tests.cloud.test_realtime_webrtc import QUESTION, TEXT
from tests.cloud.webrtc_client import PhoneCall, phone_call
from tests.fakes.clock import SettableClock
from tests.fakes.orchestrator import ScriptedOrchestrator

RESPOND = {"type": "response.create"}


def http(service: Service, key: str = "key-of-kiosk") -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, headers={"authorization": f"Bearer {key}"})


def socket(service: Service, query: str = "", key: str = "key-of-kiosk", **options: Any) -> connect:
    url = f"ws://127.0.0.1:{service.port}/v1/realtime{query}"
    return connect(url, additional_headers={"authorization": f"Bearer {key}"}, **options)


async def events(connection: Any, kind: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while not told or told[-1]["type"] != kind:
            told.append(json.loads(await connection.recv()))
    return told


async def asked(call: PhoneCall) -> list[dict[str, Any]]:
    call.send(QUESTION)
    call.send(RESPOND)
    return await call.until("response.done")


async def test_a_client_secret_of_an_application_s_server_is_all_that_its_client_needs() -> None:
    async with running_service(ScriptedOrchestrator()) as service:
        async with AsyncOpenAI(api_key="key-of-kiosk", base_url=f"{service.url}/v1", max_retries=0) as client:
            made = await client.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 60},
                session={"type": "realtime", "output_modalities": ["text"], "instructions": "Be brief."},
            )
        assert made.value.startswith("ek_w0_")
        async with phone_call(service.url, key=made.value) as call:
            created = (await call.until("session.created"))[-1]
        assert created["session"]["instructions"] == "Be brief."
        protocols = ["realtime", f"openai-insecure-api-key.{made.value}"]
        async with connect(f"ws://127.0.0.1:{service.port}/v1/realtime", subprotocols=protocols) as browser:  # type: ignore[arg-type]
            assert browser.subprotocol == "realtime"
            assert (await events(browser, "session.created"))[-1]["session"]["output_modalities"] == ["text"]


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("ek_w0_guessed", 401, "client_secret_invalid"),
        ("nonsense", 401, "identity_unproven"),
        ("ek_w7_made-there", 421, "call_elsewhere"),
    ],
)
async def test_who_cannot_prove_who_they_are_cannot_call(token: str, status: int, code: str) -> None:
    async with running_service(ScriptedOrchestrator()) as service:
        async with http(service, token) as client:
            answer = await client.post("/v1/realtime/calls", content="v=0")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        with pytest.raises(InvalidStatus) as refused:
            await socket(service, key=token)
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body or b"")["code"] == code


async def test_a_secret_that_has_expired_is_worth_nothing() -> None:
    clock = SettableClock()
    async with running_service(ScriptedOrchestrator(), clock=clock) as service:
        async with http(service) as client:
            made = (await client.post("/v1/realtime/client_secrets", json={})).json()
        clock.advance(timedelta(seconds=601))
        async with http(service, made["value"]) as client:
            answer = await client.post("/v1/realtime/calls", content="v=0")
        assert answer.json()["code"] == "client_secret_invalid"


async def test_a_call_is_hung_up_by_its_id_and_by_nobody_else() -> None:
    async with (
        running_service(ScriptedOrchestrator()) as service,
        phone_call(service.url, session=TEXT) as call,
    ):
        await call.until("session.created")
        assert call.call_id.startswith("call_w0_")
        path = f"/v1/realtime/calls/{call.call_id}/hangup"
        for key in ("key-of-another", "key-of-stranger"):
            async with http(service, key) as client:
                assert (await client.post(path)).status_code == 404
        async with http(service) as client:
            elsewhere = await client.post("/v1/realtime/calls/call_w7_x/hangup")
            assert (elsewhere.status_code, elsewhere.json()["code"]) == (421, "call_elsewhere")
            assert (await client.post(path)).status_code == 200
            goodbye = (await call.until("nearfield.goodbye"))[-1]
            assert (goodbye["reason"], "reconnect_after_seconds" in goodbye) == ("hung up", False)
            await asyncio.wait_for(call.closed.wait(), 5)
            assert (await client.post(path)).status_code == 404


async def test_a_connection_beside_a_call_sees_it_and_may_act_in_it() -> None:
    async with (
        running_service(ScriptedOrchestrator()) as service,
        phone_call(service.url, session=TEXT) as call,
    ):
        created = (await call.until("session.created"))[-1]
        with pytest.raises(InvalidStatus):
            await socket(service, f"?call_id={call.call_id}", "key-of-stranger")
        async with socket(service, f"?call_id={call.call_id}") as beside:
            assert (await events(beside, "session.created"))[-1]["session"]["id"] == created["session"]["id"]
            await beside.send(json.dumps(QUESTION))
            await beside.send(json.dumps(RESPOND))
            await events(beside, "response.done")
        assert (await call.until("response.done"))[-1]["response"]["status"] == "completed"
        assert (await asked(call))[-1]["response"]["status"] == "completed"  # leaving it ended nothing


async def test_as_many_calls_as_may_be_and_no_more() -> None:
    settings = Realtime(limits=CallLimits(most_calls_of_subject=1, most_calls_of_tenant=2))
    async with (
        running_service(ScriptedOrchestrator(), settings=settings) as service,
        socket(service) as first,
        socket(service, key="key-of-another"),
    ):
        for key in ("key-of-kiosk", "key-of-another"):
            with pytest.raises(InvalidStatus) as refused:
                await socket(service, key=key)
            assert json.loads(refused.value.response.body or b"")["code"] == "calls_full"
        async with socket(service, key="key-of-stranger"):
            pass
        await first.close()
        await first.wait_closed()
        async with asyncio.timeout(5), socket(service) as again:
            assert (await events(again, "session.created"))[0]["type"] == "session.created"


async def test_a_lost_session_is_taken_up_again_with_its_conversation() -> None:
    orchestrator = ScriptedOrchestrator()
    async with running_service(orchestrator) as service:
        async with phone_call(service.url, session=TEXT) as call:
            session = (await call.until("session.created"))[-1]["session"]
            assert session["nearfield"]["resumed"] is False
            await asked(call)
        resume = {"session_id": session["id"], "secret": session["nearfield"]["resume_secret"]}
        again = {**TEXT, "nearfield": {**TEXT["nearfield"], "resume": resume}}  # type: ignore[dict-item]
        async with phone_call(service.url, session=again) as call:
            created = (await call.until("session.created"))[-1]["session"]
            assert (created["id"], created["nearfield"]["resumed"]) == (session["id"], True)
            assert created["nearfield"]["resume_secret"] != resume["secret"]
            await asked(call)
        assert [exchange.question for exchange in orchestrator.questions[-1].conversation] == [
            "How do I clean it?"
        ]
        async with phone_call(service.url, session=again, key="key-of-another") as call:
            created = (await call.until("session.created"))[-1]["session"]
            assert (created["id"] != session["id"], created["nearfield"]["resumed"]) == (True, False)


async def test_a_session_over_a_socket_is_taken_up_by_its_first_event() -> None:
    orchestrator = ScriptedOrchestrator()
    async with running_service(orchestrator) as service:
        async with socket(service) as first:
            await first.send(json.dumps({"type": "session.update", "session": TEXT}))
            session = (await events(first, "session.updated"))[-1]["session"]
            await first.send(json.dumps(QUESTION))
            await events(first, "conversation.item.done")
        resume = {"session_id": session["id"], "secret": session["nearfield"]["resume_secret"]}
        again = {**TEXT, "nearfield": {"events": ["route"], "resume": resume}}
        async with socket(service) as second:
            await second.send(json.dumps({"type": "session.update", "session": again}))
            updated = (await events(second, "session.updated"))[-1]["session"]
            assert (updated["id"], updated["nearfield"]["resumed"]) == (session["id"], True)
            await second.send(json.dumps(RESPOND))
            await events(second, "response.done")
    assert orchestrator.questions[0].text == "How do I clean it?"


async def test_a_client_whose_heartbeats_cease_is_let_go_after_three() -> None:
    clock = SettableClock()
    async with running_service(ScriptedOrchestrator(), clock=clock) as service, socket(service) as client:
        await client.send(json.dumps({"type": "session.update", "session": TEXT}))
        await events(client, "session.updated")
        for sequence in range(1, 5):
            clock.advance(timedelta(seconds=2.1))
            beat = (await events(client, "nearfield.heartbeat"))[-1]
            assert beat["sequence"] == sequence
            await client.send(
                json.dumps({"type": "nearfield.heartbeat", "sent_ms": 1.0, "sequence": 100 + sequence})
            )
            answer = (await events(client, "nearfield.heartbeat"))[-1]
            assert answer["sequence"] == 100 + sequence
        clock.advance(timedelta(seconds=6.1))
        with pytest.raises(ConnectionClosed):
            await events(client, "never")
        assert service.counters.value("nearfield_call_heartbeats_missed_total") == 1


async def test_a_client_that_asks_for_none_gets_no_event_of_ours() -> None:
    theirs = TypeAdapter[Any](RealtimeServerEvent)
    async with running_service(ScriptedOrchestrator()) as service, socket(service) as client:
        await client.send(
            json.dumps(
                {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}}
            )
        )
        await client.send(json.dumps(QUESTION))
        await client.send(json.dumps(RESPOND))
        told = await events(client, "response.done")
    for event in told:
        assert theirs.validate_python(event).type == event["type"]
        assert not event["type"].startswith("nearfield.")


async def test_a_caller_that_may_not_call_any_more_is_shown_out() -> None:
    async with (
        running_service(ScriptedOrchestrator()) as service,
        phone_call(service.url, session=TEXT) as call,
    ):
        await call.until("session.created")
        assert service.parts.calls.end_where(lambda caller: caller.subject == "kiosk-2", "revoked") == 0
        assert service.parts.calls.end_where(lambda caller: caller.subject == "kiosk-1", "revoked") == 1
        assert (await call.until("nearfield.goodbye"))[-1]["reason"] == "revoked"


async def test_idle_and_endless_calls_are_ended_with_a_reason() -> None:
    for limits, reason in (
        (CallLimits(idle_seconds=10), "nothing was said for a long time"),
        (CallLimits(longest_call_seconds=10), "a call lasts no longer"),
    ):
        clock = SettableClock()
        settings = Realtime(limits=limits)
        async with (
            running_service(ScriptedOrchestrator(), clock=clock, settings=settings) as service,
            socket(service) as client,
        ):
            session = {**TEXT, "nearfield": {"events": ["route"]}}
            await client.send(json.dumps({"type": "session.update", "session": session}))
            await events(client, "session.updated")
            clock.advance(timedelta(seconds=11))
            assert (await events(client, "nearfield.goodbye"))[-1]["reason"] == reason


async def test_draining_lets_an_answer_end_and_sends_idle_clients_away_at_once() -> None:
    orchestrator = ScriptedOrchestrator(holds_before=2)
    async with (
        running_service(orchestrator) as service,
        phone_call(service.url, session=TEXT) as busy,
        phone_call(service.url, session=TEXT) as idle,
    ):
        await busy.until("session.created")
        await idle.until("session.created")
        busy.send(QUESTION)
        busy.send(RESPOND)
        await asyncio.wait_for(orchestrator.holding.wait(), 5)
        draining = asyncio.create_task(service.parts.calls.drain(30))
        goodbye = (await idle.until("nearfield.goodbye"))[-1]
        assert goodbye["reconnect_after_seconds"] == 1.0
        async with http(service) as client:
            offer = busy.pc.localDescription.sdp
            refused = await client.post(
                "/v1/realtime/calls", content=offer, headers={"content-type": "application/sdp"}
            )
        assert (refused.status_code, refused.json()["code"]) == (503, "shutting_down")
        orchestrator.released.set()
        told = await busy.until("nearfield.goodbye")
        assert [event["type"] for event in told if event["type"] == "response.done"] == ["response.done"]
        await asyncio.wait_for(draining, 5)
        assert len(service.parts.calls) == 0


async def test_a_response_that_is_cancelled_is_closed_at_the_orchestrator_too() -> None:
    orchestrator = ScriptedOrchestrator(holds_before=2)
    async with running_service(orchestrator) as service, phone_call(service.url, session=TEXT) as call:
        await call.until("session.created")
        call.send(QUESTION)
        call.send({"type": "response.create", "response": {"metadata": {"turn_id": "t1"}}})
        await asyncio.wait_for(orchestrator.holding.wait(), 5)
        call.send({"type": "response.cancel"})
        done = (await call.until("response.done"))[-1]["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
        await asyncio.wait_for(orchestrator.closed_early.wait(), 5)
        assert orchestrator.cancelled == ["t1"]
        orchestrator.holds_before = None
        assert (await asked(call))[-1]["response"]["status"] == "completed"


async def test_what_changes_something_waits_for_a_person_s_word() -> None:
    need = ConfirmationNeeded(call_id="c1", tool="door", arguments={"n": 1}, question="Open door one?")
    done = Finished(outcome="answered", reason="a tool did it")
    script = (Planned(plan="tools", reason="a tool"), need, SentenceReady(text="It is open."), done)
    orchestrator = ScriptedOrchestrator(default=script)
    async with running_service(orchestrator) as service, phone_call(service.url, session=TEXT) as call:
        await call.until("session.created")
        call.send(QUESTION)
        call.send(RESPOND)
        asked_back = (await call.until("nearfield.confirmation"))[-1]
        assert (asked_back["tool"], asked_back["arguments"]) == ("door", {"n": 1})
        call.send({"type": "nearfield.confirm", "call_id": "other", "agreed": True, "event_id": "mine"})
        error = (await call.until("error"))[-1]["error"]
        assert (error["code"], error["event_id"]) == ("nothing_to_confirm", "mine")
        call.send({"type": "nearfield.confirm", "call_id": "c1", "agreed": False})
        await call.until("response.done")
    assert orchestrator.decisions == {"c1": False}


async def test_an_orchestrator_that_breaks_its_promise_fails_the_response_and_not_the_call() -> None:
    orchestrator = ScriptedOrchestrator(breaks_before=2)
    async with running_service(orchestrator) as service, phone_call(service.url, session=TEXT) as call:
        await call.until("session.created")
        done = (await asked(call))[-1]["response"]
        assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "orchestration_failed")
        orchestrator.breaks_before = None
        assert (await asked(call))[-1]["response"]["status"] == "completed"


async def _send_again_and_again(client: Any, text: str) -> None:
    for _ in range(20_000):
        await client.send(text)


async def test_a_client_that_does_not_read_is_closed_and_costs_no_memory() -> None:
    settings = Realtime(limits=CallLimits(most_events_waiting=16, events_per_second=10_000))
    async with running_service(ScriptedOrchestrator(), settings=settings) as service:
        async with socket(service, max_queue=1, compression=None) as client:
            content = [{"type": "input_text", "text": "x" * 8_000}]
            item = {"type": "message", "role": "user", "content": content}
            create = json.dumps({"type": "conversation.item.create", "item": item})
            with pytest.raises(ConnectionClosed):
                await _send_again_and_again(client, create)
        assert service.counters.value("nearfield_call_refusals_total", code="client_too_slow") == 1
