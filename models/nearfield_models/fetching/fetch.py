"""Bringing packs into a store: what is missing is fetched, checked, placed; what is derived is made.

A pack that is there and sound costs a few ``stat`` calls. Everything that writes happens under the store's
lock, in a temporary folder beside the packs, and ends with a rename, so a file is there whole or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nearfield_models.build_steps import RECIPES
from nearfield_models.catalogue import CatalogueEntry
from nearfield_models.derivation import Derivation, derivation_holds, read_derivations, write_derivations
from nearfield_models.errors import BuildStepError
from nearfield_models.fetching.https import Downloads
from nearfield_models.fetching.locking import sole_writer
from nearfield_models.fetching.progress import Progress, Silence
from nearfield_models.fetching.supply import Supply
from nearfield_models.fetching.wheels import Wheelhouse
from nearfield_models.manifest import BuildStep, PackManifest
from nearfield_models.placing import make_folder, place, storage_faults
from nearfield_models.policy import LicencePolicy, require_accepted
from nearfield_models.store import InstalledPack, ModelStore
from nearfield_models.verification import StampedFolder, sha256_of

_WORK = ".fetching"
_PARTS = ".partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A pack that is now there."""

    pack: InstalledPack
    fetched: tuple[str, ...]
    """Files that had to be brought; empty where all were there."""
    built: tuple[str, ...]
    """Files that had to be made."""
    notice: str | None
    """What the licence policy wants its user to know; begins with the pack's id."""


def fetch_packs(
    store: ModelStore,
    pack_ids: Sequence[str],
    policy: LicencePolicy,
    *,
    progress: Progress | None = None,
    platform: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Fetched, ...]:
    """Make packs ready to be used; those that are ready already are left alone.

    Args:
        store: Where they go.
        pack_ids: Which; their order is the order of fetching.
        policy: Asked about all of them before anything is fetched.
        progress: Hears how far it is.
        platform: Platform tag of the machine they are for, such as ``manylinux_2_34_aarch64``.
        sleep: Waits so many seconds between attempts.

    Raises:
        PackNotFoundError: There is no such pack.
        ManifestError: A manifest is wrong.
        LicenceRefusedError: The policy refuses one; nothing was fetched.
        FetchError: No source has a file.
        DigestMismatchError: A source has other bytes; they were not kept.
        BuildStepError: A derived file could not be made.
        StorageError: The store cannot be written.
    """
    entries = [store.catalogue.entry(pack_id) for pack_id in dict.fromkeys(pack_ids)]
    verdicts = require_accepted((entry.manifest for entry in entries), policy)
    changes = complete_packs(store, entries, progress=progress or Silence(), platform=platform, sleep=sleep)
    return tuple(
        Fetched(pack=store.describe(entry.manifest), fetched=fetched, built=built, notice=verdict.notice)
        for entry, verdict, (fetched, built) in zip(entries, verdicts, changes, strict=True)
    )


def complete_packs(
    store: ModelStore,
    entries: Sequence[CatalogueEntry],
    *,
    progress: Progress,
    platform: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Bring and make what packs lack, whatever their licence; see `fetch_packs`.

    Returns:
        For each entry the names of the files that were fetched and of those that were made.
    """
    if not any(store.faults(entry.manifest) for entry in entries):
        return [((), ())] * len(entries)
    with sole_writer(store.folder, progress), _work_folder(store.folder) as work:
        supply = Supply(
            wheels=Wheelhouse(work, progress, sleep=sleep, platform=platform),
            downloads=Downloads(store.folder / _PARTS, progress, sleep=sleep),
        )
        return [
            (_fetch_files(store, entry, supply, work), _make_files(store, entry.manifest, work, progress))
            for entry in entries
        ]


@contextmanager
def _work_folder(store: Path) -> Iterator[Path]:
    """A folder for unfinished files; what a killed fetch left there is cleared away first."""
    root = store / _WORK
    shutil.rmtree(root, ignore_errors=True)
    with storage_faults(store):
        root.mkdir()
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _fetch_files(store: ModelStore, entry: CatalogueEntry, supply: Supply, work: Path) -> tuple[str, ...]:
    manifest = entry.manifest
    lacking = {fault.name for fault in store.faults(manifest) if not fault.derived}
    folder = store.pack_folder(manifest)
    for file in manifest.files:
        if file.name not in lacking:
            continue
        received = work / file.sha256
        supply.take(file, received, base=entry.path.parent)
        with storage_faults(folder):
            make_folder(folder)
            place(received, folder / file.name)
    return tuple(file.name for file in manifest.files if file.name in lacking)


def _make_files(store: ModelStore, manifest: PackManifest, work: Path, progress: Progress) -> tuple[str, ...]:
    folder = store.pack_folder(manifest)
    made: list[str] = []
    for step in manifest.build:
        derivations = read_derivations(folder)
        stamps = StampedFolder(folder)
        if derivation_holds(step, RECIPES[step.kind].version, derivations, stamps.digest):
            continue
        progress.begin(f"{manifest.id}: {', '.join(step.outputs)}", None)
        try:
            with storage_faults(folder):
                derivation = _run_step(manifest, step, folder, work)
                others = [d for d in derivations if set(d.outputs) != set(step.outputs)]
                write_derivations(folder, [*others, derivation])
        finally:
            progress.end()
        made.extend(step.outputs)
    if made:
        store.faults(manifest)
    return tuple(made)


def _run_step(manifest: PackManifest, step: BuildStep, folder: Path, work: Path) -> Derivation:
    recipe = RECIPES[step.kind]
    if (len(step.inputs), len(step.outputs)) != (recipe.inputs, recipe.outputs):
        raise BuildStepError(
            f"pack {manifest.id}: step {step.kind} makes {recipe.outputs} files from {recipe.inputs}, "
            f"its manifest names {len(step.outputs)} and {len(step.inputs)}"
        )
    scratch = Path(tempfile.mkdtemp(dir=work))
    inputs = {name: sha256_of(folder / name) for name in step.inputs}
    recipe.make(tuple(folder / name for name in step.inputs), tuple(scratch / name for name in step.outputs))
    outputs = {name: sha256_of(scratch / name) for name in step.outputs}
    for name in step.outputs:
        place(scratch / name, folder / name)
    return Derivation(kind=step.kind, version=recipe.version, inputs=inputs, outputs=outputs)
