"""What the commands ``keys`` and ``clients`` have in common: to list, make and take back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from nearfield_cloud.caller import Role
from nearfield_cloud.cli.options import (
    config_option,
    day,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_parts,
)
from nearfield_cloud.identity.credentials import Credential, Kind


def credential_commands(kind: Kind, name: str, help_text: str) -> click.Group:
    """The command for one kind."""
    group = click.Group(name, help=help_text)
    what = "API key" if kind == "api_key" else "application"

    @group.command("list", help=f"Show the tenant's {what}s, without their secrets.")
    @tenant_option
    @config_option
    @json_option
    def all_of_them(tenant: str, config: Path | None, as_json: bool) -> None:
        found = with_parts(config, lambda parts: parts.identity.credentials.of(kind, tenant))
        if as_json:
            print_json([_plain(one) for one in found])
            return
        rows = [
            (one.id, one.label, " ".join(sorted(one.roles)), day(one.created_at), _state(one))
            for one in found
        ]
        print_table(("id", "label", "roles", "made", "state"), rows, f"tenant {tenant} has no {what}s")

    @group.command("add", help=f"Make an {what}; its secret is shown this once.")
    @click.argument("label")
    @tenant_option
    @click.option(
        "--role",
        "roles",
        multiple=True,
        default=("application",),
        type=click.Choice([role for role in get_args(Role) if role != "device"]),
        help="May be given several times.",
    )
    @click.option(
        "--audience", "audiences", multiple=True, help="Whose documents it may read besides public."
    )
    @click.option("--days", type=click.IntRange(1, 3_650), help="After which it is over; never if absent.")
    @config_option
    @json_option
    def add(
        label: str,
        tenant: str,
        roles: tuple[str, ...],
        audiences: tuple[str, ...],
        days: int | None,
        config: Path | None,
        as_json: bool,
    ) -> None:
        made, secret = with_parts(
            config,
            lambda parts: parts.identity.credentials.add(
                kind,
                tenant,
                label,
                parts.now(),
                roles=roles,
                audiences=audiences,
                expires_at=None if days is None else parts.now() + days * 86_400,
            ),
        )
        if as_json:
            print_json({**_plain(made), "secret": secret})
        elif kind == "api_key":
            print(secret)
        else:
            print(f"client_id {made.id}\nclient_secret {secret}")

    @group.command("revoke", help=f"Take an {what} back; its tokens end within seconds.")
    @click.argument("id_")
    @tenant_option
    @config_option
    @json_option
    def revoke(id_: str, tenant: str, config: Path | None, as_json: bool) -> None:
        taken = with_parts(
            config, lambda parts: parts.identity.credentials.revoke(kind, tenant, id_, parts.now())
        )
        if as_json:
            print_json(_plain(taken))
        else:
            print(f"{what} {taken.id} was taken back")

    return group


def _plain(one: Credential) -> dict[str, Any]:
    return {
        "id": one.id,
        "tenant": one.tenant,
        "label": one.label,
        "roles": sorted(one.roles),
        "audiences": sorted(one.audiences),
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "revoked_at": one.revoked_at,
    }


def _state(one: Credential) -> str:
    if one.revoked_at is not None:
        return f"taken back {day(one.revoked_at)}"
    return "good" if one.expires_at is None else f"until {day(one.expires_at)}"
