"""``nearfield-cloud documents``: what is known, and deleting it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from nearfield_cloud.cli.options import config_option, json_option, print_json, tenant_option
from nearfield_cloud.configuration.tree import Configuration, read_configuration
from nearfield_cloud.errors import KnowledgeError
from nearfield_cloud.knowledge.composition import open_store
from nearfield_sync.passages.passage import Listed


@click.command("documents")
@click.option("--delete", "deleted", metavar="SOURCE|ID", multiple=True, help="Delete this one; repeatable.")
@tenant_option
@config_option
@json_option
def command(deleted: tuple[str, ...], tenant: str, config: Path | None, as_json: bool) -> None:
    """List the documents, or delete some: rows, words and vectors are gone from the files then."""
    configuration = read_configuration(config)
    listed = asyncio.run(_delete_and_list(configuration, tenant, deleted))
    if as_json:
        print_json([{**asdict(one.document), "passages": one.passages} for one in listed])
        return
    table = Table("id", "title", "audience", "passages", "ingested", "source")
    table.columns[0].no_wrap = True
    for one in listed:
        document = one.document
        table.add_row(
            document.document_id[:12], document.title, document.audience, str(one.passages),
            document.ingested_at, document.source,
        )  # fmt: skip
    Console().print(table)


async def _delete_and_list(
    configuration: Configuration, tenant: str, deleted: Sequence[str]
) -> Sequence[Listed]:
    async with open_store(configuration) as store:
        known = await store.documents(tenant)
        for name in deleted:
            await store.delete(tenant, _named(name, known))
        return await store.documents(tenant) if deleted else known


def _named(name: str, known: Sequence[Listed]) -> str:
    """The id of a document by its source, its id or the id's beginning."""
    here = str(Path(name).absolute())
    found = [one.document for one in known if one.document.source in (name, here)]
    if not found and len(name) >= 6:
        found = [one.document for one in known if one.document.document_id.startswith(name)]
    if len(found) != 1:
        what = "no document" if not found else f"{len(found)} documents"
        raise KnowledgeError(f"{what} by the name {name!r}: `nearfield-cloud documents` lists them")
    return found[0].document_id
