"""The cloud that is asked what the device cannot answer, and what is kept of that."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from nearfield_edge.page.hosts import is_loopback
from nearfield_sync.section import Section


class CloudSection(Section):
    """The link to the cloud; without a URL there is none."""

    url: str | None = None
    """Scheme, host and port: ``https://cloud.example.com``; ``http`` only to this machine."""
    transport: Literal["webrtc", "websocket"] = "webrtc"
    key_file: Path | None = None
    """The device's key (PEM, mode 0600), with ``certificate_file``."""
    certificate_file: Path | None = None
    """The device's certificate and those between it and the root (PEM)."""
    api_key_file: Path | None = None
    """An API key for trials, where there is no certificate."""
    ca_file: Path | None = None
    """The authorities to trust instead of the system's (PEM)."""
    tenant: str = Field("default", min_length=1, max_length=64)
    """Whose device this is: nothing that was kept for another tenant is ever answered."""
    audience: str = Field("public", min_length=1, max_length=64)
    """Whom the device answers: nothing that was kept for another audience is answered."""
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    ice_servers: tuple[str, ...] = Field((), max_length=16)
    """STUN and TURN servers, best first; without any the cloud must have an address that can be reached."""
    ice_username: str | None = None
    ice_password_file: Path | None = None
    connect_seconds: float = Field(10.0, ge=1.0, le=60.0)
    deadline_seconds: float = Field(8.0, ge=1.0, le=60.0)
    """From a question to the last sentence of its answer."""
    context_exchanges: int = Field(4, ge=0, le=16)
    """Earlier questions and answers that go along."""
    longest_answer_characters: int = Field(16_000, ge=200, le=200_000)
    keep_answers: int = Field(1_000, ge=0, le=100_000)
    """In the local cache; 0 keeps none."""
    keep_answers_megabytes: int = Field(16, ge=1, le=1_000)
    keep_answers_hours: float = Field(168.0, ge=0.0, le=8_760.0)
    """The most that the cloud's own word on it is believed."""
    keep_questions: int = Field(50, ge=0, le=1_000)
    """That wait for a link; 0 keeps none."""
    keep_questions_hours: float = Field(24.0, ge=0.1, le=720.0)

    @field_validator("url")
    @classmethod
    def _url_of_a_server(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
        except ValueError:
            known = None
        if not known or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
            raise ValueError("write scheme, host and port alone, such as 'https://cloud.example.com'")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ValueError("in the clear only this machine may be asked: write https://")
        return value

    @model_validator(mode="after")
    def _known_by_one_thing(self) -> CloudSection:
        if (self.key_file is None) != (self.certificate_file is None):
            raise ValueError("key_file and certificate_file belong together: name both")
        if self.url is not None and self.key_file is None and self.api_key_file is None:
            raise ValueError("name how the device is known: key_file and certificate_file, or api_key_file")
        if (self.ice_username is None) != (self.ice_password_file is None):
            raise ValueError("ice_username and ice_password_file belong together: name both")
        return self
