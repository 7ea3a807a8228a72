"""One contract for both databases: SQLite, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.identity import SessionSection, TokenSection
from nearfield_cloud.configuration.server import IdempotencySection
from nearfield_cloud.errors import (
    CertificateError,
    ConflictError,
    CredentialError,
    LoginError,
    MissingError,
    RequestError,
    StatementError,
    StorageError,
)
from nearfield_cloud.gateway.idempotency import KeptAnswer, KeptAnswers
from nearfield_cloud.identity.credentials import Credentials
from nearfield_cloud.identity.devices import Devices
from nearfield_cloud.identity.revocations import Revocations
from nearfield_cloud.identity.sealing import Sealing
from nearfield_cloud.identity.sessions import Login, Sessions
from nearfield_cloud.identity.signing_keys import SigningKeys
from nearfield_cloud.identity.tenants import Tenants
from nearfield_cloud.identity.used_statements import UsedStatements
from nearfield_cloud.storage.storage import Storage, sqlite_url
from nearfield_cloud.storage.tables import ANSWERS, METADATA, USED_STATEMENTS
from nearfield_provisioning.device_name import DeviceName

pytestmark = pytest.mark.server
NAME = DeviceName(tenant="cafe", device="till-1")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "cloud.db")
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    storage = Storage(url)
    await storage.migrate()
    await Tenants(storage).add("cafe", "Café", 1.0)
    await Tenants(storage).add("bank", "", 1.0)
    yield storage
    await storage.close()


async def test_several_processes_at_once_migrate_once_and_again_changes_nothing(url: str) -> None:
    several = [Storage(url) for _ in range(4)]
    await asyncio.gather(*(one.migrate() for one in several))
    await several[0].migrate()
    assert await Tenants(several[0]).all() == []
    for one in several:
        await one.close()


async def test_the_tables_and_the_migrations_agree(storage: Storage) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    async with storage.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_database_of_a_newer_version_is_left_alone(storage: Storage) -> None:
    async with storage.writing() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="another version"):
        await storage.migrate()


async def test_tenants_are_kept_under_names_that_fit_and_are_new(storage: Storage) -> None:
    tenants = Tenants(storage)
    assert [tenant.label for tenant in await tenants.all()] == ["bank", "Café"]
    with pytest.raises(ConflictError):
        await tenants.add("cafe", "", 2.0)
    with pytest.raises(RequestError, match="no name"):
        await tenants.add("No Name", "", 2.0)


async def test_a_key_is_found_by_its_secret_until_it_is_taken_back_or_over(storage: Storage) -> None:
    credentials = Credentials(storage)
    made, key = await credentials.add(
        "api_key", "cafe", "till", 10.0, roles=("analyst",), audiences=("staff",), expires_at=100.0
    )
    caller = await credentials.caller_by_key(key, 11.0)
    assert (caller.tenant, caller.subject) == ("cafe", made.id)
    assert caller.roles == {"analyst"}
    assert caller.audiences == {"staff"}
    for wrong in (key[:-1], key + "x", "nfk__", "nfk_" + made.id, key.replace(made.id, "0" * 16), ""):
        with pytest.raises(CredentialError, match="not known"):
            await credentials.caller_by_key(wrong, 11.0)
    with pytest.raises(CredentialError, match="over"):
        await credentials.caller_by_key(key, 100.0)
    with pytest.raises(MissingError):
        await credentials.revoke("api_key", "bank", made.id, 12.0)
    assert (await credentials.revoke("api_key", "cafe", made.id, 12.0)).revoked_at == 12.0
    assert (await credentials.revoke("api_key", "cafe", made.id, 13.0)).revoked_at == 12.0
    with pytest.raises(CredentialError, match="taken back"):
        await credentials.caller_by_key(key, 11.0)
    assert [one.id for one in await credentials.of("api_key", "cafe")] == [made.id]
    assert await credentials.of("client", "cafe") == await credentials.of("api_key", "bank") == []


async def test_no_secret_stands_in_the_database(storage: Storage) -> None:
    _, key = await Credentials(storage).add("api_key", "cafe", "till", 10.0)
    async with storage.reading() as connection:
        rows = (await connection.execute(sa.text("SELECT * FROM credential"))).all()
    assert rows
    assert key.split("_", 2)[2] not in repr(rows)


async def test_a_key_for_nobody_or_with_strange_roles_is_not_made(storage: Storage) -> None:
    credentials = Credentials(storage)
    with pytest.raises(MissingError, match="no tenant"):
        await credentials.add("api_key", "nobody", "x", 1.0)
    for roles, audiences in ((("king",), ()), ((), ()), (("analyst",), ("two words",))):
        with pytest.raises(RequestError):
            await credentials.add("api_key", "cafe", "x", 1.0, roles=roles, audiences=audiences)


async def test_devices_are_taken_in_as_they_come_listed_in_pages_and_shut_out(storage: Storage) -> None:
    devices = Devices(storage)
    for number in (3, 1, 2):
        await devices.admit(DeviceName(tenant="cafe", device=f"till-{number}"), number, 900.0, 10.0)
    again = await devices.admit(NAME, 2**159, 950.0, 20.0)
    assert (again.created_at, again.seen_at, again.certificate_serial) == (10.0, 20.0, f"{2**159:x}")
    assert [one.id for one in await devices.of("cafe", limit=2)] == ["till-1", "till-2"]
    assert [one.id for one in await devices.of("cafe", after="till-2")] == ["till-3"]
    assert await devices.of("bank") == []
    with pytest.raises(MissingError):
        await devices.get("bank", "till-1")
    revocations = Revocations(storage)
    await devices.revoke("cafe", "till-1", 30.0)
    assert (await devices.revoke("cafe", "till-1", 31.0)).revoked_at == 30.0
    with pytest.raises(CertificateError, match="shut out"):
        await devices.admit(NAME, 5, 900.0, 40.0)
    await revocations.refresh(40.0)
    caller = Caller(tenant="cafe", subject="till-1", kind="device", roles=frozenset())
    assert revocations.include(caller)
    await devices.restore("cafe", "till-1")
    await revocations.refresh(40.0)
    assert not revocations.include(caller)
    with pytest.raises(CertificateError, match="not known here"):
        await devices.admit(DeviceName(tenant="nobody", device="x"), 1, 900.0, 10.0)


async def test_a_statement_is_used_once_however_many_try_at_once(storage: Storage) -> None:
    used = UsedStatements(storage)
    tried = await asyncio.gather(*(used.use("whose", "id", 100.0) for _ in range(12)), return_exceptions=True)
    assert sum(one is None for one in tried) == 1
    assert sum(isinstance(one, StatementError) for one in tried) == 11
    await used.use("another", "id", 100.0)


async def test_what_has_expired_is_dropped_and_nothing_else(storage: Storage) -> None:
    used = UsedStatements(storage)
    await used.use("whose", "old", 50.0)
    await used.use("whose", "new", 150.0)
    assert await storage.prune(100.0) == 1
    await used.use("whose", "old", 150.0)
    async with storage.reading() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(USED_STATEMENTS)) == 2


async def test_sessions_end_when_idle_when_old_and_when_closed(storage: Storage) -> None:
    sessions = Sessions(storage, SessionSection(idle_seconds=100, longest_seconds=250))
    person = Caller(
        tenant="cafe", subject="p", kind="person", roles=frozenset({"owner"}), audiences=frozenset({"staff"})
    )
    name = await sessions.open(person, 0.0)
    for moment in (90.0, 180.0, 240.0):
        found = await sessions.caller(name, moment)
        assert found.subject == "p"
        assert found.roles == {"owner"}
        assert found.audiences == {"staff"}
    with pytest.raises(CredentialError):
        await sessions.caller(name, 250.0)
    idle, closed = await sessions.open(person, 0.0), await sessions.open(person, 0.0)
    with pytest.raises(CredentialError):
        await sessions.caller(idle, 100.0)
    await sessions.close(closed)
    with pytest.raises(CredentialError):
        await sessions.caller(closed, 1.0)


async def test_a_login_comes_back_once_to_the_browser_that_began_it(storage: Storage) -> None:
    sessions = Sessions(storage, SessionSection(login_seconds=60))
    login = Login(provider="corp", verifier="v" * 64, nonce="n" * 32)
    for state in ("one", "two", "three", "four"):
        await sessions.begin_login(state, "browser", login, 0.0)
    assert await sessions.take_login("one", "browser", "corp", 59.0) == login
    for state, browser, provider, moment in (
        ("one", "browser", "corp", 59.0),
        ("two", "another", "corp", 59.0),
        ("three", "browser", "corp", 60.0),
        ("four", "browser", "else", 59.0),
        ("five", "browser", "corp", 59.0),
    ):
        with pytest.raises(LoginError):
            await sessions.take_login(state, browser, provider, moment)


async def test_an_answer_is_kept_for_its_request_alone(storage: Storage) -> None:
    answers = KeptAnswers(storage, IdempotencySection(kept_seconds=100), Sealing(bytes(32)))
    begun = await asyncio.gather(*(answers.begin("k", "r", 0.0) for _ in range(6)), return_exceptions=True)
    assert sum(one is None for one in begun) == 1
    assert sum(isinstance(one, ConflictError) for one in begun) == 5
    answer = KeptAnswer(status=201, headers={"content-type": "application/json"}, body=b"a secret\x00\xff")
    await answers.keep("k", answer, 1.0)
    assert await answers.begin("k", "r", 2.0) == answer
    async with storage.reading() as connection:
        assert "a secret" not in repr((await connection.execute(sa.select(ANSWERS))).all())
    with pytest.raises(ConflictError, match="another request"):
        await answers.begin("k", "other", 2.0)
    assert await answers.begin("k", "other", 101.0) is None
    await answers.forget("k")
    assert await answers.begin("k", "r", 101.0) is None


async def test_processes_that_start_at_once_agree_on_the_keys_that_sign(storage: Storage) -> None:
    several = [SigningKeys(storage, Sealing(bytes(32)), TokenSection()) for _ in range(4)]
    await asyncio.gather(*(keys.rotate(0.0) for keys in several))
    for keys in several:
        await keys.read(0.0)
    assert len({str(keys.published()) for keys in several}) == 1
    signing = [keys.signing(1.0) for keys in several]
    assert len({one.id for one in signing if one is not None}) == 1


async def test_a_database_that_cannot_be_reached_is_one_error_without_its_password() -> None:
    storage = Storage("postgresql+asyncpg://somebody:secret@127.0.0.1:1/none")
    with pytest.raises(StorageError) as caught:
        await Tenants(storage).all()
    assert "secret" not in str(caught.value)
    with pytest.raises(StorageError, match="cannot be used"):
        Storage("nonsense://x")
    await storage.close()
