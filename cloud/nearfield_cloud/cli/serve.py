"""``nearfield-cloud serve``: the service, until it is stopped."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import structlog

from nearfield_cloud.cli.options import config_option, configured, migrated
from nearfield_cloud.composition import first_start
from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.gateway.application import gateway_app
from nearfield_cloud.gateway.server import CloudServer, bind, url_of
from nearfield_cloud.service import open_service
from nearfield_sync.telemetry import Log


@click.command("serve")
@config_option
@click.option("--host", help="Address to serve at; overrides server.host.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port; overrides server.port, 0 takes any free one."
)
def command(config: Path | None, host: str | None, port: int | None) -> None:
    """Serve until stopped (Ctrl-C or SIGTERM): then calls may come to their end; a second time, at once.

    The first start makes keys, a tenant and the owner's API key, which it prints once.
    """
    configuration = configured(config, quiet=False)
    named = {"host": host, "port": port}
    changed = {name: value for name, value in named.items() if value is not None}
    server = configuration.server.model_copy(update=changed)
    asyncio.run(_serve(configuration.model_copy(update={"server": server})))


async def _serve(configuration: Configuration) -> None:
    log: Log = structlog.get_logger()
    bound = bind(configuration.server.host, configuration.server.port)
    async with migrated(configuration) as doors, open_service(configuration, doors) as parts:
        made = await first_start(parts)
        url = url_of(configuration, bound)
        parts.address.is_served_at(url)
        server = CloudServer(gateway_app(parts), parts, bound)
        server.stop_on_signals()
        if made is not None:
            print(
                f"tenant {made.tenant}; its owner's API key, shown this once:\n{made.owner_key}", flush=True
            )
        print(f"serving {url}", file=sys.stderr, flush=True)
        log.info("service_starting", url=url, public_url=parts.address.url, database=parts.storage.where)
        await server.run()
        log.info("service_stopped")
