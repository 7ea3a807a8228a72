"""What the door does to any request: bounds, problems with a name, headers, rates, keys of idempotency."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from fastapi import APIRouter, Request, WebSocket
from starlette.responses import Response
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from nearfield_cloud.gateway import server as server_module
from nearfield_cloud.gateway.identification import Asking
from tests.cloud.gateways import Gateway, gateway

pytestmark = pytest.mark.server


def places(done: list[str] | None = None) -> APIRouter:
    """Routes as others bring them."""
    router = APIRouter()
    count = [] if done is None else done

    @router.get("/test/crash")
    async def crash() -> None:
        raise RuntimeError("the secret of what somebody said")

    @router.get("/test/slow")
    async def slow() -> None:
        await asyncio.Event().wait()

    @router.post("/test/order")
    async def order(request: Request, caller: Asking) -> dict[str, object]:
        body = await request.body()
        count.append(caller.subject)
        return {"count": len(count), "body": body.decode()}

    @router.post("/test/fails")
    async def fails(caller: Asking) -> Response:
        count.append(caller.subject)
        return Response(status_code=503)

    @router.post("/test/long")
    async def long(caller: Asking) -> Response:
        count.append(caller.subject)
        return Response(b"x" * 100_000)

    @router.websocket("/test/socket")
    async def socket(websocket: WebSocket, caller: Asking) -> None:
        await websocket.accept()
        await websocket.send_text(caller.subject)
        await websocket.close()

    return router


async def raw(it: Gateway, sent: bytes) -> bytes:
    """Send bytes on a connection of their own; gives all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(it.url.rsplit(":", 1)[1]))
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), 15)
    finally:
        writer.close()


async def test_every_error_is_a_problem_with_a_code(tmp_path: Path) -> None:
    async with gateway(tmp_path, routers=[places()]) as it:
        owner = await it.bearer("owner")
        for method, path, status, code in (
            ("GET", "/nothing", 404, "not_found"),
            ("PUT", "/v1/me", 405, "method_not_allowed"),
            ("GET", "/v1/devices?limit=many", 422, "request_invalid"),
            ("GET", "/v1/devices/nobody", 404, "not_found"),
            ("GET", "/v1/devices/No%20Name", 422, "request_invalid"),
            ("POST", "/v1/clients", 422, "request_invalid"),
            ("GET", "/test/crash", 500, "internal_error"),
            ("GET", "/login/nobody", 404, "not_found"),
        ):
            answer = await it.client.request(method, path, headers=owner)
            assert (answer.status_code, answer.json()["code"]) == (status, code), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert "secret" not in (await it.client.get("/test/crash")).text
        nobody = await it.client.get("/v1/me")
        assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="nearfield"')


async def test_a_request_has_an_id_and_its_trace_in_every_line_of_the_log(tmp_path: Path) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with gateway(tmp_path, routers=[places()]) as it:
        with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            answer = await it.client.get(
                "/test/crash",
                headers={"X-Request-Id": "abc-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
            )
        assert answer.headers["x-request-id"] == "abc-1"
        crashed = next(line for line in lines if line["event"] == "request_crashed")
        assert (crashed["request_id"], crashed["trace_id"]) == ("abc-1", trace)
        strange = await it.client.get("/v1/me", headers={"X-Request-Id": "a b", "traceparent": "nonsense"})
        assert strange.headers["x-request-id"] != "a b"


async def test_a_body_that_is_too_large_or_never_comes_is_refused(tmp_path: Path) -> None:
    limits = {"request": {"body_bytes": 1_000, "body_seconds": 0.3}}
    async with gateway(tmp_path, routers=[places()], limits=limits) as it:
        owner = await it.bearer("owner")

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100

        for key in ({}, {"Idempotency-Key": "k"}):
            said = await it.client.post("/test/order", headers={**owner, **key}, content=b"x" * 1_001)
            streamed = await it.client.post("/test/order", headers={**owner, **key}, content=pieces())
            for answer in (said, streamed):
                assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        token = owner["Authorization"].encode()
        head = b"POST /test/order HTTP/1.1\r\nHost: x\r\nAuthorization: " + token
        slow = await raw(it, head + b"\r\nContent-Length: 100\r\n\r\nabc")
        assert slow.startswith(b"HTTP/1.1 408")
        assert b"too_slow" in slow
        strange = await raw(it, head + b"\r\nContent-Length: 99999999999999999999999\r\n\r\n")
        assert strange.split(b" ")[1] in (b"400", b"413")


async def test_headers_that_are_too_long_or_never_whole_end_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEADER_SECONDS", 0.2)
    async with gateway(tmp_path, limits={"request": {"header_bytes": 4_096}}) as it:
        assert b"400" in (await raw(it, b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000)).split(b"\r\n")[0]
        assert await raw(it, b"GET /v1/me HTTP/1.1\r\nHost: x\r\n") == b""
        assert await raw(it, b"") == b""
        whole = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await raw(it, whole + b"GET /v1/me HT")).startswith(b"HTTP/1.1 401")


