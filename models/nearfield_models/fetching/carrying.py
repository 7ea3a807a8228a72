"""Carrying packs to a site without a network: a folder with manifests, files and their digests.

::

    DIR/SHA256SUMS                  for `sha256sum --check`, by hand
    DIR/<pack id>.toml              the manifest
    DIR/<pack id>/<file>            what it names; derived files are made anew where they arrive

What a pack should be is decided by the manifest that the importing site already has. Only for a pack that it
does not know is the carried manifest taken, and kept in the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nearfield_models.catalogue import CatalogueEntry
from nearfield_models.errors import DigestMismatchError, FetchError, ManifestError, PackNotFoundError
from nearfield_models.fetching.fetch import Fetched, complete_packs
from nearfield_models.fetching.intake import copy_in, require_digest
from nearfield_models.fetching.progress import Progress
from nearfield_models.manifest import FileSource, PackManifest, read_manifest
from nearfield_models.placing import make_folder, storage_faults, write_whole
from nearfield_models.policy import LicencePolicy, require_accepted
from nearfield_models.store import IMPORTED_MANIFESTS, ModelStore

_SUMS = "SHA256SUMS"


def export_packs(
    store: ModelStore, pack_ids: Sequence[str], folder: Path, progress: Progress
) -> tuple[str, ...]:
    """Copy packs and their manifests into a folder.

    Returns:
        The ids of what the folder now carries.

    Raises:
        PackNotFoundError: A pack is unknown or not fetched.
        PackDamagedError: A pack is not sound.
        StorageError: The folder cannot be written.
    """
    entries = [store.catalogue.entry(pack_id) for pack_id in pack_ids]
    for entry in entries:
        pack = store.installed(entry.manifest.id)
        target = folder / pack.id
        with storage_faults(folder):
            make_folder(target)
        for file in entry.manifest.files:
            progress.begin(f"{pack.id}/{file.name}", file.size_bytes)
            copy_in(file, pack.file(file.name), target / file.name)
            progress.end()
        with storage_faults(folder):
            write_whole(folder / f"{pack.id}.toml", entry.path.read_bytes())
    with storage_faults(folder):
        make_folder(folder)
        write_whole(folder / _SUMS, "".join(_sums(folder)).encode())
    return tuple(entry.manifest.id for entry in entries)


def _sums(folder: Path) -> list[str]:
    manifests = [read_manifest(path) for path in sorted(folder.glob("*.toml"))]
    return [
        f"{file.sha256}  {manifest.id}/{file.name}\n" for manifest in manifests for file in manifest.files
    ]


def import_packs(
    store: ModelStore, folder: Path, policy: LicencePolicy, progress: Progress
) -> tuple[Fetched, ...]:
    """Bring all packs that a folder carries into the store, or none.

    Raises:
        PackNotFoundError: The folder carries no pack.
        ManifestError: A manifest is wrong, or differs from what this site expects of that pack.
        LicenceRefusedError: The policy refuses one.
        FetchError: A file is missing.
        DigestMismatchError: A file is not what its manifest names.
        StorageError: The store cannot be written.
    """
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise PackNotFoundError(
            f"{folder} carries no packs: name a folder that `nearfield-models export` made"
        )
    carried = [read_manifest(path) for path in paths]
    verdicts = require_accepted(carried, policy)
    for manifest in carried:
        _require_expected(store, manifest, folder)
        _require_whole(manifest, folder)
    entries = [
        CatalogueEntry(manifest=_from_medium(manifest, folder), path=path)
        for path, manifest in zip(paths, carried, strict=True)
    ]
    changes = complete_packs(store, entries, progress=progress)
    for path, manifest in zip(paths, carried, strict=True):
        if not _is_described_here(store, manifest.id):
            _keep_manifest(store, manifest.id, path.read_bytes())
    return tuple(
        Fetched(pack=store.describe(manifest), fetched=fetched, built=built, notice=verdict.notice)
        for manifest, verdict, (fetched, built) in zip(carried, verdicts, changes, strict=True)
    )


def _keep_manifest(store: ModelStore, pack_id: str, text: bytes) -> None:
    folder = store.folder / IMPORTED_MANIFESTS
    with storage_faults(folder):
        make_folder(folder)
        write_whole(folder / f"{pack_id}.toml", text)


def _is_described_here(store: ModelStore, pack_id: str) -> bool:
    """Whether the site itself has a manifest of the pack, not just an earlier import."""
    if pack_id not in store.catalogue.ids():
        return False
    return store.catalogue.entry(pack_id).path.parent != store.folder / IMPORTED_MANIFESTS


def _require_expected(store: ModelStore, manifest: PackManifest, folder: Path) -> None:
    if not _is_described_here(store, manifest.id):
        return
    expected = store.catalogue.manifest(manifest.id)
    if expected.digest != manifest.digest:
        raise ManifestError(
            f"{folder} carries {manifest.id} {manifest.version} with other files than this Nearfield expects "
            f"({expected.version}): export it from a machine with the same Nearfield"
        )


def _require_whole(manifest: PackManifest, folder: Path) -> None:
    for file in manifest.files:
        path = folder / manifest.id / file.name
        try:
            size_bytes = path.stat().st_size
            if size_bytes != file.size_bytes:
                raise DigestMismatchError(
                    f"{path} has {size_bytes} bytes, not {file.size_bytes}: nothing was imported"
                )
            require_digest(file, path)
        except OSError as error:
            raise FetchError(f"{path} cannot be read ({error.strerror}): nothing was imported") from error


def _from_medium(manifest: PackManifest, folder: Path) -> PackManifest:
    files = tuple(
        file.model_copy(
            update={"sources": (FileSource(kind="file", path=(folder / manifest.id / file.name).resolve()),)}
        )
        for file in manifest.files
    )
    return manifest.model_copy(update={"files": files})
