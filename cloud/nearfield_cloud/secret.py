"""Secrets come from a file or the environment that the configuration names, never from the configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from nearfield_cloud.errors import ConfigurationError
from nearfield_sync.section import Section

_LONGEST_BYTES: Final = 16 * 1024


class SecretSource(Section):
    """Where a secret is: one of the two."""

    file: Path | None = None
    environment: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (self.environment is None):
            raise ValueError("a secret needs either file or environment")
        return self


def read_secret(source: SecretSource, what: str) -> str:
    """Read a secret; white space around it does not count.

    Args:
        source: Where it is.
        what: Begins the message: ``language_model.endpoints.0.key``.

    Raises:
        ConfigurationError: It is not there, empty, too long or no text.
    """
    if source.environment is not None:
        place, secret = f"the environment's {source.environment}", os.environ.get(source.environment, "")
    else:
        place, secret = f"the file {source.file}", _content(source.file or Path(), what)
    secret = secret.strip()
    if not secret or not secret.isprintable():
        raise ConfigurationError(f"{what}: {place} holds no secret of one line: write it there")
    return secret


def _content(file: Path, what: str) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(_LONGEST_BYTES + 1)
        if len(raw) > _LONGEST_BYTES:
            raise ConfigurationError(
                f"{what}: the file {file} has over {_LONGEST_BYTES} bytes: is it the right one?"
            )
        return raw.decode()
    except OSError as error:
        raise ConfigurationError(f"{what}: the file {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{what}: the file {file} is not text in UTF-8") from error
