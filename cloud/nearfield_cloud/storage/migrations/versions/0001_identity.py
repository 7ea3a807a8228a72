"""Tenants, credentials, devices, signing keys, sessions and kept answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    name, digest, words = sa.String(63), sa.String(64), sa.String(1_000)
    op.create_table(
        "tenant",
        sa.Column("id", name, nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
    )
    op.create_table(
        "credential",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("tenant", name, nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("digest", digest, nullable=False),
        sa.Column("roles", words, nullable=False),
        sa.Column("audiences", words, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_credential"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_credential_tenant"),
    )
    op.create_index("ix_credential_tenant_kind_created_at", "credential", ["tenant", "kind", "created_at"])
    op.create_table(
        "device",
        sa.Column("tenant", name, nullable=False),
        sa.Column("id", name, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("certificate_serial", sa.String(40), nullable=False),
        sa.Column("certificate_expires_at", sa.Double, nullable=False),
        sa.Column("revoked_at", sa.Double),
        sa.PrimaryKeyConstraint("tenant", "id", name="pk_device"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_device_tenant"),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("signs_from", sa.Double, nullable=False),
        sa.Column("signs_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_key"),
    )
    _make_what_expires(name, digest, words)


def _make_what_expires(name: sa.String, digest: sa.String, words: sa.String) -> None:
    op.create_table(
        "used_statement",
        sa.Column("digest", digest, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_statement"),
    )
    op.create_table(
        "session",
        sa.Column("digest", digest, nullable=False),
        sa.Column("tenant", name, nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("roles", words, nullable=False),
        sa.Column("audiences", words, nullable=False),
        sa.Column("used_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_session"),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name="fk_session_tenant"),
    )
    op.create_table(
        "login",
        sa.Column("digest", digest, nullable=False),
        sa.Column("browser", digest, nullable=False),
        sa.Column("provider", name, nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_login"),
    )
    op.create_table(
        "kept_answer",
        sa.Column("digest", digest, nullable=False),
        sa.Column("request", digest, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.LargeBinary),
        sa.Column("body", sa.LargeBinary),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_kept_answer"),
    )
    for table in ("used_statement", "session", "login", "kept_answer"):
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])
