"""Statements that were used: each is good for once, in whichever process it arrives."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from nearfield_cloud.errors import StatementError
from nearfield_cloud.identity.secrets import digest
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import USED_STATEMENTS


class UsedStatements:
    """Remembers what was used for as long as it would be valid."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def use(self, whose: str, statement: str, expires_at: float) -> None:
        """Use a statement up.

        Args:
            whose: Who signed it.
            statement: Its id, which the signer gives once.
            expires_at: Until when it has to be remembered; seconds since 1970.

        Raises:
            StatementError: It was used before.
            StorageError: The database failed; the statement must not be accepted.
        """
        row = {"digest": digest(f"{whose}\n{statement}"), "expires_at": expires_at}
        async with self._storage.writing() as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(sa.insert(USED_STATEMENTS).values(row))
            except IntegrityError as error:
                raise StatementError(
                    "the assertion was used before: sign a new one for each request"
                ) from error
