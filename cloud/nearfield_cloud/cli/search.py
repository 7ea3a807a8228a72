"""``nearfield-cloud search``: what an answer would be made from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from nearfield_cloud.caller import Caller
from nearfield_cloud.cli.options import config_option, json_option, print_json, tenant_option
from nearfield_cloud.configuration.tree import Configuration, read_configuration
from nearfield_cloud.knowledge.composition import open_knowledge
from nearfield_cloud.knowledge.search import Found


@click.command("search")
@click.argument("query")
@click.option(
    "--audience", "audiences", multiple=True, help="Besides public: whose documents are searched; repeatable."
)
@tenant_option
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="At most so many.")
@config_option
@json_option
def command(
    query: str, audiences: tuple[str, ...], tenant: str, limit: int, config: Path | None, as_json: bool
) -> None:
    """Search the documents for QUERY and print the passages that fit best."""
    caller = Caller(
        tenant=tenant,
        subject="command line",
        kind="person",
        roles=frozenset({"owner"}),
        audiences=frozenset(audiences),
    )
    found = asyncio.run(_search(read_configuration(config), query, caller, limit))
    if as_json:
        print_json([asdict(passage) for passage in found])
        return
    for passage in found:
        where = " > ".join((passage.document, *passage.section))
        print(f"{passage.score:.3f}  {where}  ({passage.source})\n       {passage.text}\n")
    if not found:
        print("nothing fits")


async def _search(configuration: Configuration, query: str, caller: Caller, limit: int) -> Sequence[Found]:
    async with open_knowledge(configuration) as room:
        return await room.knowledge.search(query, caller, limit=limit)
