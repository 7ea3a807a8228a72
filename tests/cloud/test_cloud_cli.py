"""The command ``nearfield-cloud``: a real process, started, used, told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from nearfield_cloud.caller import Caller
from nearfield_cloud.cli import nearfield_cloud
from nearfield_cloud.errors import CloudError, ConfigurationError, ConflictError, MissingError, ServingError
from nearfield_provisioning.device_identity import ASSERTION_TYPE, load_device_identity
from tests.cloud.gateways import gateway

pytestmark = pytest.mark.server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEARFIELD_CLOUD_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NEARFIELD_CLOUD_CONFIG", raising=False)
    return tmp_path / "home"


def told(*arguments: str) -> Any:
    """What a command prints as JSON."""
    result = CliRunner().invoke(nearfield_cloud, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def refused(*arguments: str) -> CloudError:
    result = CliRunner().invoke(nearfield_cloud, list(arguments))
    assert isinstance(result.exception, CloudError), result.output
    return result.exception


@asynccontextmanager
async def served(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, list[str]]]:
    """The service as a process; gives it, its address and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nearfield_cloud.cli", "serve", "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        url, lines = "", list[str]()
        while not url:
            line = (await asyncio.wait_for(process.stderr.readline(), 60)).decode().strip()
            assert line or process.returncode is None, lines
            lines.append(line)
            url = line.removeprefix("serving ") if line.startswith("serving ") else ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                while line := (await process.stdout.readline()).decode().strip():
                    lines.append(line)
        yield process, url, lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_the_first_start_makes_all_that_is_needed_and_shows_the_owners_key_once(home: Path) -> None:
    async with served() as (process, url, lines):
        key = next(line for line in lines if line.startswith("nfk_"))
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
            me = await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})
            assert me.json()["roles"] == ["owner"]
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
    for private in ("cloud.db", "keys/sealing.key", "issuer/root.key"):
        assert stat.S_IMODE((home / private).stat().st_mode) == 0o600
    assert key.encode() not in (home / "cloud.db").read_bytes()
    async with served() as (process, url, lines):
        assert not any("nfk_" in line for line in lines)
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
            again = await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})
            assert again.status_code == 200


async def test_a_device_that_the_command_certifies_gets_a_token_until_it_is_shut_out(
    home: Path, tmp_path: Path
) -> None:
    await asyncio.to_thread(told, "tenants", "add", "cafe")
    made = await asyncio.to_thread(
        told, "devices", "certify", "till-1", "--tenant", "cafe", "--out", str(tmp_path)
    )
    device = load_device_identity(Path(made["key"]), Path(made["certificate"]))
    assert made["client_id"] == device.client_id
    async with served() as (_, url, _lines), httpx.AsyncClient(trust_env=False, timeout=20) as client:

        async def ask() -> httpx.Response:
            assertion = device.assertion(f"{url}/oauth/token", datetime.now(UTC))
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion,
            }
            return await client.post(f"{url}/oauth/token", data=form)

        assert (await ask()).status_code == 200
        (listed,) = await asyncio.to_thread(told, "devices", "list", "--tenant", "cafe")
        assert (listed["id"], listed["revoked_at"]) == ("till-1", None)
        gone = await asyncio.to_thread(told, "devices", "revoke", "till-1", "--tenant", "cafe")
        assert gone["certificates_taken_back"] == 1
        assert (await ask()).json()["code"] == "certificate_refused"
        await asyncio.to_thread(told, "devices", "restore", "till-1", "--tenant", "cafe")
        assert "taken back" in (await ask()).json()["detail"]


async def test_calls_under_way_come_to_their_end_before_the_service_does(tmp_path: Path) -> None:
    over, told_to_end = asyncio.Event(), asyncio.Event()

    class Calls:
        async def drain(self, deadline_seconds: float) -> None:
            assert deadline_seconds == 20
            told_to_end.set()
            await over.wait()

    async with gateway(tmp_path, drains=[Calls()], server={"drain_seconds": 20}) as it:
        it.server.stop()
        await asyncio.wait_for(told_to_end.wait(), 10)
        assert (await it.client.get("/v1/me")).status_code == 401  # hang-ups and status are still answered
        assert not it.serving.done()
        caller = Caller(tenant="cafe", subject="till-1", kind="device", roles=frozenset({"device"}))
        with pytest.raises(ServingError), it.parts.connections.admitted(caller):
            pass
        over.set()
        await asyncio.wait_for(asyncio.shield(it.serving), 10)


