"""Who was shut out while their tokens are still good: asked at every request, without asking the database."""

from __future__ import annotations

from typing import Final, Literal

import sqlalchemy as sa

from nearfield_cloud.caller import Caller
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import CREDENTIALS, DEVICES

FRESH_SECONDS: Final = 5.0
"""How often the database is asked; what this process itself shuts out is known at once."""
_LONGEST_TOKEN_SECONDS: Final = 7_200.0


class Revocations:
    """Those shut out within the life of a token."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._out: frozenset[tuple[str, str, str]] = frozenset()

    async def refresh(self, now: float) -> None:
        """Ask the database.

        Raises:
            StorageError: It failed; what was known stays.
        """
        since = now - _LONGEST_TOKEN_SECONDS
        async with self._storage.reading() as connection:
            rows = await connection.execute(
                sa.union_all(
                    *(
                        sa.select(sa.literal(kind), table.c.tenant, table.c.id).where(
                            table.c.revoked_at > since
                        )
                        for kind, table in (("application", CREDENTIALS), ("device", DEVICES))
                    )
                )
            )
            self._out = frozenset((kind, tenant, subject) for kind, tenant, subject in rows)

    def add(self, kind: Literal["application", "device"], tenant: str, subject: str) -> None:
        """Somebody was shut out by this process just now."""
        self._out |= {(kind, tenant, subject)}

    def include(self, caller: Caller) -> bool:
        """Whether this caller was shut out since their proof; calls ask this again and again."""
        return (caller.kind, caller.tenant, caller.subject) in self._out
