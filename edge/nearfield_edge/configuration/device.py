"""What the device is and where it stands, whom it may reach, and what it keeps and logs."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from nearfield_sync.section import Section


def _data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "nearfield"


def _host_name() -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", platform.node())[:64] or "device"


def _system_zone() -> str:
    """The machine's time zone by name, UTC where it does not tell."""
    for name in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]):
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return "UTC"


class DeviceSection(Section):
    """What this device is and where it stands."""

    id: str = Field(default_factory=_host_name, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    """Names the device in records and to brokers; its host name if absent."""
    site_mode: Literal["open", "restricted"] = "open"
    egress: tuple[str, ...] = ()
    """Hosts (``host`` or ``host:port``) that a restricted site lets the device reach."""
    data: Path = Field(default_factory=_data_folder)
    """Where turns, effects and skills keep what must last."""
    time_zone: str = Field(default_factory=_system_zone)
    """A name such as ``Europe/Berlin``; the machine's if absent."""
    profile: Literal["development", "production"] = "development"
    """Which licence policy judges the model packs."""

    @property
    def recordings_key(self) -> Path:
        """The file of the key that recordings are encrypted with."""
        return self.data / "keys" / "recordings.key"

    @property
    def models(self) -> Path:
        """The folder of what the device itself has trained."""
        return self.data / "models"

    @property
    def prompts(self) -> Path:
        """The folder of what the device says again and again."""
        return self.data / "prompts"

    @property
    def effects_file(self) -> Path:
        """The file of effects that are under way."""
        return self.data / "outbox.sqlite"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {value!r}; an example is 'Europe/Berlin'") from error
        return value


class MqttSection(Section):
    """The broker that skills publish to."""

    host: str | None = None
    """Without a host nothing is published, and a skill that tries is refused by name."""
    port: int = Field(8_883, ge=1, le=65_535)
    tls: bool = True
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None


class RecordsSection(Section):
    """What is kept of what was said."""

    keep_days: int = Field(30, ge=0, le=3_650)
    keep_turns: int = Field(100_000, ge=0, le=10_000_000)
    sound: bool = False
    """Whether the sound of turns is recorded (encrypted)."""
    sound_keep_days: int = Field(7, ge=0, le=365)
    sound_keep_megabytes: int = Field(500, ge=1, le=1_000_000)


class LogSection(Section):
    """What is logged."""

    style: Literal["json", "console"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"
    personal: bool = False
    """Whether what people said may appear in logs."""
