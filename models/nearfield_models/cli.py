"""``nearfield-models``: see, fetch, check and carry model packs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nearfield_models.errors import ModelsError, PackNotFoundError
from nearfield_models.fetching.progress import Progress, Silence
from nearfield_models.manifest import PackManifest
from nearfield_models.policy import LicencePolicy, judge, named_policy
from nearfield_models.store import ModelStore

if TYPE_CHECKING:
    from nearfield_models.fetching.fetch import Fetched

_PLAIN_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""

_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_quiet = click.option("--quiet", is_flag=True, help="Say nothing unless something is wrong.")
_profile = click.option(
    "--profile",
    default="development",
    envvar="NEARFIELD_PROFILE",
    show_default=True,
    show_envvar=True,
    help="Licence policy: development, production, or a policy's TOML file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the packs instead of NEARFIELD_MODELS or the user's data folder.",
)
@click.pass_context
def cli(context: click.Context, store: Path | None) -> None:
    """See, fetch, check and carry the models that Nearfield runs."""
    context.obj = ModelStore(store) if store else ModelStore.default()


@cli.command("list")
@_profile
@_as_json
@click.pass_obj
def list_packs(store: ModelStore, profile: str, as_json: bool) -> None:
    """Show all packs, whether they are here, and whether the licence policy accepts them."""
    policy = named_policy(profile)
    rows = [_summary(store, store.catalogue.manifest(pack_id), policy) for pack_id in store.catalogue.ids()]
    if as_json:
        return _print_json({"store": str(store.folder), "policy": policy.name, "packs": rows})
    columns = ("id", "role", "version", "licence", "MB", "state", "")
    lines = [
        (
            row["id"],
            row["role"],
            row["version"],
            row["licence"],
            f"{row['size_bytes'] / 1e6:.1f}",
            row["state"] if row["accepted"] or row["state"] != "absent" else "refused",
            "default" if row["default"] else "",
        )
        for row in rows
    ]
    return _print_table(columns, lines, f"{store.folder}, policy {policy.name}")


@cli.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@click.option("--all", "everything", is_flag=True, help="All packs that the licence policy accepts.")
@click.option("--platform", metavar="TAG", help="For another machine, such as manylinux_2_34_aarch64.")
@_profile
@_quiet
@_as_json
@click.pass_obj
def fetch(
    store: ModelStore,
    ids: tuple[str, ...],
    everything: bool,
    platform: str | None,
    profile: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Bring packs here, the default ones if none is named; what is here and sound is left alone."""
    from nearfield_models.fetching.fetch import fetch_packs

    policy = named_policy(profile)
    refused: dict[str, str] = {}
    if everything:
        verdicts = [judge(store.catalogue.manifest(pack_id), policy) for pack_id in store.catalogue.ids()]
        refused = {verdict.pack_id: verdict.reason for verdict in verdicts if not verdict.allowed}
        ids = tuple(verdict.pack_id for verdict in verdicts if verdict.allowed)
    with _progress(silent=quiet or as_json) as progress:
        done = fetch_packs(
            store, ids or store.catalogue.defaults(), policy, progress=progress, platform=platform
        )
    _report_brought(done, refused, quiet=quiet, as_json=as_json)


@cli.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@_as_json
@click.pass_obj
def verify(store: ModelStore, ids: tuple[str, ...], as_json: bool) -> None:
    """Read every byte of the packs that are here again and compare the digests."""
    known = ids or store.catalogue.ids()
    manifests = [m for m in (store.catalogue.manifest(pack_id) for pack_id in known) if ids or store.holds(m)]
    faults = {m.id: store.faults(m, thorough=True) for m in manifests}
    if as_json:
        found = {key: [{"file": f.name, "fault": f.reason} for f in value] for key, value in faults.items()}
        _print_json({"store": str(store.folder), "faults": found, "sound": not any(faults.values())})
    else:
        if not manifests:
            click.echo(f"no packs in {store.folder}")
        for pack_id, found_faults in faults.items():
            click.echo(f"{pack_id}: {'; '.join(f'{f.name} {f.reason}' for f in found_faults) or 'sound'}")
    if damaged := [pack_id for pack_id, found_faults in faults.items() if found_faults]:
        click.echo(f"nearfield-models: mend with `nearfield-models fetch {' '.join(damaged)}`", err=True)
        sys.exit(1)


