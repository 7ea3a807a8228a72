"""The device's page: where it is served and how it is protected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from nearfield_edge.page.hosts import is_loopback
from nearfield_sync.section import Section

_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


class PageSection(Section):
    """The page in a browser: what the device hears, thinks and says."""

    enabled: bool = True
    host: str = "127.0.0.1"
    """The address it is served at: this machine only unless another is named; ``0.0.0.0`` is all."""
    port: int = Field(8770, ge=0, le=65_535)
    """0 takes any free one."""
    token_file: Path | None = None
    """File whose first line is the token; if absent the device makes ``keys/page.token`` in its data."""
    tls: Literal["auto", "on", "off"] = "auto"
    """``auto``: on wherever others than this machine can reach it."""
    certificate: Path | None = None
    """PEM, with ``key``; if absent the device signs one itself."""
    key: Path | None = None
    names: tuple[str, ...] = ()
    """Further names or addresses under which the page is asked for."""
    languages: tuple[str, ...] = ()
    """Of the page, such as ``de``; the browser's if absent."""

    @property
    def uses_tls(self) -> bool:
        """Whether it is served over TLS."""
        return self.tls == "on" or (self.tls == "auto" and not is_loopback(self.host))

    @field_validator("host")
    @classmethod
    def _host_only(cls, value: str) -> str:
        if not _HOST.fullmatch(value):
            raise ValueError(f"{value!r} is no name and no address: an example is '127.0.0.1'")
        return value

    @field_validator("names")
    @classmethod
    def _names_only(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no name and no address: leave out scheme, port and path")
        return value

    @field_validator("languages")
    @classmethod
    def _known_form(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for language in value:
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{language!r} is no language: examples are 'en' and 'de'")
        return value

    @model_validator(mode="after")
    def _certificate_with_key(self) -> PageSection:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: name both files or none")
        return self
