"""Where the service is had, and what it takes from outside at most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from nearfield_sync.section import Section

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bytes = Annotated[int, Field(ge=256, le=1 << 30)]


class ServerSection(Section):
    """The address, and how the service ends."""

    host: str = "127.0.0.1"
    port: int = Field(8780, ge=0, le=65_535)
    """0 takes any free one."""
    public_url: str | None = None
    """Under which clients know the service, such as ``https://cloud.example``; it stands in every token."""
    tls_certificate: Path | None = None
    """PEM, with ``tls_key``; none where a proxy before the service ends TLS."""
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose ``X-Forwarded-For`` and ``-Proto`` are believed."""
    drain_seconds: Seconds = 30.0
    """How long calls may go on once the service is told to stop."""
    origins: tuple[str, ...] = ()
    """Web origins that browsers may call from (CORS); none by default."""

    @field_validator("public_url")
    @classmethod
    def _address_only(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError(f"{value!r} is no address: an example is 'https://cloud.example'")
        return None if value is None else value.rstrip("/")

    @model_validator(mode="after")
    def _certificate_with_key(self) -> ServerSection:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together: name both files or none")
        return self


class RequestLimits(Section):
    """Of one HTTP request."""

    body_bytes: Bytes = 1 << 20
    header_bytes: Bytes = 16 * 1024
    """All headers together, the first line too."""
    body_seconds: Seconds = 20.0
    """Until the body has arrived."""
    answer_seconds: Seconds = 60.0
    """Until the answer begins; a stream that has begun may last longer."""
    connections: Count = 1_000
    """Open at once, WebSockets too."""


class RateLimits(Section):
    """Requests by who asks; each as ``NUMBER per minute`` or the like."""

    enabled: bool = True
    address: str = "300 per minute"
    """Of one network address, before anybody is asked who they are."""
    refused: str = "30 per minute"
    """Failed proofs of identity from one address."""
    client: str = "600 per minute"
    """Of one device, application or person."""
    tenant: str = "6000 per minute"
    quota: str = "1000000 per day"
    """Of a tenant, over a longer time."""
    redis: str | None = None
    """``redis://HOST:PORT/N``: counts are shared by all processes. Otherwise each counts for itself."""

    @field_validator("address", "refused", "client", "tenant", "quota")
    @classmethod
    def _rate_only(cls, value: str) -> str:
        from limits import parse

        try:
            parse(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is no rate: an example is '600 per minute'") from error
        return value


class ConnectionSection(Section):
    """Of calls and WebSockets, which last."""

    total: Count = 200
    """At once, in this process."""
    of_tenant: Count = 100
    of_caller: Count = 5
    idle_seconds: Seconds = 60.0
    """Without a word from the other end."""
    longest_seconds: Seconds = 3_600.0
    message_bytes: Bytes = 256 * 1024


class IdempotencySection(Section):
    """Requests with an ``Idempotency-Key``."""

    kept_seconds: Seconds = 86_400.0
    answer_bytes: Bytes = 64 * 1024
    """A longer answer is not kept, and its request refused if it comes again."""


class LogSection(Section):
    """What the service logs."""

    style: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"
    personal: bool = False
    """Whether ``pii.*`` fields are written."""


class LimitsSection(Section):
    """All limits of the gateway."""

    request: RequestLimits = RequestLimits()
    rates: RateLimits = RateLimits()
    connections: ConnectionSection = ConnectionSection()
    idempotency: IdempotencySection = IdempotencySection()
