"""Who asks: what every part of the cloud knows about the other end, and all that it may go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["owner", "fleet_manager", "content_editor", "analyst", "device", "application"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody whose identity was proven, for the life of one token."""

    tenant: str
    subject: str
    """The device's, application's or person's id, unique in the tenant."""
    kind: Literal["device", "application", "person"]
    roles: frozenset[Role]
    audiences: frozenset[str] = frozenset()
    """Besides ``public``: whose documents may be read, such as ``staff``."""
    token_id: str = ""
    """Of the token, key or certificate that proved it; for the audit."""
    expires_at: float = float("inf")
    """When the proof runs out; seconds since 1970."""
