"""Which packs are known: those that come with Nearfield, and those of the site.

A catalogue is a row of folders of manifests; the first folder that has ``<id>.toml`` decides. Only the
manifest that is asked for is read, so that a broken one of a pack not in use harms nobody.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nearfield_models.errors import ManifestError, PackNotFoundError
from nearfield_models.manifest import PackManifest, read_manifest


def shipped_manifests() -> Path:
    """The manifests that come with Nearfield: in the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "packs"
    return installed if installed.is_dir() else package.parent / "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """A manifest and where it stands."""

    manifest: PackManifest
    path: Path


class Catalogue:
    """The manifests in some folders, the first folder first."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)

    @classmethod
    def default(cls) -> Catalogue:
        """The site's folder (``NEARFIELD_PACKS``, if set), then what comes with Nearfield."""
        site = os.environ.get("NEARFIELD_PACKS")
        return cls([*([Path(site)] if site else []), shipped_manifests()])

    def followed_by(self, folder: Path) -> Catalogue:
        """The same catalogue with one more folder, looked at last."""
        return Catalogue([*self._folders, folder])

    def ids(self) -> tuple[str, ...]:
        """All known pack ids, sorted."""
        return tuple(sorted({path.stem for folder in self._folders for path in folder.glob("*.toml")}))

    def entry(self, pack_id: str) -> CatalogueEntry:
        """Read one pack's manifest.

        Raises:
            PackNotFoundError: No folder has it.
            ManifestError: It is wrong, or describes another pack.
        """
        known = self.ids()
        if pack_id not in known:
            near = difflib.get_close_matches(pack_id, known, n=1)
            advice = f"did you mean {near[0]}?" if near else "`nearfield-models list` shows those there are"
            raise PackNotFoundError(f"there is no pack called {pack_id!r}: {advice}")
        path = next(path for folder in self._folders if (path := folder / f"{pack_id}.toml").is_file())
        manifest = read_manifest(path)
        if manifest.id != pack_id:
            raise ManifestError(
                f"{path} describes {manifest.id!r}: name the file {manifest.id}.toml, or mend its id"
            )
        return CatalogueEntry(manifest=manifest, path=path)

    def manifest(self, pack_id: str) -> PackManifest:
        """Like `entry`, the manifest alone."""
        return self.entry(pack_id).manifest

    def defaults(self) -> tuple[str, ...]:
        """Ids of the packs that a device needs to answer out of the box."""
        return tuple(pack_id for pack_id in self.ids() if self.manifest(pack_id).default)
