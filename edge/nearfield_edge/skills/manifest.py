"""``skill.toml``: who the skill is, what it may do, what a site can set, and how it answers.

Only the shape is read here; whether the named functions and replies exist is seen in ``loading``, and
where ``{data}`` and ``{settings.NAME}`` lead is decided in ``permissions``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from nearfield_edge.errors import SkillError
from nearfield_sync.messages.turn_record import Json
from nearfield_sync.validation import nearest, sentence

LARGEST_FILE_BYTES: Final = 256 * 1024

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
SkillId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Suggestion = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*:[a-z_][a-z0-9_]*$")]
"""``module:function``."""

_ORIGIN = re.compile(r"^(https?://[^/\s{}]+|\{settings\.[A-Za-z_][A-Za-z0-9_]*\})$")
_FOLDER = re.compile(r"^(/|\{data\}|\{skill\}|\{settings\.[A-Za-z_][A-Za-z0-9_]*\})")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PermissionDeclaration(_Strict):
    """What the skill's functions and effects may touch; nothing unless it is named here."""

    network: tuple[str, ...] = ()
    """``https://host[:port]``, ``http://host[:port]`` or ``{settings.NAME}`` holding a URL."""
    files_read: tuple[str, ...] = ()
    """Files or folders: absolute, or beginning with ``{data}``, ``{skill}`` or ``{settings.NAME}``."""
    files_write: tuple[str, ...] = ()
    publish: tuple[str, ...] = ()
    """MQTT topic filters, with ``+`` and ``#`` as usual; ``{settings.NAME}`` is filled in."""

    @field_validator("network")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not _ORIGIN.match(entry):
                raise ValueError(f"'{entry}' is not https://host[:port] or {{settings.NAME}}")
        return value

    @field_validator("files_read", "files_write")
    @classmethod
    def _folders(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not _FOLDER.match(entry):
                raise ValueError(
                    f"'{entry}' must be absolute or begin with {{data}}, {{skill}} or {{settings.NAME}}"
                )
        return value


class SettingDeclaration(_Strict):
    """One thing a site can set for the skill."""

    type: Literal["text", "number", "boolean", "list", "table", "path"]
    default: JsonValue
    """For a ``path``: absolute, or beginning with ``{skill}`` or ``{data}``."""
    about: str = ""

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if not _fits(self.type, self.default):
            raise ValueError(f"its default is no {self.type}")
        return self


class HttpDeclaration(_Strict):
    """An HTTP request; the texts are Jinja2 templates over slots, settings and now."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str
    body: JsonValue = None


class MqttDeclaration(_Strict):
    """An MQTT message; the texts are Jinja2 templates over slots, settings and now."""

    topic: str
    body: JsonValue = None


class EffectDeclaration(_Strict):
    """What a skill without Python sets in motion: exactly one kind."""

    http: HttpDeclaration | None = None
    mqtt: MqttDeclaration | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.http is None) == (self.mqtt is None):
            raise ValueError("an effect has either 'http' or 'mqtt'")
        return self


class IntentDeclaration(_Strict):
    """How one intent is answered: by a function, or by a reply and declared effects."""

    function: FunctionName | None = None
    reply: Name | None = None
    effects: tuple[EffectDeclaration, ...] = ()
    required: dict[Name, Name] = Field(default_factory=dict)
    """Slot to the reply that asks for it, in the order of asking."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.function is None) == (self.reply is None):
            raise ValueError("an intent has either 'function' or 'reply'")
        if self.function is not None and self.effects:
            raise ValueError("effects of an intent with a function are returned by the function")
        return self


class ListDeclaration(_Strict):
    """Where the values of a list in ``sentences.yaml`` come from at run time."""

    function: FunctionName | None = None
    setting: Name | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.function is None) == (self.setting is None):
            raise ValueError("a list has either 'function' or 'setting'")
        return self


class SkillManifest(_Strict):
    """The whole of ``skill.toml``."""

    id: SkillId
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")]
    title: str
    suggestions: tuple[Suggestion, ...] = Field((), max_length=6)
    """What a screen suggests to say."""
    permissions: PermissionDeclaration = PermissionDeclaration()
    settings: dict[Name, SettingDeclaration] = Field(default_factory=dict)
    intents: dict[Name, IntentDeclaration]
    lists: dict[Name, ListDeclaration] = Field(default_factory=dict)
    effect_functions: tuple[FunctionName, ...] = ()
    """Functions that a ``FunctionEffect`` may name."""


def parse_manifest(text: str, where: str) -> SkillManifest:
    """Read the text of a ``skill.toml``.

    Args:
        text: TOML.
        where: The file's name, for messages.

    Raises:
        SkillError: Not TOML, or a key is unknown, missing or wrong; the message names file and key.
    """
    try:
        return SkillManifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SkillError(f"{where}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise SkillError(sentence(error, SkillManifest, where)) from error


def resolve_settings(
    manifest: SkillManifest, given: Mapping[str, Json], *, skill_folder: Path, data_folder: Path
) -> dict[str, Json]:
    """Fill in defaults, check kinds and expand paths.

    Args:
        manifest: Declares the settings.
        given: What the site's configuration sets.
        skill_folder: What ``{skill}`` stands for in a setting of type ``path``.
        data_folder: What ``{data}`` stands for there.

    Raises:
        SkillError: An unknown setting, or a value of another kind than declared.
    """
    for name in given:
        if name not in manifest.settings:
            known = list(manifest.settings)
            raise SkillError(f"skill {manifest.id}: unknown setting '{name}'{nearest(name, known)}")
    resolved: dict[str, Json] = {}
    for name, declared in manifest.settings.items():
        value = given.get(name, declared.default)
        if not _fits(declared.type, value):
            raise SkillError(
                f"skill {manifest.id}: setting '{name}' must be a {declared.type}, not {value!r}"
            )
        if declared.type == "path" and isinstance(value, str):
            value = value.replace("{skill}", str(skill_folder)).replace("{data}", str(data_folder))
            if not Path(value).is_absolute():
                raise SkillError(
                    f"skill {manifest.id}: setting '{name}' must be an absolute path, not '{value}'"
                )
        resolved[name] = value
    return resolved


def _fits(kind: str, value: object) -> bool:
    match kind:
        case "text" | "path":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)
