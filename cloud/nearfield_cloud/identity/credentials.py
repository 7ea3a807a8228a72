"""API keys, and applications that ask for tokens with a secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import sqlalchemy as sa

from nearfield_cloud.caller import Caller, Role
from nearfield_cloud.errors import CredentialError, MissingError, RequestError
from nearfield_cloud.identity.secrets import digest, fits, new_id, new_secret
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import CREDENTIALS, TENANTS

Kind = Literal["api_key", "client"]
KEY_PREFIX: Final = "nfk_"
"""By which an API key is told from a token, and found by those who look for leaked secrets."""
_REFUSED: Final = {"api_key": "this API key is not known", "client": "this client and secret are not known"}
_LONGEST_SECRET: Final = 200
_WORD_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An API key or an application, without its secret."""

    id: str
    kind: Kind
    tenant: str
    label: str
    roles: frozenset[Role]
    audiences: frozenset[str]
    created_at: float
    """Seconds since 1970, as are the others."""
    expires_at: float | None
    revoked_at: float | None


class Credentials:
    """All of them.

    Raises:
        StorageError: The database failed; so do all methods.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def add(
        self,
        kind: Kind,
        tenant: str,
        label: str,
        now: float,
        *,
        roles: Iterable[str] = ("application",),
        audiences: Iterable[str] = (),
        expires_at: float | None = None,
    ) -> tuple[Credential, str]:
        """Make one; gives it with its secret, which is never shown again.

        Raises:
            MissingError: There is no such tenant.
            RequestError: A role is none, or an audience no single word.
        """
        made = Credential(
            id=new_id(),
            kind=kind,
            tenant=tenant,
            label=label,
            roles=known_roles(roles),
            audiences=known_audiences(audiences),
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
        secret = new_secret()
        async with self._storage.writing() as connection:
            if not await connection.scalar(sa.select(TENANTS.c.id).where(TENANTS.c.id == tenant)):
                raise MissingError(f"there is no tenant {tenant[:80]!r}")
            await connection.execute(
                sa.insert(CREDENTIALS).values(
                    id=made.id,
                    kind=kind,
                    tenant=tenant,
                    label=label,
                    digest=digest(secret),
                    roles=words(made.roles),
                    audiences=words(made.audiences),
                    created_at=now,
                    expires_at=expires_at,
                )
            )
        return made, f"{KEY_PREFIX}{made.id}_{secret}" if kind == "api_key" else secret

    async def of(self, kind: Kind, tenant: str) -> Sequence[Credential]:
        """A tenant's, the latest first."""
        query = (
            sa.select(CREDENTIALS)
            .where(CREDENTIALS.c.tenant == tenant, CREDENTIALS.c.kind == kind)
            .order_by(CREDENTIALS.c.created_at.desc(), CREDENTIALS.c.id)
        )
        async with self._storage.reading() as connection:
            return [_credential(row) for row in (await connection.execute(query)).mappings()]

    async def revoke(self, kind: Kind, tenant: str, credential: str, now: float) -> Credential:
        """Take one back; again changes nothing.

        Raises:
            MissingError: The tenant has none of that id.
        """
        place = (
            CREDENTIALS.c.id == credential,
            CREDENTIALS.c.tenant == tenant,
            CREDENTIALS.c.kind == kind,
        )
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.update(CREDENTIALS)
                .where(*place, CREDENTIALS.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            row = (await connection.execute(sa.select(CREDENTIALS).where(*place))).mappings().one_or_none()
        if row is None:
            raise MissingError(f"tenant {tenant} has no {kind.replace('_', ' ')} {credential[:80]!r}")
        return _credential(row)

    async def caller_by_key(self, key: str, now: float) -> Caller:
        """Whose API key this is.

        Raises:
            CredentialError: Nobody's, or it is over or taken back.
        """
        prefix, credential, secret = (*key.split("_", 2), "", "")[:3]
        if f"{prefix}_" != KEY_PREFIX:
            raise CredentialError(_REFUSED["api_key"])
        return await self.caller_by_secret("api_key", credential, secret, now)

    async def caller_by_secret(self, kind: Kind, credential: str, secret: str, now: float) -> Caller:
        """Whose secret this is.

        Raises:
            CredentialError: Nobody's, or it is over or taken back.
        """
        if len(credential) > 40 or len(secret) > _LONGEST_SECRET or "\0" in credential:
            raise CredentialError(_REFUSED[kind])
        query = sa.select(CREDENTIALS).where(CREDENTIALS.c.id == credential, CREDENTIALS.c.kind == kind)
        async with self._storage.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        # The same work and the same words, whether it is the id or the secret that does not fit.
        if not fits(secret, "" if row is None else row["digest"]) or row is None:
            raise CredentialError(_REFUSED[kind])
        found = _credential(row)
        if found.revoked_at is not None:
            raise CredentialError(f"{kind.replace('_', ' ')} {found.id} was taken back")
        if found.expires_at is not None and found.expires_at <= now:
            raise CredentialError(f"{kind.replace('_', ' ')} {found.id} is over: make a new one")
        return Caller(
            tenant=found.tenant,
            subject=found.id,
            kind="application",
            roles=found.roles,
            audiences=found.audiences,
            token_id=found.id,
            expires_at=float("inf") if found.expires_at is None else found.expires_at,
        )


def known_roles(roles: Iterable[str]) -> frozenset[Role]:
    """Check roles.

    Raises:
        RequestError: One is none, or there are none.
    """
    found = frozenset(roles)
    unknown = found - set(get_args(Role))
    if unknown or not found:
        raise RequestError(
            f"{', '.join(sorted(unknown)) or 'nothing'} is no role: known are {', '.join(get_args(Role))}"
        )
    return cast("frozenset[Role]", found)


def known_audiences(audiences: Iterable[str]) -> frozenset[str]:
    """Check audiences.

    Raises:
        RequestError: One is no single word, or there are too many.
    """
    found = frozenset(audiences)
    for audience in found:
        if not audience.isprintable() or len(audience.split()) != 1 or audience != audience.strip():
            raise RequestError(f"audience {audience[:40]!r} is no single word: an example is 'staff'")
    if len(words(found)) > _WORD_CHARACTERS:
        raise RequestError(f"the audiences have more than {_WORD_CHARACTERS} letters together")
    return found


def words(values: Iterable[str]) -> str:
    """As they stand in a column."""
    return " ".join(sorted(values))


def _credential(row: sa.RowMapping | Any) -> Credential:
    return Credential(
        id=row["id"],
        kind=row["kind"],
        tenant=row["tenant"],
        label=row["label"],
        roles=frozenset(row["roles"].split()),
        audiences=frozenset(row["audiences"].split()),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
