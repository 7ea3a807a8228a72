"""Who may use the service, and how they prove it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from nearfield_cloud.caller import Role
from nearfield_cloud.configuration.server import Count, Seconds
from nearfield_provisioning.device_name import NAME_PATTERN
from nearfield_sync.section import Section

Name = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]


class StorageSection(Section):
    """Where tenants, keys and sessions are kept."""

    url: str | None = None
    """``postgresql+asyncpg://…``; if absent an SQLite file in the data folder."""
    pool: Count = 5
    """Connections at once."""
    migrate_at_start: bool = True
    """Whether `serve` brings the schema up to date; otherwise `nearfield-cloud migrate` does."""


class TokenSection(Section):
    """Access tokens and the keys that sign them."""

    life_seconds: Annotated[int, Field(ge=30, le=3_600)] = 600
    audience: str = "nearfield"
    key_days: Annotated[float, Field(ge=0.01, le=365)] = 7.0
    """For how long a key signs."""
    published_ahead_seconds: Annotated[float, Field(ge=0, le=86_400)] = 3_600.0
    """For how long a new key is published before it signs, so that others' copies of the list have it."""
    leeway_seconds: Annotated[float, Field(ge=0, le=60)] = 10.0
    """Forgiven differences of clocks."""


class DeviceTrust(Section):
    """Which certificates of devices are believed."""

    roots: Path | None = None
    """PEM; if absent the issuer in the data folder, which is made at first start."""
    revocations: Path | None = None
    """The roots' revocation list, PEM; read anew when it changes. Goes with ``roots``."""


class ProviderSection(Section):
    """A provider of people's identity (OpenID Connect)."""

    tenant: Name
    """Whose people it knows."""
    issuer: str
    client_id: str
    client_secret_file: Path | None = None
    """Its first line; none for a public client."""
    roles_claim: str = "groups"
    roles: Mapping[str, Role]
    """From values of that claim to roles; who has none of them is refused."""
    audiences: Mapping[str, str] = {}
    """From values of that claim to audiences of documents."""
    scope: str = "openid"


class SessionSection(Section):
    """People's sessions in a browser."""

    idle_seconds: Seconds = 3_600.0
    longest_seconds: Seconds = 43_200.0
    login_seconds: Seconds = 600.0
    """Until a login that was begun must be over."""


class IdentitySection(Section):
    """All of it."""

    sealing_key: Path | None = None
    """32 bytes that seal the signing keys in the database; if absent ``keys/sealing.key``, made at first.

    Processes that share a database share this file.
    """
    tokens: TokenSection = TokenSection()
    devices: DeviceTrust = DeviceTrust()
    providers: Mapping[Name, ProviderSection] = {}
    """By the name in ``/login/NAME``."""
    sessions: SessionSection = SessionSection()
