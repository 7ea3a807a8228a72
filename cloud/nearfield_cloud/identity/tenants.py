"""The customers, each with devices, applications, people and documents of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from nearfield_cloud.errors import ConflictError, MissingError, RequestError
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import TENANTS
from nearfield_provisioning.device_name import is_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A customer."""

    id: str
    label: str
    created_at: float
    """Seconds since 1970."""


class Tenants:
    """All of them.

    Raises:
        StorageError: The database failed; so do all methods.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def add(self, tenant: str, label: str, now: float) -> Tenant:
        """Take a customer in.

        Raises:
            RequestError: It cannot be called so.
            ConflictError: There is one of that name.
        """
        if not is_name(tenant):
            raise RequestError(
                f"tenant {tenant[:80]!r} is no name: small letters, digits and hyphens between them,"
                " at most 63"
            )
        made = Tenant(id=tenant, label=label or tenant, created_at=now)
        async with self._storage.writing() as connection:
            if await connection.scalar(sa.select(TENANTS.c.id).where(TENANTS.c.id == tenant)):
                raise ConflictError(f"there is a tenant {tenant!r} already")
            await connection.execute(
                sa.insert(TENANTS).values(id=made.id, label=made.label, created_at=made.created_at)
            )
        return made

    async def all(self) -> Sequence[Tenant]:
        """In the order of their names."""
        async with self._storage.reading() as connection:
            rows = await connection.execute(sa.select(TENANTS).order_by(TENANTS.c.id))
            return [Tenant(**row) for row in rows.mappings()]

    async def require(self, tenant: str) -> None:
        """See that there is one.

        Raises:
            MissingError: There is none.
        """
        async with self._storage.reading() as connection:
            if not await connection.scalar(sa.select(TENANTS.c.id).where(TENANTS.c.id == tenant)):
                raise MissingError(f"there is no tenant {tenant[:80]!r}")
