"""What the gateway is made of, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter

from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.gateway.limits import ConnectionLimits
from nearfield_cloud.gateway.rates import Rates
from nearfield_cloud.identity.access_tokens import AccessTokens
from nearfield_cloud.identity.authorising import Authorisation
from nearfield_cloud.identity.credentials import Credentials
from nearfield_cloud.identity.devices import Devices
from nearfield_cloud.identity.providers import Providers
from nearfield_cloud.identity.revocations import Revocations
from nearfield_cloud.identity.sealing import Sealing
from nearfield_cloud.identity.sessions import Sessions
from nearfield_cloud.identity.signing_keys import SigningKeys
from nearfield_cloud.identity.tenants import Tenants
from nearfield_cloud.identity.trust import TrustFiles
from nearfield_cloud.identity.used_statements import UsedStatements
from nearfield_cloud.storage.storage import Storage
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters


class Drains(Protocol):
    """What has work under way that others wait for, such as calls."""

    async def drain(self, deadline_seconds: float) -> None:
        """Let what is under way come to its end, tell the other ends, and return once nothing is left.

        No new work arrives meanwhile. What is not over by the deadline is to be ended: the caller cancels
        then.
        """
        ...


class PublicAddress:
    """Under which URL clients know the service; known once it is bound, where no configuration says it."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return self._url or "http://127.0.0.1"

    def is_served_at(self, url: str) -> None:
        """The service was bound; a configured address stays."""
        self._url = self._url or url

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.url.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who may use the service, and how they prove it."""

    tenants: Tenants
    credentials: Credentials
    devices: Devices
    sessions: Sessions
    providers: Providers
    signing_keys: SigningKeys
    tokens: AccessTokens
    trust: TrustFiles
    used_statements: UsedStatements
    revocations: Revocations
    authorisation: Authorisation


def _nothing(route: str, method: str, seconds: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """All of it."""

    configuration: Configuration
    clock: Clock
    counters: Counters
    address: PublicAddress
    storage: Storage
    sealing: Sealing
    identity: Identity
    rates: Rates
    connections: ConnectionLimits
    routers: Sequence[APIRouter] = ()
    """Of others: calls, knowledge, metrics, health."""
    drains: Sequence[Drains] = ()
    beside: Sequence[Callable[[], Awaitable[object]]] = ()
    """Work for as long as the service runs; cancelled at its end."""
    on_answered: Callable[[str, str, float], None] = _nothing
    """Told of each request's route, method and duration in seconds."""

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock.utc_now().timestamp()
