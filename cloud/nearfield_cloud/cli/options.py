"""Options that several commands share, and how they come to the parts they need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from nearfield_cloud.composition import open_parts
from nearfield_cloud.configuration.tree import Configuration, read_configuration
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters, LogOptions, configure_logs

_Answer = TypeVar("_Answer")

config_option = click.option(
    "--config",
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NEARFIELD_CLOUD_CONFIG",
    help="Configuration file (TOML). Default: $NEARFIELD_CLOUD_CONFIG, else built-in defaults.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
tenant_option = click.option("--tenant", default="default", show_default=True, help="Whose.")


def configured(config: Path | None, *, quiet: bool = True) -> Configuration:
    """Read the configuration and set up logs.

    Args:
        config: The file, or None for defaults.
        quiet: Log only what went wrong: a command's answer is its output.

    Raises:
        ConfigurationError: The configuration is wrong.
    """
    configuration = read_configuration(config)
    log = configuration.log
    configure_logs(LogOptions(style=log.style, level="error" if quiet else log.level, personal=log.personal))
    return configuration


def with_parts(config: Path | None, work: Callable[[GatewayParts], Coroutine[Any, Any, _Answer]]) -> _Answer:
    """Do a command's work on a database that is up to date."""
    configuration = configured(config)

    async def run() -> _Answer:
        async with migrated(configuration) as parts:
            return await work(parts)

    return asyncio.run(run())


@asynccontextmanager
async def migrated(configuration: Configuration) -> AsyncIterator[GatewayParts]:
    """The parts, once the schema is up to date, unless the configuration leaves that to `migrate`."""
    async with open_parts(configuration, SystemClock(), Counters()) as parts:
        if configuration.storage.migrate_at_start:
            await parts.storage.migrate()
        yield parts


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """A table for people, or a sentence where there is nothing."""
    if not rows:
        print(empty)
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(soft_wrap=True).print(table)


def day(seconds: float | None) -> str:
    """A time for people, or a dash."""
    return "-" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
