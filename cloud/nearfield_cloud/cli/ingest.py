"""``nearfield-cloud ingest``: documents become knowledge."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from nearfield_cloud.cli.options import config_option, json_option, print_json, tenant_option
from nearfield_cloud.configuration.tree import Configuration, read_configuration
from nearfield_cloud.knowledge.composition import open_knowledge
from nearfield_cloud.knowledge.ingest import Ingestion, Placing, Report
from nearfield_cloud.knowledge.sources import files_of, is_address


@click.command("ingest")
@click.argument("source")
@click.option(
    "--audience", default="public", show_default=True, help="Who may read it: public, or such as staff."
)
@tenant_option
@click.option("--title", help="Instead of the document's own; for a single document.")
@click.option("--prune", is_flag=True, help="Delete what came from this folder and is no longer there.")
@config_option
@json_option
def command(
    source: str,
    audience: str,
    tenant: str,
    title: str | None,
    prune: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Ingest SOURCE: a file, a folder with what is below it, or an address (https://…).

    Read are Markdown, HTML, PDF, DOCX, XLSX, CSV and plain text. What was ingested before and is unchanged
    costs nothing. A document that cannot be read is named, and the others go on; the exit status is then 1.
    """
    configuration = read_configuration(config)
    placing = Placing(tenant=tenant, audience=audience, title=title)
    if is_address(source):
        if prune:
            raise click.UsageError("--prune goes with a folder")
        reports = asyncio.run(_ingest_address(configuration, source, placing))
    else:
        folder = Path(source)
        files = files_of(folder, configuration.knowledge.most_documents)
        if prune and not folder.is_dir():
            raise click.UsageError("--prune goes with a folder")
        if title is not None and len(files) != 1:
            raise click.UsageError("--title goes with a single document")
        reports = asyncio.run(
            _ingest_files(configuration, folder.absolute() if prune else None, files, placing)
        )
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        _show(reports)
    if any(report.outcome == "failed" for report in reports):
        sys.exit(1)


async def _ingest_address(configuration: Configuration, address: str, placing: Placing) -> list[Report]:
    async with open_knowledge(configuration) as room:
        return [await room.ingestion.address(address, placing)]


async def _ingest_files(
    configuration: Configuration, folder: Path | None, files: Sequence[Path], placing: Placing
) -> list[Report]:
    async with open_knowledge(configuration) as room:
        reports = [report async for report in _with_progress(room.ingestion, files, placing)]
        if folder is not None:
            reports += await room.ingestion.prune(folder, files, placing.tenant)
        return reports


async def _with_progress(
    ingestion: Ingestion, files: Sequence[Path], placing: Placing
) -> AsyncGenerator[Report]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("documents", total=len(files))
        async with aclosing(ingestion.files(files, placing)) as reports:
            async for report in reports:
                progress.advance(task)
                yield report


def _show(reports: Sequence[Report]) -> None:
    for report in reports:
        if report.outcome == "failed":
            print(f"failed     {report.error}", file=sys.stderr)
        elif report.outcome != "unchanged":
            print(f"{report.outcome:10} {report.title} ({report.passages} passages): {report.source}")
    counts = Counter(report.outcome for report in reports)
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "no documents")
