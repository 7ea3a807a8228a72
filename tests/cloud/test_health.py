"""Whether the service says truly that it is ready."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from nearfield_cloud.errors import StorageError
from nearfield_cloud.health import Check, Health, clock_check, disk_check, health_router, loop_check
from nearfield_cloud.observing import database_check
from nearfield_cloud.storage.storage import Storage, sqlite_url
from nearfield_sync.clock import SystemClock
from tests.fakes.clock import SettableClock


def check(name: str, wrong: str = "", *, needed: bool = True, fails: Exception | None = None) -> Check:
    async def ask() -> str:
        if fails is not None:
            raise fails
        return wrong

    return Check(name=name, ask=ask, needed=needed)


def health(*checks: Check, kept_seconds: float = 0) -> Health:
    return Health(checks, SystemClock(), check_seconds=0.05, kept_seconds=kept_seconds)


async def answered(health: Health, path: str) -> httpx.Response:
    app = FastAPI()
    app.include_router(health_router(health))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://cloud") as client:
        return await client.get(path)


async def test_a_service_whose_checks_pass_is_ready() -> None:
    answer = await answered(health(check("database")), "/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["checks"]["database"]["status"] == "ok"


async def test_what_fails_is_named_in_a_problem_document() -> None:
    fault = StorageError("database /secret/path failed")
    answer = await answered(health(check("database", fails=fault), check("disk")), "/readyz")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_ready"
    assert answer.json()["checks"]["database"]["wrong"] == StorageError.code
    assert "secret" not in answer.text


async def test_a_check_that_hangs_has_failed_in_time() -> None:
    hanging = Check(name="database", ask=lambda: asyncio.Event().wait())  # type: ignore[arg-type, return-value]
    answer = await answered(health(hanging), "/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["wrong"] == "no answer within 0.05 s"


async def test_what_is_not_needed_only_degrades() -> None:
    both = health(check("database"), check("engines", "not loaded", needed=False))
    assert (await answered(both, "/readyz")).status_code == 200
    whole = await answered(both, "/healthz")
    assert (whole.status_code, whole.json()["status"]) == (200, "degraded")


async def test_a_process_lives_however_unready_it_is() -> None:
    assert (await answered(health(check("database", "gone")), "/livez")).status_code == 200


async def test_many_who_ask_at_once_share_one_answer() -> None:
    asked = 0

    async def ask() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return ""

    shared = health(Check(name="database", ask=ask), kept_seconds=60)
    await asyncio.gather(*(shared.findings() for _ in range(50)))
    await shared.findings()
    assert asked == 1


async def test_a_database_that_is_gone_is_found_out(tmp_path: Path) -> None:
    there = Storage(sqlite_url(tmp_path / "cloud.db"))
    assert await database_check(there).ask() == ""
    await there.close()
    gone = Storage("postgresql+asyncpg://nobody@127.0.0.1:1/cloud")
    with pytest.raises(StorageError):
        await database_check(gone).ask()
    await gone.close()


async def test_a_full_disk_and_an_unset_clock_are_told(tmp_path: Path) -> None:
    assert await disk_check(tmp_path, 1).ask() == ""
    assert "are needed" in await disk_check(tmp_path, 1 << 60).ask()
    assert await clock_check(SystemClock()).ask() == ""
    assert "1970-01-01" in await clock_check(SettableClock(datetime(1970, 1, 1, tzinfo=UTC))).ask()


async def test_an_event_loop_that_is_held_up_is_told() -> None:
    held_up = loop_check(SystemClock(), 0.05)
    asyncio.get_running_loop().call_soon(time.sleep, 0.1)  # what no code of ours may do
    assert "late" in await held_up.ask()
    assert await held_up.ask() == ""
