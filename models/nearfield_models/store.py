"""Where fetched packs lie on this machine, and the check that what is there is what it should be.

``<store>/<pack id>/<digest>/`` holds one version of a pack: its files, and the memory of checks and of
derived files. A new version lies beside the old one, so a running device keeps what it
opened. Nothing here fetches; see ``nearfield_models.fetching``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nearfield_models.build_steps import RECIPES
from nearfield_models.catalogue import Catalogue
from nearfield_models.derivation import derivation_holds, read_derivations
from nearfield_models.errors import ManifestError, PackDamagedError, PackNotFoundError
from nearfield_models.manifest import BuildStep, PackFile, PackManifest
from nearfield_models.verification import StampedFolder

_SHORT_DIGEST = 12
IMPORTED_MANIFESTS = "manifests"
"""The store's own folder of manifests: of packs that were imported and that nobody else describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPack:
    """A pack whose files are all there and unaltered."""

    id: str
    version: str
    digest: str
    """Short digest over the fetched files: names this very pack in turn records."""
    folder: Path
    names: tuple[str, ...]
    """Fetched and derived files."""
    loudness_lufs: float | None = None
    """Of a voice, as its manifest tells it."""

    def file(self, name: str) -> Path:
        """Where a file of the pack lies.

        Raises:
            ManifestError: The pack has no such file.
        """
        if name not in self.names:
            raise ManifestError(
                f"pack {self.id} has no file {name}: its manifest names {', '.join(self.names)}"
            )
        return self.folder / name


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A file that is not as it should be."""

    name: str
    reason: str
    """Completes "the file …": ``is missing``, ``has 12 bytes instead of 99``."""
    derived: bool = False
    """Whether it is made on this machine rather than fetched."""


class ModelStore:
    """The packs in one folder."""

    def __init__(self, folder: Path, catalogue: Catalogue | None = None) -> None:
        self.folder = folder
        self.catalogue = (catalogue or Catalogue.default()).followed_by(folder / IMPORTED_MANIFESTS)

    @classmethod
    def default(cls) -> ModelStore:
        """The store of this user: ``NEARFIELD_MODELS``, or ``nearfield/models`` in the XDG data folder."""
        if named := os.environ.get("NEARFIELD_MODELS"):
            return cls(Path(named))
        data = os.environ.get("XDG_DATA_HOME")
        return cls((Path(data) if data else Path.home() / ".local" / "share") / "nearfield" / "models")

    def pack_folder(self, manifest: PackManifest) -> Path:
        """Where this version of a pack lies, or would."""
        return self.folder / manifest.id / manifest.digest[:_SHORT_DIGEST]

    def holds(self, manifest: PackManifest) -> bool:
        """Whether something of this version was placed, sound or not."""
        folder = self.pack_folder(manifest)
        return any((folder / file.name).exists() for file in manifest.files)

    def faults(self, manifest: PackManifest, *, thorough: bool = False) -> tuple[Fault, ...]:
        """What is wrong with a pack's files.

        Args:
            manifest: What they should be.
            thorough: Read every byte again, also of files that have not changed since they were last read.
        """
        folder = self.pack_folder(manifest)
        stamps = StampedFolder(folder)
        if thorough:
            stamps.forget()
        found = [fault for file in manifest.files if (fault := _file_fault(folder, file, stamps)) is not None]
        if manifest.build:
            derivations = read_derivations(folder)
            for step in manifest.build:
                version = RECIPES[step.kind].version
                if not derivation_holds(step, version, derivations, stamps.digest):
                    found.extend(_step_faults(folder, step))
        if folder.is_dir():
            stamps.keep()
        return tuple(found)

    def installed(self, pack_id: str) -> InstalledPack:
        """Give a pack that is ready to be used.

        Raises:
            PackNotFoundError: Unknown, or not fetched.
            PackDamagedError: A file is missing, truncated or altered, or a derived one is out of date.
            ManifestError: Its manifest is wrong.
        """
        manifest = self.catalogue.manifest(pack_id)
        faults = self.faults(manifest)
        if faults and not self.holds(manifest):
            raise PackNotFoundError(
                f"pack {pack_id} {manifest.version} is not fetched: run `nearfield-models fetch {pack_id}`"
            )
        if faults:
            path = self.pack_folder(manifest) / faults[0].name
            raise PackDamagedError(
                f"pack {pack_id} is damaged: {path} {faults[0].reason}: "
                f"run `nearfield-models fetch {pack_id}` to mend it"
            )
        return self.describe(manifest)

    def describe(self, manifest: PackManifest) -> InstalledPack:
        """The pack as it is when nothing is wrong with it; checks nothing."""
        return InstalledPack(
            id=manifest.id,
            version=manifest.version,
            digest=manifest.digest[:_SHORT_DIGEST],
            folder=self.pack_folder(manifest),
            names=(
                *(file.name for file in manifest.files),
                *(name for step in manifest.build for name in step.outputs),
            ),
            loudness_lufs=manifest.loudness_lufs,
        )


def _file_fault(folder: Path, file: PackFile, stamps: StampedFolder) -> Fault | None:
    try:
        size_bytes = (folder / file.name).stat().st_size
        if size_bytes != file.size_bytes:
            return Fault(name=file.name, reason=f"has {size_bytes} bytes instead of {file.size_bytes}")
        digest = stamps.digest(file.name)
    except FileNotFoundError:
        return Fault(name=file.name, reason="is missing")
    except OSError as error:
        return Fault(name=file.name, reason=f"cannot be read ({error.strerror})")
    if digest != file.sha256:
        return Fault(name=file.name, reason=f"was altered (sha256 {digest} instead of {file.sha256})")
    return None


def _step_faults(folder: Path, step: BuildStep) -> list[Fault]:
    missing = [name for name in step.outputs if not (folder / name).exists()]
    if missing:
        return [Fault(name=name, reason="is missing", derived=True) for name in missing]
    reason = f"is not what step {step.kind} makes from the files that are there"
    return [Fault(name=name, reason=reason, derived=True) for name in step.outputs]
