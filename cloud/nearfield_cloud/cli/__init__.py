"""The command ``nearfield-cloud``: the service, its documents and who may use it.

Commands are imported when they are called, so that ``nearfield-cloud --help`` starts at once.
"""

from __future__ import annotations

import sys

import click

from nearfield_cloud.errors import CloudError
from nearfield_models.errors import ModelsError
from nearfield_provisioning.errors import ProvisioningError
from nearfield_sync.errors import SyncError
from nearfield_sync.lazy_commands import LazyCommands

_COMMANDS: dict[str, str] = {
    "serve": "Serve until stopped; the first start makes what is needed.",
    "migrate": "Bring the database up to date.",
    "tenants": "The customers: show and take in.",
    "keys": "API keys: show, make and take back.",
    "clients": "Applications with a secret: show, make and take back.",
    "devices": "Devices: show, certify, shut out and let in again.",
    "ingest": "Take documents in: a file, a folder or an address.",
    "search": "Search the documents.",
    "documents": "List what was taken in, or delete some of it.",
}


@click.command(
    cls=LazyCommands,
    package=__name__,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="nearfield")
def nearfield_cloud() -> None:
    """Nearfield's cloud: answers what a device cannot, from documents and tools."""


def main() -> None:
    """Run a command; an expected fault is one sentence on standard error and exit status 1."""
    try:
        nearfield_cloud(standalone_mode=True)
    except (CloudError, ModelsError, ProvisioningError, SyncError) as error:
        print(f"nearfield-cloud: {error}", file=sys.stderr)
        sys.exit(1)
