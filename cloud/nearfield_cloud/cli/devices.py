"""``nearfield-cloud devices``: who is there, their certificates, and who is shut out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from nearfield_cloud.cli.options import (
    config_option,
    configured,
    day,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_parts,
)
from nearfield_cloud.composition import issuer_files
from nearfield_cloud.configuration.tree import read_configuration
from nearfield_cloud.errors import ConfigurationError, MissingError, RequestError
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.identity.devices import Device
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.issuer.issuer import LONGEST_REQUEST_BYTES, open_issuer, write_device_files
from nearfield_sync.clock import SystemClock


@click.group("devices")
def command() -> None:
    """The devices: show, certify, shut out and let in again."""


@command.command("list")
@tenant_option
@config_option
@json_option
def all_of_them(tenant: str, config: Path | None, as_json: bool) -> None:
    """Show those that have asked for a token."""
    found = with_parts(config, lambda parts: parts.identity.devices.of(tenant, limit=100_000))
    if as_json:
        print_json([asdict(device) for device in found])
        return
    rows = [
        (
            device.id,
            day(device.created_at),
            day(device.seen_at),
            day(device.certificate_expires_at),
            "shut out" if device.revoked_at is not None else "good",
        )
        for device in found
    ]
    print_table(
        ("device", "first seen", "last seen", "certificate until", "state"),
        rows,
        f"no device of tenant {tenant} has been here",
    )


@command.command("certify")
@click.argument("device")
@tenant_option
@click.option(
    "--request", type=click.Path(path_type=Path, dir_okay=False), help="The device's signing request, PEM."
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path(), show_default="this folder"
)
@click.option(
    "--days", type=click.IntRange(1, 825), default=90, show_default=True, help="How long it is valid."
)
@config_option
@json_option
def certify(
    device: str,
    tenant: str,
    request: Path | None,
    out: Path,
    days: int,
    config: Path | None,
    as_json: bool,
) -> None:
    """Write DEVICE.pem, its certificate; without a request also DEVICE.key, for tests and demonstrations."""
    configuration = configured(config)
    if configuration.identity.devices.roots is not None:
        raise ConfigurationError("identity.devices.roots names another issuer: ask that one for certificates")
    name, now, life = DeviceName(tenant=tenant, device=device), SystemClock().utc_now(), timedelta(days=days)
    issuer = open_issuer(issuer_files(configuration), now)
    chain, key_file = out / f"{device}.pem", out / f"{device}.key"
    try:
        if request is None:
            key, certificate = issuer.make_device(name, now, life=life)
            write_device_files(key, certificate, key_file=key_file, chain_file=chain)
        else:
            certificate = issuer.sign(_content(request), name, now, life=life)
            chain.write_bytes(certificate.public_bytes(Encoding.PEM))
    finally:
        issuer.close()
    facts = {
        "client_id": name.uri,
        "certificate": str(chain),
        "key": str(key_file) if request is None else None,
        "serial": f"{certificate.serial_number:x}",
        "expires_at": certificate.not_valid_after_utc.timestamp(),
    }
    if as_json:
        print_json(facts)
    else:
        print(f"{name.uri}: {chain}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}")


@command.command("revoke")
@click.argument("device")
@tenant_option
@config_option
@json_option
def revoke(device: str, tenant: str, config: Path | None, as_json: bool) -> None:
    """Shut a device out, and take the certificates back that the embedded issuer gave it."""
    name = DeviceName(tenant=tenant, device=device)
    taken = _take_certificates_back(name, config)

    async def shut_out(parts: GatewayParts) -> Device | None:
        try:
            return await parts.identity.devices.revoke(tenant, device, parts.now())
        except MissingError:
            if not taken:
                raise
            return None  # certified, and never here

    done = with_parts(config, shut_out)
    if as_json:
        print_json({**({} if done is None else asdict(done)), "certificates_taken_back": taken})
    else:
        print(f"device {device} is shut out; certificates taken back: {taken}")


@command.command("restore")
@click.argument("device")
@tenant_option
@config_option
@json_option
def restore(device: str, tenant: str, config: Path | None, as_json: bool) -> None:
    """Let a device in again; it needs a new certificate if its own was taken back."""
    done = with_parts(config, lambda parts: parts.identity.devices.restore(tenant, device))
    if as_json:
        print_json(asdict(done))
    else:
        print(f"device {device} may come in again")


def _take_certificates_back(name: DeviceName, config: Path | None) -> int:
    configuration = read_configuration(config)
    if configuration.identity.devices.roots is not None:
        return 0
    now = SystemClock().utc_now()
    issuer = open_issuer(issuer_files(configuration), now)
    try:
        return issuer.revoke_device(name, now)
    finally:
        issuer.close()


def _content(request: Path) -> bytes:
    try:
        with request.open("rb") as file:
            return file.read(LONGEST_REQUEST_BYTES + 1)
    except OSError as error:
        raise RequestError(f"signing request {request} cannot be read ({error.strerror})") from error
