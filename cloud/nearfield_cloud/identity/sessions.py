"""People's sessions in a browser: a random name in a cookie, everything else here."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.identity import SessionSection
from nearfield_cloud.errors import CredentialError, LoginError
from nearfield_cloud.identity.credentials import words
from nearfield_cloud.identity.secrets import digest, new_secret
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import LOGINS, SESSIONS

_NOTED_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One that was begun: what has to be known when the person comes back from their provider."""

    provider: str
    verifier: str
    """Of PKCE (RFC 7636)."""
    nonce: str


class Sessions:
    """All of them, and the logins under way.

    Raises:
        StorageError: The database failed; so do all methods.
    """

    def __init__(self, storage: Storage, sessions: SessionSection) -> None:
        self._storage = storage
        self._sessions = sessions

    async def begin_login(self, state: str, browser: str, login: Login, now: float) -> None:
        """Remember a login that was begun in a browser, which holds ``browser`` in a cookie."""
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.insert(LOGINS).values(
                    digest=digest(state),
                    browser=digest(browser),
                    provider=login.provider,
                    verifier=login.verifier,
                    nonce=login.nonce,
                    expires_at=now + self._sessions.login_seconds,
                )
            )

    async def take_login(self, state: str, browser: str, provider: str, now: float) -> Login:
        """The login that comes back, once.

        Raises:
            LoginError: There is none, it is over, or another browser began it.
        """
        place = LOGINS.c.digest == digest(state)
        async with self._storage.writing() as connection:
            row = (await connection.execute(sa.select(LOGINS).where(place))).mappings().one_or_none()
            await connection.execute(sa.delete(LOGINS).where(place))
        if row is None or row["expires_at"] <= now or row["browser"] != digest(browser):
            raise LoginError("this login was not begun in this browser, or it is over: begin it anew")
        if row["provider"] != provider:
            raise LoginError("this login was begun with another provider: begin it anew")
        return Login(provider=provider, verifier=row["verifier"], nonce=row["nonce"])

    async def open(self, caller: Caller, now: float) -> str:
        """Open a session; gives its name for the cookie."""
        name = new_secret()
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.insert(SESSIONS).values(
                    digest=digest(name),
                    tenant=caller.tenant,
                    subject=caller.subject,
                    roles=words(caller.roles),
                    audiences=words(caller.audiences),
                    used_at=now,
                    expires_at=now + self._sessions.longest_seconds,
                )
            )
        return name

    async def caller(self, name: str, now: float) -> Caller:
        """Whose session this is; it is used, which keeps it open.

        Raises:
            CredentialError: Nobody's, or it is over.
        """
        place = SESSIONS.c.digest == digest(name)
        async with self._storage.reading() as connection:
            row = (await connection.execute(sa.select(SESSIONS).where(place))).mappings().one_or_none()
        idle_since = now - self._sessions.idle_seconds
        if row is None or row["expires_at"] <= now or row["used_at"] <= idle_since:
            raise CredentialError("the session is over: log in again")
        if row["used_at"] < now - min(_NOTED_EVERY_SECONDS, self._sessions.idle_seconds / 4):
            async with self._storage.writing() as connection:
                await connection.execute(sa.update(SESSIONS).where(place).values(used_at=now))
        return Caller(
            tenant=row["tenant"],
            subject=row["subject"],
            kind="person",
            roles=frozenset(row["roles"].split()),
            audiences=frozenset(row["audiences"].split()),
            token_id=row["digest"][:16],
            expires_at=row["expires_at"],
        )

    async def close(self, name: str) -> None:
        """End a session; one that is over already stays so."""
        async with self._storage.writing() as connection:
            await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == digest(name)))
