"""The interface is as it says: read from its description, tried with what fits it and what does not."""

from __future__ import annotations

import asyncio
import random
import string
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import InMemoryExampleDatabase

from tests.cloud.gateways import gateway

pytestmark = pytest.mark.server

OFTEN = {"rates": dict.fromkeys(("address", "refused", "client", "tenant"), "1000000 per minute")}
_EXAMPLES = 25
"""Of each operation; seconds in all."""


async def test_what_the_description_allows_is_answered_as_it_says_and_nothing_crashes(tmp_path: Path) -> None:
    async with gateway(tmp_path, limits=OFTEN) as it:
        for device in ("till-1", "till-2"):
            await it.device_headers(device)
        owner = await it.bearer("owner")
        tried = await asyncio.to_thread(_try_all, f"{it.url}/openapi.json", owner)
    assert tried >= {
        "POST /oauth/token", "GET /v1/me", "GET /v1/devices", "GET /v1/devices/{device}",
        "POST /v1/devices/{device}/revoke", "GET /v1/api-keys", "POST /v1/api-keys",
        "POST /v1/api-keys/{credential}/revoke", "GET /v1/clients", "POST /v1/clients",
    }  # fmt: skip


def _try_all(url: str, headers: dict[str, str]) -> set[str]:
    schema = schemathesis.openapi.from_url(url)
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        assert operation is not None, found
        _try(operation, headers)
        tried.add(f"{operation.method.upper()} {operation.path}")
    return tried


def _try(operation: schemathesis.APIOperation, headers: dict[str, str]) -> None:  # type: ignore[name-defined]
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    for mode in modes:
        try:
            cases = operation.as_strategy(generation_mode=mode)
        except Exception:  # noqa: S112 (nothing of an operation without input can be wrong)
            continue

        @settings(
            max_examples=_EXAMPLES,
            deadline=None,
            database=InMemoryExampleDatabase(),
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def one(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=headers)

        one()


async def test_tokens_of_any_shape_are_refused_and_never_crash(tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 (reproducible noise)
    letters = string.ascii_letters + string.digits + "-_.=+/ ~:"
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
    place = dice.randrange(len(text) - 1)
    if kind == 0:
        return text[:place]
    if kind == 1:
        return text[:place] + "".join(dice.choices(letters, k=8)) + text[place:]
    if kind == 2:
        return ".".join([*dice.sample(text.split("."), 3)[:2], "x"])
    if kind == 3:
        return "".join(dice.choices(letters, k=dice.randrange(1, 400)))
    return text[:place] + text[place + 1 :]