@cli.command()
@click.argument("pack_id", metavar="ID")
@_profile
@_as_json
@click.pass_obj
def info(store: ModelStore, pack_id: str, profile: str, as_json: bool) -> None:
    """Tell everything about a pack: files, digests, sources, licence, origins."""
    manifest = store.catalogue.manifest(pack_id)
    summary = _summary(store, manifest, named_policy(profile))
    if as_json:
        return _print_json({**manifest.model_dump(mode="json"), **summary, "digest": manifest.digest})
    click.echo(f"{manifest.id}: {manifest.title}, {manifest.version}")
    click.echo(f"  state     {summary['state']} in {store.pack_folder(manifest)}")
    click.echo(f"  runs on   {manifest.runtime}; languages: {', '.join(manifest.languages) or 'any'}")
    note = f" ({manifest.licence_note})" if manifest.licence_note else ""
    click.echo(f"  licence   {manifest.licence}{note}")
    for origin in manifest.derived_from:
        note = f" ({origin.note})" if origin.note else ""
        click.echo(f"  made from {origin.name}, {origin.licence}{note}")
    click.echo(f"  policy    {'accepted' if summary['accepted'] else 'refused'}: {summary['reason']}")
    for file in manifest.files:
        click.echo(f"  file      {file.name}, {file.size_bytes} bytes, sha256 {file.sha256}")
        for source in file.sources:
            click.echo(f"            from {source.described()}")
    for step in manifest.build:
        click.echo(f"  derived   {', '.join(step.outputs)} from {', '.join(step.inputs)} by {step.kind}")
    return None


@cli.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.argument("ids", nargs=-1, metavar="[ID…]")
@_quiet
@_as_json
@click.pass_obj
def export_to(store: ModelStore, folder: Path, ids: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Copy packs into DIR, all that are here if none is named, for a site without a network."""
    from nearfield_models.fetching.carrying import export_packs

    chosen = ids or tuple(i for i in store.catalogue.ids() if store.holds(store.catalogue.manifest(i)))
    if not chosen:
        raise PackNotFoundError(f"there are no packs in {store.folder} to export: fetch some first")
    with _progress(silent=quiet or as_json) as progress:
        carried = export_packs(store, chosen, folder, progress)
    if as_json:
        _print_json({"folder": str(folder), "packs": list(carried)})
    elif not quiet:
        click.echo(f"{folder} carries {', '.join(carried)}")


@cli.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@_profile
@_quiet
@_as_json
@click.pass_obj
def import_from(store: ModelStore, folder: Path, profile: str, quiet: bool, as_json: bool) -> None:
    """Bring the packs that DIR carries into the store, after checking all of them."""
    from nearfield_models.fetching.carrying import import_packs

    with _progress(silent=quiet or as_json) as progress:
        done = import_packs(store, folder, named_policy(profile), progress)
    _report_brought(done, {}, quiet=quiet, as_json=as_json)


def _summary(store: ModelStore, manifest: PackManifest, policy: LicencePolicy) -> dict[str, Any]:
    verdict = judge(manifest, policy)
    faults = store.faults(manifest)
    state = "ready" if not faults else "damaged" if store.holds(manifest) else "absent"
    return {
        "id": manifest.id,
        "role": manifest.role,
        "title": manifest.title,
        "version": manifest.version,
        "licence": manifest.licence,
        "size_bytes": manifest.size_bytes,
        "default": manifest.default,
        "state": state,
        "accepted": verdict.allowed,
        "reason": verdict.reason,
        "notice": verdict.notice,
    }


def _report_brought(
    done: tuple[Fetched, ...], refused: dict[str, str], *, quiet: bool, as_json: bool
) -> None:
    if as_json:
        packs = [
            {
                "id": item.pack.id,
                "version": item.pack.version,
                "digest": item.pack.digest,
                "folder": str(item.pack.folder),
                "fetched": item.fetched,
                "built": item.built,
                "notice": item.notice,
            }
            for item in done
        ]
        return _print_json({"packs": packs, "refused": refused})
    for item in done:
        changed = (*item.fetched, *item.built)
        if not quiet:
            click.echo(f"{item.pack.id} {item.pack.version}: {', '.join(changed) or 'was here'}")
        # A notice is due when a pack arrives, also to those who asked for silence.
        if item.notice and (item.fetched or not quiet):
            click.echo(item.notice, err=True)
    for pack_id, reason in refused.items():
        if not quiet:
            click.echo(f"{pack_id}: left out: {reason}", err=True)
    return None


@contextmanager
def _progress(*, silent: bool) -> Iterator[Progress]:
    if silent:
        yield Silence()
        return
    from rich.console import Console

    from nearfield_models.fetching.terminal import LineProgress, TerminalProgress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield LineProgress(console)
        return
    with TerminalProgress(console) as bars:
        yield bars


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _print_table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], caption: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for column in columns:
        table.add_column(column, justify="right" if column == "MB" else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def main() -> None:
    """Run the command; a refusal is one sentence on standard error and exit status 1."""
    try:
        cli()
    except ModelsError as error:
        click.echo(f"nearfield-models: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"nearfield-models: the operating system refused: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
