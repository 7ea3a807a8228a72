"""Tokens: who gets one, for how long it is good, and what attackers try."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from nearfield_cloud.composition import issuer_files
from nearfield_provisioning.device_identity import DeviceIdentity
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.issuer.issuer import IssuerFiles, open_issuer
from tests.cloud.gateways import gateway

pytestmark = pytest.mark.server


async def test_an_application_gets_a_token_by_its_secret_in_the_header_or_in_the_form(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        client, secret = await it.credential("analyst", kind="client")
        form = {"grant_type": "client_credentials"}
        basic = await it.client.post("/oauth/token", data=form, auth=(client, secret))
        post = await it.client.post(
            "/oauth/token", data={**form, "client_id": client, "client_secret": secret}
        )
        for answer in (basic, post):
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            given = answer.json()
            assert (given["token_type"], given["expires_in"]) == ("Bearer", 600)
            me = await it.client.get("/v1/me", headers={"Authorization": f"Bearer {given['access_token']}"})
            assert me.json()["subject"] == client
            assert me.json()["roles"] == ["analyst"]
        wrong = await it.client.post("/oauth/token", data=form, auth=(client, secret[:-1]))
        assert wrong.status_code == 401
        assert wrong.json()["error"] == "invalid_client"
        assert wrong.json()["code"] == "credential_refused"
        assert "Basic" in wrong.headers["www-authenticate"]


async def test_what_is_no_request_for_a_token_is_answered_as_oauth_says(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        for form, error in (
            ({}, "invalid_request"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials"}, "invalid_client"),
            ({"grant_type": "client_credentials", "client_assertion": "x"}, "invalid_request"),
            (
                {"grant_type": "client_credentials", "client_assertion": "x", "client_secret": "y"},
                "invalid_request",
            ),
        ):
            answer = await it.client.post("/oauth/token", data=form)
            assert answer.json()["error"] == error
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_device_gets_a_token_by_its_certificate_and_each_statement_is_good_once(
    tmp_path: Path,
) -> None:
    async with gateway(tmp_path) as it:
        device = it.device()
        statement = device.assertion(it.token_url, it.clock.utc_now())
        first, second = await asyncio.gather(it.send(statement), it.send(statement))
        assert sorted((first.status_code, second.status_code)) == [200, 401]
        refused = first if first.status_code == 401 else second
        assert (refused.json()["code"], refused.json()["error"]) == ("assertion_refused", "invalid_client")
        granted = (first if first.status_code == 200 else second).json()["access_token"]
        me = await it.client.get("/v1/me", headers={"Authorization": f"Bearer {granted}"})
        assert me.json()["kind"] == "device"
        assert me.json()["subject"] == "till-1"
        by_issuer = device.assertion(it.url, it.clock.utc_now())
        assert (await it.send(by_issuer)).status_code == 200


async def test_a_statement_for_another_endpoint_or_another_time_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        device, now = it.device(), it.clock.utc_now()
        for audience, moment in (
            ("https://elsewhere.example/oauth/token", now),
            (it.token_url, now - timedelta(seconds=80)),
            (it.token_url, now + timedelta(seconds=80)),
        ):
            answer = await it.send(device.assertion(audience, moment))
            assert (answer.status_code, answer.json()["code"]) == (401, "assertion_refused")


async def test_a_certificate_of_a_foreign_issuer_or_one_that_is_over_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        now = it.clock.utc_now()
        foreign = open_issuer(IssuerFiles(folder=tmp_path / "foreign"), now)
        key, certificate = foreign.make_device(DeviceName(tenant="cafe", device="till-1"), now)
        stranger = DeviceIdentity(key, [certificate])
        short = it.device("till-2", life=timedelta(minutes=5))
        late = short.assertion(it.token_url, now)
        it.clock.advance(timedelta(minutes=5, seconds=1))
        for statement in (stranger.assertion(it.token_url, it.clock.utc_now()), late):
            answer = await it.send(statement)
            assert (answer.status_code, answer.json()["code"]) == (401, "certificate_refused")


async def test_a_certificate_that_was_taken_back_is_refused_at_once(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        device, now = it.device(), it.clock.utc_now()
        assert (await it.send(device.assertion(it.token_url, now))).status_code == 200
        issuer = open_issuer(issuer_files(it.parts.configuration), now)
        issuer.revoke(device.chain[0].serial_number, now)
        refused = await it.send(device.assertion(it.token_url, now))
        assert refused.json()["code"] == "certificate_refused"
        assert "taken back" in refused.json()["detail"]
        assert (await it.send(it.device().assertion(it.token_url, now))).status_code == 200


async def test_a_device_that_is_shut_out_loses_its_token_and_gets_no_other(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        device = await it.device_headers()
        assert (await it.client.get("/v1/devices/till-1", headers=device)).status_code == 200
        manager = await it.bearer("fleet_manager")
        shut_out = await it.client.post("/v1/devices/till-1/revoke", headers=manager)
        assert shut_out.json()["revoked_at"] is not None
        refused = await it.client.get("/v1/devices/till-1", headers=device)
        assert (refused.status_code, refused.json()["code"]) == (401, "credential_refused")
        again = await it.send(it.device().assertion(it.token_url, it.clock.utc_now()))
        assert again.json()["code"] == "certificate_refused"


async def test_what_another_process_shuts_out_is_known_once_the_database_was_asked(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        device = await it.device_headers()
        await it.parts.identity.devices.revoke("cafe", "till-1", it.parts.now())
        await it.parts.identity.revocations.refresh(it.parts.now())
        assert (await it.client.get("/v1/me", headers=device)).status_code == 401
        await it.parts.identity.devices.restore("cafe", "till-1")
        await it.parts.identity.revocations.refresh(it.parts.now())
        assert (await it.client.get("/v1/me", headers=device)).status_code == 200


async def test_a_device_of_a_tenant_that_is_not_known_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        stranger = it.device("till-1", tenant="nobody")
        answer = await it.send(stranger.assertion(it.token_url, it.clock.utc_now()))
        assert answer.json()["code"] == "certificate_refused"


async def test_a_token_is_over_after_its_life_and_outlives_the_key_that_signed_it(tmp_path: Path) -> None:
    days = 0.01  # a key signs for 864 s
    tokens = {"key_days": days, "published_ahead_seconds": 300}
    async with gateway(tmp_path, identity={"tokens": tokens}) as it:
        keys = it.parts.identity.signing_keys
        (first,) = keys.published()
        it.clock.advance(timedelta(seconds=800))
        device = await it.device_headers()
        await keys.rotate(it.parts.now())
        both = [key["kid"] for key in (await it.client.get("/.well-known/jwks.json")).json()["keys"]]
        assert both[0] == first["kid"]
        assert len(both) == 2
        it.clock.advance(timedelta(seconds=500))
        await keys.rotate(it.parts.now())
        signing = keys.signing(it.parts.now())
        assert signing is not None
        assert signing.id == both[1]
        assert (await it.client.get("/v1/me", headers=device)).status_code == 200
        it.clock.advance(timedelta(seconds=101))
        assert (await it.client.get("/v1/me", headers=device)).status_code == 401


async def test_anybody_can_check_a_token_by_the_published_keys(tmp_path: Path) -> None:
    async with gateway(tmp_path) as it:
        token = (await it.device_headers())["Authorization"].removeprefix("Bearer ")
        facts = (await it.client.get("/.well-known/oauth-authorization-server")).json()
        published = (await it.client.get(facts["jwks_uri"])).json()
        read = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"])
        assert read.claims["iss"] == facts["issuer"] == it.url
        assert read.claims["tenant"] == "cafe"
        assert "d" not in published["keys"][0]


async def test_a_token_of_another_service_or_with_another_algorithm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with gateway(tmp_path) as it, gateway(tmp_path / "other") as other:
        foreign = await other.device_headers()
        assert (await it.client.get("/v1/me", headers=foreign)).status_code == 401
        mine = (await it.device_headers())["Authorization"].removeprefix("Bearer ")
        header, payload, _ = mine.split(".")
        unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{payload}."
        for text in (unsigned, f"{header}.{payload}.", f"{header}.{payload}.AAAA", mine[:-4] + "AAAA"):
            answer = await it.client.get("/v1/me", headers={"Authorization": f"Bearer {text}"})
            assert (answer.status_code, answer.json()["code"]) == (401, "credential_refused")
