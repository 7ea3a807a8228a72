"""How the service can be watched: metrics, traces, health."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator, model_validator

from nearfield_sync.section import Section


class MetricsSection(Section):
    """Prometheus. Off unless a port of its own or a token is named."""

    host: str = "127.0.0.1"
    """Of the port of its own."""
    port: int | None = Field(None, ge=0, le=65_535)
    """Serves ``/metrics`` without a token, at this port alone; 0 takes any free one."""
    token_file: Path | None = None
    """Its first line must come as bearer token; then ``/metrics`` is at the service's own port."""

    @model_validator(mode="after")
    def _one_way(self) -> MetricsSection:
        if self.port is not None and self.token_file is not None:
            raise ValueError("port serves metrics without a token: name either port or token_file")
        return self


class TracingSection(Section):
    """OpenTelemetry. Off unless a collector is named."""

    endpoint: str | None = None
    """OTLP over HTTP: ``http://127.0.0.1:4318/v1/traces``."""
    token_file: Path | None = None
    """Its first line is sent to the collector as bearer token."""
    share: float = Field(1.0, ge=0, le=1)
    """Of turns that are traced where the device has not decided it."""
    timeout_seconds: float = Field(5.0, gt=0, le=60)
    personal: bool = False
    """Whether what people said may leave under ``pii.*``."""

    @field_validator("endpoint")
    @classmethod
    def _address_only(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError(f"{value!r} is no address: an example is 'http://127.0.0.1:4318/v1/traces'")
        return value


class HealthSection(Section):
    """When the service calls itself ready."""

    check_seconds: float = Field(2.0, gt=0, le=30)
    """For each check; one that takes longer has failed."""
    kept_seconds: float = Field(1.0, ge=0, le=60)
    """How long a result stands, so that asking often costs nothing."""
    least_free_megabytes: int = Field(256, ge=0, le=1_000_000)
    """On the disk of the data folder."""
    longest_lag_seconds: float = Field(1.0, gt=0, le=60)
    """By which the event loop may be late."""


class ObservingSection(Section):
    """All of it."""

    metrics: MetricsSection = MetricsSection()
    tracing: TracingSection = TracingSection()
    health: HealthSection = HealthSection()
