"""What the issuer has issued and taken back, in a file that outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.errors import IssuerError
from nearfield_sync.database import Row, open_database

_MIGRATIONS: Final = (
    """
    CREATE TABLE issued (
        serial TEXT PRIMARY KEY,
        tenant TEXT NOT NULL,
        device TEXT NOT NULL,
        issued_at REAL NOT NULL,
        expires_at REAL NOT NULL,
        revoked_at REAL
    ) STRICT;
    CREATE INDEX issued_to ON issued (tenant, device);
    """,
)
_COLUMNS: Final = "serial, tenant, device, issued_at, expires_at, revoked_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate that was issued."""

    serial: int
    name: DeviceName
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Register:
    """The serials, durable before a certificate leaves the issuer.

    Raises:
        DatabaseError: The file cannot be opened, read or written; so do all methods.
    """

    def __init__(self, path: Path) -> None:
        self._database = open_database(path, _MIGRATIONS)

    def record(self, issued: Issued) -> None:
        """Note a serial; it never comes twice."""
        self._database.execute(
            f"INSERT INTO issued ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, NULL)",  # noqa: S608 (a constant)
            (
                f"{issued.serial:x}",
                issued.name.tenant,
                issued.name.device,
                issued.issued_at.timestamp(),
                issued.expires_at.timestamp(),
            ),
        )

    def revoke(self, serial: int, now: datetime) -> Issued:
        """Take a certificate back; again changes nothing.

        Raises:
            IssuerError: No such serial was issued.
        """
        with self._database.transaction():
            self._database.execute(
                "UPDATE issued SET revoked_at = ? WHERE serial = ? AND revoked_at IS NULL",
                (now.timestamp(), f"{serial:x}"),
            )
            rows = self._database.execute(
                f"SELECT {_COLUMNS} FROM issued WHERE serial = ?",  # noqa: S608 (a constant)
                (f"{serial:x}",),
            )
        if not rows:
            raise IssuerError(f"no certificate of serial {serial:x} was issued here")
        return _issued(rows[0])

    def of(self, name: DeviceName) -> Sequence[Issued]:
        """What a device was issued, the latest first."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM issued WHERE tenant = ? AND device = ?"  # noqa: S608 (a constant)
            " ORDER BY issued_at DESC, serial",
            (name.tenant, name.device),
        )
        return [_issued(row) for row in rows]

    def revoked(self, now: datetime) -> Sequence[Issued]:
        """Those taken back that would otherwise be valid still."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM issued WHERE revoked_at IS NOT NULL"  # noqa: S608 (a constant)
            " AND expires_at > ? ORDER BY serial",
            (now.timestamp(),),
        )
        return [_issued(row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _issued(row: Row) -> Issued:
    serial, tenant, device, issued_at, expires_at, revoked_at = row
    return Issued(
        serial=int(serial, 16),
        name=DeviceName(tenant=tenant, device=device),
        issued_at=datetime.fromtimestamp(issued_at, UTC),
        expires_at=datetime.fromtimestamp(expires_at, UTC),
        revoked_at=None if revoked_at is None else datetime.fromtimestamp(revoked_at, UTC),
    )
