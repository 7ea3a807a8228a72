"""People log in with their own provider: a real one, small, on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.identity.providers import Providers
from tests.cloud.gateways import Gateway, configuration_of, gateway
from tests.cloud.oidc_provider import CLIENT, SECRET, Provider, provider
from tests.fakes.clock import SettableClock

pytestmark = pytest.mark.server


def section(issuer: str, folder: Path) -> dict[str, Any]:
    secret = folder / "client.secret"
    secret.write_text(SECRET + "\n")
    return {
        "tenant": "cafe",
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret_file": str(secret),
        "roles": {"managers": "fleet_manager"},
        "audiences": {"managers": "staff"},
    }


@asynccontextmanager
async def both(tmp_path: Path) -> AsyncIterator[tuple[Gateway, Provider]]:
    clock = SettableClock()
    async with provider(clock) as known:
        identity = {"providers": {"corp": section(known.url, tmp_path)}}
        async with gateway(tmp_path, clock=clock, identity=identity) as it:
            yield it, known


async def log_in(it: Gateway, browser: httpx.AsyncClient) -> httpx.Response:
    begun = await browser.get(f"{it.url}/login/corp")
    assert begun.status_code == 302, begun.text
    returned = await browser.get(begun.headers["location"])
    return await browser.get(returned.headers["location"])


async def test_a_person_logs_in_and_out_and_has_the_roles_of_their_groups(tmp_path: Path) -> None:
    async with both(tmp_path) as (it, _), httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        back = await log_in(it, browser)
        assert (back.status_code, back.headers["location"]) == (302, "/")
        cookie = next(one for one in back.headers.get_list("set-cookie") if "session=" in one).lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        me = (await browser.get(f"{it.url}/v1/me")).json()
        assert (me["tenant"], me["kind"], me["roles"]) == ("cafe", "person", ["fleet_manager"])
        assert me["audiences"] == ["staff"]
        assert "ada" not in me["subject"]
        out = await browser.post(f"{it.url}/logout", headers={"Origin": it.url})
        assert out.status_code == 204
        assert (await browser.get(f"{it.url}/v1/me")).status_code == 401


async def test_a_session_changes_nothing_for_pages_of_other_sites(tmp_path: Path) -> None:
    async with both(tmp_path) as (it, _), httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        await it.device_headers()
        await log_in(it, browser)
        for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": it.url + ".evil.example"}):
            refused = await browser.post(f"{it.url}/v1/devices/till-1/revoke", headers=origin)
            assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        done = await browser.post(f"{it.url}/v1/devices/till-1/revoke", headers={"Origin": it.url})
        assert done.status_code == 200


async def test_a_session_is_over_when_nobody_uses_it(tmp_path: Path) -> None:
    async with both(tmp_path) as (it, _), httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        await log_in(it, browser)
        it.clock.advance(timedelta(minutes=59))
        assert (await browser.get(f"{it.url}/v1/me")).status_code == 200
        it.clock.advance(timedelta(minutes=61))
        assert (await browser.get(f"{it.url}/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "said",
    [
        {"nonce": "another"},
        {"aud": "somebody else"},
        {"aud": [CLIENT, "somebody else"]},
        {"iss": "https://elsewhere.example"},
        {"exp": 1},
        {"iat": 99_999_999_999},
        {"exp": None},
        {"sub": 7},
        {"groups": []},
        {"groups": {"managers": 1}},
        {"groups": ["guests", 5]},
    ],
)
async def test_a_proof_that_says_anything_else_opens_no_session(tmp_path: Path, said: dict[str, Any]) -> None:
    async with both(tmp_path) as (it, known), httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        known.claims = said
        back = await log_in(it, browser)
        assert (back.status_code, back.json()["code"]) == (401, "login_refused")
        assert "set-cookie" not in back.headers


async def test_a_proof_must_be_signed_by_the_provider(tmp_path: Path) -> None:
    async with both(tmp_path) as (it, known), httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        known.signer = RSAKey.generate_key(2048, private=True)
        assert (await log_in(it, browser)).json()["code"] == "login_refused"


async def test_a_login_is_good_for_the_browser_that_began_it_once_and_in_time(tmp_path: Path) -> None:
    async with (
        both(tmp_path) as (it, _),
        httpx.AsyncClient(trust_env=False, timeout=20) as browser,
        httpx.AsyncClient(trust_env=False, timeout=20) as victim,
    ):
        begun = await browser.get(f"{it.url}/login/corp")
        returned = await browser.get(begun.headers["location"])
        stolen = await victim.get(returned.headers["location"])
        assert stolen.json()["code"] == "login_refused"
        assert (await browser.get(returned.headers["location"])).status_code == 401  # used up by the thief
        assert (await log_in(it, browser)).status_code == 302
        begun = await browser.get(f"{it.url}/login/corp")
        returned = await browser.get(begun.headers["location"])
        it.clock.advance(timedelta(minutes=11))
        assert (await browser.get(returned.headers["location"])).status_code == 401
        for query in ("", "?state=x", "?code=x", "?error=access_denied&state=x"):
            assert (await victim.get(f"{it.url}/login/corp/back{query}")).status_code == 401


async def test_a_provider_that_cannot_be_asked_is_said_and_no_500(tmp_path: Path) -> None:
    identity = {"providers": {"corp": section("http://127.0.0.1:1", tmp_path)}}
    async with gateway(tmp_path, identity=identity) as it:
        answer = await it.client.get("/login/corp")
        assert (answer.status_code, answer.json()["code"]) == (401, "login_refused")


def test_a_provider_is_asked_over_https_alone(tmp_path: Path) -> None:
    wrong = {"providers": {"corp": section("http://corp.example", tmp_path)}}
    with pytest.raises(ConfigurationError, match="must be https"):
        Providers(configuration_of(tmp_path, identity=wrong).identity.providers)
    (tmp_path / "client.secret").unlink()
    gone = configuration_of(
        tmp_path, identity={"providers": {"corp": {**section("https://corp.example", tmp_path)}}}
    )
    (tmp_path / "client.secret").unlink()
    with pytest.raises(ConfigurationError, match="holds no line"):
        Providers(gone.identity.providers)
