"""Devices that have shown a certificate, and which of them are shut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from nearfield_cloud.errors import CertificateError, MissingError
from nearfield_cloud.storage.storage import Storage
from nearfield_cloud.storage.tables import DEVICES, TENANTS
from nearfield_provisioning.device_name import DeviceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as the gateway knows it."""

    tenant: str
    id: str
    created_at: float
    """When it was first seen; seconds since 1970, as are the others."""
    seen_at: float
    """When it last asked for a token."""
    certificate_serial: str
    """Hexadecimal; of the certificate that it showed last."""
    certificate_expires_at: float
    revoked_at: float | None


class Devices:
    """All of them.

    Raises:
        StorageError: The database failed; so do all methods.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def admit(self, name: DeviceName, serial: int, certificate_expires_at: float, now: float) -> Device:
        """Note that a device has proven itself; a new one is taken in.

        Raises:
            CertificateError: Its tenant is not known, or it is shut out.
        """
        shown: dict[str, Any] = {
            "seen_at": now,
            "certificate_serial": f"{serial:x}",
            "certificate_expires_at": certificate_expires_at,
        }
        async with self._storage.writing() as connection:
            if not await connection.scalar(sa.select(TENANTS.c.id).where(TENANTS.c.id == name.tenant)):
                raise CertificateError(f"the tenant of {name.uri} is not known here")
            row = (await connection.execute(_select(name.tenant, name.device))).mappings().one_or_none()
            if row is None:
                row_new = {"tenant": name.tenant, "id": name.device, "created_at": now, **shown}
                await connection.execute(sa.insert(DEVICES).values(row_new))
                return Device(**row_new, revoked_at=None)
            if row["revoked_at"] is not None:
                raise CertificateError(f"device {name.uri} was shut out")
            await connection.execute(
                sa.update(DEVICES).where(*_place(name.tenant, name.device)).values(shown)
            )
            return Device(**{**row, **shown})

    async def of(self, tenant: str, *, after: str = "", limit: int = 100) -> Sequence[Device]:
        """A tenant's in the order of their ids, a page at a time.

        Args:
            tenant: Whose.
            after: The last id of the page before.
            limit: At most so many.
        """
        query = sa.select(DEVICES).where(DEVICES.c.tenant == tenant, DEVICES.c.id > after)
        async with self._storage.reading() as connection:
            rows = await connection.execute(query.order_by(DEVICES.c.id).limit(limit))
            return [Device(**row) for row in rows.mappings()]

    async def get(self, tenant: str, device: str) -> Device:
        """One of them.

        Raises:
            MissingError: The tenant has none of that id.
        """
        async with self._storage.reading() as connection:
            row = (await connection.execute(_select(tenant, device))).mappings().one_or_none()
        if row is None:
            raise MissingError(f"tenant {tenant} has no device {device[:80]!r}")
        return Device(**row)

    async def revoke(self, tenant: str, device: str, now: float) -> Device:
        """Shut a device out, whatever certificate it shows; again changes nothing.

        Raises:
            MissingError: The tenant has none of that id.
        """
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.update(DEVICES)
                .where(*_place(tenant, device), DEVICES.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
        return await self.get(tenant, device)

    async def restore(self, tenant: str, device: str) -> Device:
        """Let a device in again.

        Raises:
            MissingError: The tenant has none of that id.
        """
        async with self._storage.writing() as connection:
            await connection.execute(
                sa.update(DEVICES).where(*_place(tenant, device)).values(revoked_at=None)
            )
        return await self.get(tenant, device)


def _place(tenant: str, device: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return (DEVICES.c.tenant == tenant, DEVICES.c.id == device)


def _select(tenant: str, device: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(DEVICES).where(*_place(tenant, device))
