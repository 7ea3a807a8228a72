"""How the device is watched by machines: figures and traces, both off by default."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from nearfield_sync.section import Section


class MetricsSection(Section):
    """Figures for Prometheus, at a port of their own, without a token; this machine's only unless told."""

    host: str = "127.0.0.1"
    port: int | None = Field(None, ge=0, le=65_535)
    """None serves none; 0 takes any free one."""


class TracingSection(Section):
    """Spans for an OpenTelemetry collector; off unless one is named."""

    endpoint: str | None = None
    """OTLP over HTTP: ``http://127.0.0.1:4318/v1/traces``; a restricted site must list its host in egress."""
    token_file: Path | None = None
    """Its first line is sent to the collector as bearer token."""
    share: float = Field(1.0, ge=0, le=1)
    """Of turns that are traced, in the cloud too."""
    timeout_seconds: float = Field(5.0, gt=0, le=60)
    personal: bool = False
    """Whether what people said may leave under ``pii.*``."""

    @field_validator("endpoint")
    @classmethod
    def _address_only(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError(f"{value!r} is no address: an example is 'http://127.0.0.1:4318/v1/traces'")
        return value


class ObservingSection(Section):
    """Both of them."""

    metrics: MetricsSection = MetricsSection()
    tracing: TracingSection = TracingSection()
