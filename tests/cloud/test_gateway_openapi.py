"""The interface is as it says: read from its description, tried with what fits it and what does not."""

from __future__ import annotations

import asyncio
import random
import string
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth

from tests.cloud.gateways import gateway

pytestmark = pytest.mark.server

OFTEN = {"rates": dict.fromkeys(("address", "refused", "client", "tenant"), "1000000 per minute")}
_EXAMPLES = 12
"""Of each operation and mode; seconds in all."""


async def test_what_the_description_allows_is_answered_as_it_says_and_nothing_crashes(tmp_path: Path) -> None:
    async with gateway(tmp_path, limits=OFTEN) as it:
        for device in ("till-1", "till-2"):
            await it.device_headers(device)
        owner = await it.bearer("owner")
        tried = await asyncio.to_thread(_try_all, it.url, owner)
    assert tried >= {
        "POST /oauth/token", "GET /v1/me", "GET /v1/devices", "GET /v1/devices/{device}",
        "POST /v1/devices/{device}/revoke", "GET /v1/api-keys", "POST /v1/api-keys",
        "POST /v1/api-keys/{credential}/revoke", "GET /v1/clients", "POST /v1/clients",
    }  # fmt: skip


def _try_all(url: str, headers: dict[str, str]) -> set[str]:
    tried = set()
    with httpx.Client(timeout=20, trust_env=False) as client:
        described = client.get(f"{url}/openapi.json").json()
        _nobody_is_let_in(described, client, url)
        for operations in described["paths"].values():
            for one in operations.values():
                one["security"] = []  # the proof is added below, and is not to be varied
        schema = schemathesis.openapi.from_dict(described)
        schema.config.update(base_url=url)
        for found in schema.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                if mode is schemathesis.GenerationMode.POSITIVE or _takes_input(operation):
                    proof = {} if operation.path.startswith("/oauth/") else headers
                    _try(operation, mode, proof, client)
            tried.add(f"{operation.method.upper()} {operation.path}")
    return tried


def _nobody_is_let_in(schema: dict[str, Any], client: httpx.Client, url: str) -> None:
    """What schemathesis would ask by `requests`: without a proof, or with a wrong one, all is refused."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if {"bearer": []} in operation["security"]:
                for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
                    answer = client.request(method, url + path, headers=wrong)
                    assert answer.status_code == 401, (method, path)


def _takes_input(operation: Any) -> bool:
    """Whether there is anything that could be wrong."""
    places = (operation.path_parameters, operation.query, operation.headers, operation.body)
    return any(len(list(place)) for place in places)


def _try(operation: Any, mode: Any, headers: dict[str, str], client: httpx.Client) -> None:
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case[Any]) -> None:
        # Sent by httpx: the session of `requests` counts its connections in a way that is unknown to the pool
        # which niquests puts below it.
        asked = requests.Request(**_form(case.as_transport_kwargs(headers=headers))).prepare()
        sent = client.build_request(
            str(asked.method), str(asked.url), headers=_plain(asked.headers), content=_content(asked.body)
        )
        case.validate_response(client.send(sent), excluded_checks=[ignored_auth])

    one()


def _plain(headers: Any) -> dict[str, str]:
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in headers.items()
    }


def _content(body: object) -> str | bytes | None:
    assert body is None or isinstance(body, str | bytes)
    return body


def _form(given_to_requests: dict[str, Any]) -> dict[str, Any]:
    known = ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "json")
    return {name: value for name, value in given_to_requests.items() if name in known}


async def test_tokens_of_any_shape_are_refused_and_never_crash(tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 (noise that comes again)
    letters = string.ascii_letters + string.digits + "-_.=+/~:"
    async with gateway(tmp_path, limits=OFTEN) as it:
        good = (await it.device_headers())["Authorization"].removeprefix("Bearer ")
        statement = it.device().assertion(it.token_url, it.clock.utc_now())
        for _ in range(150):
            token, assertion = (_damaged(text, dice, letters) for text in (good, statement))
            answer = await it.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, token
            refused = await it.send(assertion)
            assert 400 <= refused.status_code < 500, assertion
            assert refused.json()["code"]
        assert (await it.client.get("/v1/me", headers={"Authorization": f"Bearer {good}"})).status_code == 200


def _damaged(text: str, dice: random.Random, letters: str) -> str:
    kind = dice.randrange(5)
    place = dice.randrange(1, len(text) - 1)
    if kind == 0:
        return text[:place]
    if kind == 1:
        return text[:place] + "".join(dice.choices(letters, k=8)) + text[place:]
    if kind == 2:
        return ".".join([*dice.sample(text.split("."), 3)[:2], "x"])
    if kind == 3:
        return "".join(dice.choices(letters, k=dice.randrange(1, 400)))
    return text[:place] + text[place + 1 :]