@pytest.mark.parametrize("how", ["deadline", "second signal"])
async def test_a_call_that_does_not_end_is_cut_off(tmp_path: Path, how: str) -> None:
    cancelled, told_to_end = asyncio.Event(), asyncio.Event()

    class Calls:
        async def drain(self, deadline_seconds: float) -> None:
            told_to_end.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    seconds = 0.2 if how == "deadline" else 60
    async with gateway(tmp_path, drains=[Calls()], server={"drain_seconds": seconds}) as it:
        it.server.stop()
        await asyncio.wait_for(told_to_end.wait(), 10)
        if how == "second signal":
            it.server.stop()
        await asyncio.wait_for(asyncio.shield(it.serving), 15)
        assert cancelled.is_set()
        expected = 1 if how == "deadline" else 0
        assert it.parts.counters.value("nearfield_drain_cut_off_total") == expected


def test_tenants_keys_and_clients_are_made_listed_and_taken_back(home: Path) -> None:
    assert told("tenants", "list") == []
    told("tenants", "add", "cafe", "--label", "Café")
    assert isinstance(refused("tenants", "add", "cafe"), ConflictError)
    assert [one["label"] for one in told("tenants", "list")] == ["Café"]
    for command, prefix in (("keys", "nfk_"), ("clients", "")):
        made = told(
            command, "add", "kitchen", "--tenant", "cafe", "--role", "analyst", "--audience", "staff",
            "--days", "3",
        )  # fmt: skip
        assert made["secret"].startswith(prefix)
        assert made["expires_at"] - made["created_at"] == pytest.approx(3 * 86_400, abs=5)
        (listed,) = told(command, "list", "--tenant", "cafe")
        assert "secret" not in listed
        assert (listed["id"], listed["roles"], listed["audiences"]) == (made["id"], ["analyst"], ["staff"])
        assert told(command, "revoke", made["id"], "--tenant", "cafe")["revoked_at"] is not None
        assert isinstance(refused(command, "revoke", "0" * 16, "--tenant", "cafe"), MissingError)
    result = CliRunner().invoke(nearfield_cloud, ["keys", "list", "--tenant", "cafe"])
    assert "taken back" in result.output


def test_a_device_brings_its_own_request_and_keeps_its_key(home: Path, tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    from tests.provisioning.test_issuer import request_of

    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "till.csr").write_bytes(request_of(key))
    made = told(
        "devices", "certify", "till-1", "--request", str(tmp_path / "till.csr"), "--out", str(tmp_path)
    )
    assert made["key"] is None
    certificate = x509.load_pem_x509_certificate(Path(made["certificate"]).read_bytes())
    assert certificate.public_key() == key.public_key()


def test_a_wrong_configuration_is_one_sentence_with_the_nearest_key(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    for text, said in (
        ("[limits.request]\nbody_byte = 3", "did you mean 'body_bytes'"),
        ("[server]\ntls_key = 'x'", "go together"),
        ("[server]\npublic_url = 'cloud'", "an example is"),
        ("[limits.rates]\nclient = 'often'", "600 per minute"),
        ("[identity.devices]\nrevocations = 'x'", "goes with"),
        ("[identity]\nsealing_key = 'not/there'", "sealing_key"),
    ):
        file.write_text(text)
        error = refused("tenants", "list", "--config", str(file))
        assert isinstance(error, ConfigurationError)
        assert said in str(error)


def test_migrating_says_where_and_serving_without_it_is_a_choice(home: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(nearfield_cloud, ["migrate"])
    assert "cloud.db is up to date" in result.output
    with contextlib.closing(sqlite3.connect(home / "cloud.db")) as connection:
        assert connection.execute("SELECT count(*) FROM tenant").fetchone() == (0,)
    other = tmp_path / "other"
    (tmp_path / "cloud.toml").write_text(f"data = '{other}'\n[storage]\nmigrate_at_start = false\n")
    assert "failed" in str(refused("tenants", "list", "--config", str(tmp_path / "cloud.toml")))


def test_every_command_of_the_table_is_there_and_says_what_it_does() -> None:
    assert isinstance(nearfield_cloud, click.Group)
    for name in nearfield_cloud.list_commands(click.Context(nearfield_cloud)):
        result = CliRunner().invoke(nearfield_cloud, [name, "--help"])
        assert result.exit_code == 0, name
