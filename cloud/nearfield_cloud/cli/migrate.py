"""``nearfield-cloud migrate``: the database's schema, brought up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from nearfield_cloud.cli.options import config_option, configured
from nearfield_cloud.composition import open_storage
from nearfield_cloud.storage.storage import Storage


@click.command("migrate")
@config_option
def command(config: Path | None) -> None:
    """Bring the database up to date; does nothing where it is. Of several at once, one does it."""
    storage = open_storage(configured(config))
    asyncio.run(_migrate(storage))
    print(f"{storage.where} is up to date")


async def _migrate(storage: Storage) -> None:
    try:
        await storage.migrate()
    finally:
        await storage.close()
