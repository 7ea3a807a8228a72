"""``nearfield-cloud tenants``: the customers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from nearfield_cloud.cli.options import config_option, day, json_option, print_json, print_table, with_parts


@click.group("tenants")
def command() -> None:
    """The customers, each with devices, keys and documents of its own."""


@command.command("list")
@config_option
@json_option
def all_of_them(config: Path | None, as_json: bool) -> None:
    """Show them."""
    found = with_parts(config, lambda parts: parts.identity.tenants.all())
    if as_json:
        print_json([asdict(tenant) for tenant in found])
        return
    print_table(
        ("tenant", "label", "since"),
        [(tenant.id, tenant.label, day(tenant.created_at)) for tenant in found],
        "no tenants: `nearfield-cloud serve` makes the first one",
    )


@command.command("add")
@click.argument("tenant")
@click.option("--label", default="", help="For people.")
@config_option
@json_option
def add(tenant: str, label: str, config: Path | None, as_json: bool) -> None:
    """Take a customer in, under a name of small letters, digits and hyphens."""
    made = with_parts(config, lambda parts: parts.identity.tenants.add(tenant, label, parts.now()))
    if as_json:
        print_json(asdict(made))
    else:
        print(f"tenant {made.id} is there; `nearfield-cloud keys add LABEL --tenant {made.id}` makes a key")