async def test_an_answer_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    async with gateway(tmp_path, routers=[places()], limits={"request": {"answer_seconds": 0.1}}) as it:
        answer = await it.client.get("/test/slow")
        assert (answer.status_code, answer.json()["code"]) == (503, "too_slow")


async def test_too_many_requests_are_told_when_to_come_again(tmp_path: Path) -> None:
    rates = {"client": "2 per hour", "address": "7 per hour"}
    async with gateway(tmp_path, routers=[places()], limits={"rates": rates}) as it:
        headers = await it.bearer("analyst")
        first = await it.client.get("/v1/me", headers=headers)
        assert first.headers["ratelimit"].startswith('"client";r=1;t=')
        await it.client.get("/v1/me", headers=headers)
        refused = await it.client.get("/v1/me", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_exceeded")
        assert 1 <= int(refused.headers["retry-after"]) <= 3_600
        other = await it.bearer("analyst")
        assert (await it.client.get("/v1/me", headers=other)).status_code == 200
        for _ in range(3):
            await it.client.get("/nothing")
        assert (await it.client.get("/nothing")).status_code == 429
        with pytest.raises(InvalidStatus) as caught:
            await connect(it.url.replace("http", "ws") + "/test/socket")
        assert caught.value.response.status_code == 429


async def test_whoever_guesses_keys_is_turned_away_even_with_a_good_one(tmp_path: Path) -> None:
    async with gateway(tmp_path, limits={"rates": {"refused": "3 per hour"}}) as it:
        good = await it.bearer("analyst")
        for _ in range(3):
            guess = await it.client.get("/v1/me", headers={"Authorization": "Bearer nfk_00_guess"})
            assert guess.status_code == 401
        assert (await it.client.get("/v1/me", headers=good)).status_code == 429
        assert (await it.client.post("/oauth/token", data={"grant_type": "x"})).status_code == 429


async def test_a_request_with_a_key_is_done_once_and_answered_alike(tmp_path: Path) -> None:
    done: list[str] = []
    async with gateway(tmp_path, routers=[places(done)]) as it:
        owner, other = await it.bearer("owner"), await it.bearer("owner")
        keyed = {**owner, "Idempotency-Key": "order-1"}
        first = await it.client.post("/test/order", headers=keyed, content=b"tea")
        again = await it.client.post("/test/order", headers=keyed, content=b"tea")
        assert (first.json(), again.json()) == ({"count": 1, "body": "tea"}, {"count": 1, "body": "tea"})
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        changed = await it.client.post("/test/order", headers=keyed, content=b"coffee")
        assert (changed.status_code, changed.json()["code"]) == (409, "conflict")
        theirs = await it.client.post(
            "/test/order", headers={**other, "Idempotency-Key": "order-1"}, content=b"tea"
        )
        assert theirs.json()["count"] == 2
        assert len(done) == 2
        nobody = await it.client.post("/test/order", headers={"Idempotency-Key": "x"})
        assert nobody.status_code == 401
        for key in ("", "k" * 256):
            refused = await it.client.post("/test/order", headers={**owner, "Idempotency-Key": key})
            assert refused.status_code == 400


async def test_a_failed_request_may_be_tried_again_and_a_long_answer_is_not_done_twice(
    tmp_path: Path,
) -> None:
    done: list[str] = []
    async with gateway(tmp_path, routers=[places(done)]) as it:
        headers = {**await it.bearer("owner"), "Idempotency-Key": "k"}
        for _ in range(2):
            assert (await it.client.post("/test/fails", headers=headers)).status_code == 503
        assert len(done) == 2
        headers["Idempotency-Key"] = "other"
        assert len((await it.client.post("/test/long", headers=headers)).content) == 100_000
        again = await it.client.post("/test/long", headers=headers)
        assert (again.status_code, "too long" in again.json()["detail"]) == (409, True)
        assert len(done) == 3


async def test_a_made_key_is_made_once_and_works_until_it_is_taken_back(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        headers = {**await it.bearer("owner"), "Idempotency-Key": "a"}
        wish = {"label": "kitchen", "roles": ["content_editor"], "audiences": ["staff"], "life_days": 3}
        made = [await it.client.post("/v1/api-keys", headers=headers, json=wish) for _ in range(2)]
        assert made[0].status_code == made[1].status_code == 201
        assert made[0].json() == made[1].json()
        listed = (await it.client.get("/v1/api-keys", headers=headers)).json()["items"]
        assert len([one for one in listed if one["label"] == "kitchen"]) == 1
        assert "secret" not in listed[0]
        key = {"Authorization": f"Bearer {made[0].json()['secret']}"}
        me = (await it.client.get("/v1/me", headers=key)).json()
        assert (me["roles"], me["audiences"]) == (["content_editor"], ["staff"])
        assert (await it.client.get("/v1/api-keys", headers=key)).status_code == 403
        place = f"/v1/api-keys/{made[0].json()['id']}/revoke"
        assert (
            await it.client.post(place, headers=await it.bearer("owner", tenant="bank"))
        ).status_code == 404
        assert (await it.client.post(place, headers=await it.bearer("owner"))).status_code == 200
        assert (await it.client.get("/v1/me", headers=key)).status_code == 401
        for roles in (["device"], ["king"], []):
            refused = await it.client.post(
                "/v1/api-keys", headers=await it.bearer("owner"), json={**wish, "roles": roles}
            )
            assert refused.status_code in (403, 422)


async def test_a_tenants_devices_are_listed_in_pages_and_seen_by_nobody_else(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        for name in ("till-1", "till-2", "till-3"):
            device = await it.device_headers(name)
        analyst = await it.bearer("analyst")
        first = (await it.client.get("/v1/devices?limit=2", headers=analyst)).json()
        assert ([one["id"] for one in first["devices"]], first["next"]) == (["till-1", "till-2"], "till-2")
        rest = (await it.client.get("/v1/devices?after=till-2", headers=analyst)).json()
        assert ([one["id"] for one in rest["devices"]], rest["next"]) == (["till-3"], None)
        assert (await it.client.get("/v1/devices/till-3", headers=device)).status_code == 200
        for other in ("till-1", "till-2", "not-there"):
            assert (await it.client.get(f"/v1/devices/{other}", headers=device)).status_code == 403
        assert (await it.client.get("/v1/devices", headers=device)).status_code == 403
        assert (await it.client.post("/v1/devices/till-1/revoke", headers=analyst)).status_code == 403
        bank = await it.bearer("owner", tenant="bank")
        assert (await it.client.get("/v1/devices", headers=bank)).json()["devices"] == []
        assert (await it.client.get("/v1/devices/till-1", headers=bank)).status_code == 404


async def test_a_websocket_knows_who_asks_by_header_or_by_protocol(tmp_path: Path) -> None:
    async with gateway(tmp_path, routers=[places()]) as it:
        place = it.url.replace("http", "ws") + "/test/socket"
        headers = await it.device_headers()
        async with connect(place, additional_headers=headers) as socket:
            assert await socket.recv() == "till-1"
        token = headers["Authorization"].removeprefix("Bearer ")
        async with connect(place, subprotocols=["realtime", f"openai-insecure-api-key.{token}"]) as socket:  # type: ignore[list-item]
            assert await socket.recv() == "till-1"
        with pytest.raises(InvalidStatus) as caught:
            await connect(place)
        assert caught.value.response.status_code == 401
        assert json.loads(caught.value.response.body)["code"] == "credential_refused"


async def test_browsers_of_other_sites_may_call_only_where_it_was_configured(tmp_path: Path) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    async with gateway(tmp_path) as it:
        answer = await it.client.options("/v1/me", headers=asked)
        assert "access-control-allow-origin" not in answer.headers
    async with gateway(tmp_path, server={"origins": ["https://app.example"]}) as it:
        answer = await it.client.options("/v1/me", headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        foreign = await it.client.options("/v1/me", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in foreign.headers


async def test_a_proxy_is_believed_only_if_it_is_trusted(tmp_path: Path) -> None:
    forwarded = {"X-Forwarded-For": "192.0.2.9"}
    limits = {"rates": {"address": "1 per hour"}}
    async with gateway(tmp_path, limits=limits) as it:
        await it.client.get("/nothing")
        assert (await it.client.get("/nothing", headers=forwarded)).status_code == 429
    async with gateway(tmp_path, server={"trusted_proxies": ["127.0.0.1"]}, limits=limits) as it:
        await it.client.get("/nothing")
        assert (await it.client.get("/nothing", headers=forwarded)).status_code == 404
        assert (await it.client.get("/nothing", headers=forwarded)).status_code == 429


async def test_a_database_that_fails_is_a_503_with_a_name(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        key = await it.bearer("owner")
        async with it.parts.storage.writing() as connection:
            await connection.exec_driver_sql("DROP TABLE credential")
        answer = await it.client.get("/v1/me", headers=key)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_failed")
        assert "SELECT" not in answer.text
