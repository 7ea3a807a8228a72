"""The tables. Times are seconds since 1970; secrets stand here as digests only.

A change here needs a migration beside it; a test compares the two.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_NAME: Final = String(63)
_LABEL: Final = String(200)
_DIGEST: Final = String(64)
_WORDS: Final = String(1_000)
"""Roles or audiences, parted by spaces."""

TENANTS: Final = Table(
    "tenant",
    METADATA,
    Column("id", _NAME, primary_key=True),
    Column("label", _LABEL, nullable=False),
    Column("created_at", Double, nullable=False),
)
CREDENTIALS: Final = Table(
    "credential",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("kind", String(10), nullable=False),  # api_key, client
    Column("tenant", _NAME, ForeignKey("tenant.id"), nullable=False),
    Column("label", _LABEL, nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("roles", _WORDS, nullable=False),
    Column("audiences", _WORDS, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Index(None, "tenant", "kind", "created_at"),
)
DEVICES: Final = Table(
    "device",
    METADATA,
    Column("tenant", _NAME, ForeignKey("tenant.id"), primary_key=True),
    Column("id", _NAME, primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("certificate_serial", String(40), nullable=False),
    Column("certificate_expires_at", Double, nullable=False),
    Column("revoked_at", Double),
)
SIGNING_KEYS: Final = Table(
    "signing_key",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("signs_from", Double, nullable=False),
    Column("signs_until", Double, nullable=False),
)
USED_STATEMENTS: Final = Table(
    "used_statement",
    METADATA,
    Column("digest", _DIGEST, primary_key=True),
    Column("expires_at", Double, nullable=False, index=True),
)
SESSIONS: Final = Table(
    "session",
    METADATA,
    Column("digest", _DIGEST, primary_key=True),
    Column("tenant", _NAME, ForeignKey("tenant.id"), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("roles", _WORDS, nullable=False),
    Column("audiences", _WORDS, nullable=False),
    Column("used_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)
LOGINS: Final = Table(
    "login",
    METADATA,
    Column("digest", _DIGEST, primary_key=True),  # of the state that comes back
    Column("browser", _DIGEST, nullable=False),  # of the cookie of whoever began it
    Column("provider", _NAME, nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)
ANSWERS: Final = Table(
    "kept_answer",
    METADATA,
    Column("digest", _DIGEST, primary_key=True),  # of who asked and the key they gave
    Column("request", _DIGEST, nullable=False),
    Column("status", Integer),  # none while the first request is under way
    Column("headers", LargeBinary),
    Column("body", LargeBinary),
    Column("expires_at", Double, nullable=False, index=True),
)
EXPIRING: Final = (USED_STATEMENTS, SESSIONS, LOGINS, ANSWERS)
"""Whose rows are of no use after ``expires_at``."""
