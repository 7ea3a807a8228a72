"""The cloud put together: from a configuration to parts that know each other only by what they are handed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.gateway.limits import ConnectionLimits
from nearfield_cloud.gateway.parts import GatewayParts, Identity, PublicAddress
from nearfield_cloud.gateway.rates import Rates
from nearfield_cloud.identity.access_tokens import AccessTokens
from nearfield_cloud.identity.authorising import Authorisation
from nearfield_cloud.identity.credentials import Credentials
from nearfield_cloud.identity.devices import Devices
from nearfield_cloud.identity.providers import Providers
from nearfield_cloud.identity.revocations import Revocations
from nearfield_cloud.identity.sealing import SEALING_BYTES, Sealing
from nearfield_cloud.identity.sessions import Sessions
from nearfield_cloud.identity.signing_keys import SigningKeys
from nearfield_cloud.identity.tenants import Tenants
from nearfield_cloud.identity.trust import TrustFiles
from nearfield_cloud.identity.used_statements import UsedStatements
from nearfield_cloud.storage.storage import Storage, sqlite_url
from nearfield_provisioning.errors import PrivateFileError
from nearfield_provisioning.issuer.issuer import IssuerFiles, open_issuer
from nearfield_provisioning.private_file import read_private, write_private
from nearfield_sync.clock import Clock
from nearfield_sync.telemetry import Counters

FIRST_TENANT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStart:
    """What the first start has made."""

    tenant: str
    owner_key: str
    """The owner's API key: shown once."""


@asynccontextmanager
async def open_parts(
    configuration: Configuration, clock: Clock, counters: Counters
) -> AsyncIterator[GatewayParts]:
    """The gateway's parts, for as long as the block lasts; others' routers and drains come by `replace`.

    Raises:
        ConfigurationError: A file that it names cannot be used.
        StorageError: The database's address is none.
        PrivateFileError: A key cannot be read or made.
    """
    now = clock.utc_now()
    sealing_key, (roots, revocations) = await asyncio.gather(
        asyncio.to_thread(_sealing_key, configuration), asyncio.to_thread(_device_trust, configuration, now)
    )
    storage, sealing = open_storage(configuration), Sealing(sealing_key)
    rates = Rates(configuration.limits.rates, clock, counters)
    address = PublicAddress(configuration.server.public_url)
    settings = configuration.identity
    signing_keys = SigningKeys(storage, sealing, settings.tokens)
    revoked = Revocations(storage)
    identity = Identity(
        tenants=Tenants(storage),
        credentials=Credentials(storage),
        devices=Devices(storage),
        sessions=Sessions(storage, settings.sessions),
        providers=Providers(settings.providers),
        signing_keys=signing_keys,
        tokens=AccessTokens(signing_keys, settings.tokens, lambda: address.url),
        trust=TrustFiles(roots, revocations, counters),
        used_statements=UsedStatements(storage),
        revocations=revoked,
        authorisation=Authorisation(),
    )
    try:
        yield GatewayParts(
            configuration=configuration,
            clock=clock,
            counters=counters,
            address=address,
            storage=storage,
            sealing=sealing,
            identity=identity,
            rates=rates,
            connections=ConnectionLimits(
                configuration.limits.connections, clock, counters, shut_out=revoked.include
            ),
        )
    finally:
        await rates.close()
        await storage.close()


def open_storage(configuration: Configuration) -> Storage:
    """The database that the configuration names, or the file in the data folder.

    Raises:
        StorageError: The address is none, or the file cannot be made.
    """
    url = configuration.storage.url or sqlite_url(configuration.data / "cloud.db")
    return Storage(url, pool=configuration.storage.pool)


def issuer_files(configuration: Configuration) -> IssuerFiles:
    """Where the embedded issuer of devices' certificates lies."""
    return IssuerFiles(folder=configuration.data / "issuer")


async def first_start(parts: GatewayParts) -> FirstStart | None:
    """Make a tenant and its owner's key where there is no tenant yet.

    Raises:
        StorageError: The database failed.
    """
    if await parts.identity.tenants.all():
        return None
    now = parts.now()
    tenant = await parts.identity.tenants.add(FIRST_TENANT, "First tenant", now)
    _, key = await parts.identity.credentials.add(
        "api_key", tenant.id, "owner, made at first start", now, roles=("owner",)
    )
    return FirstStart(tenant=tenant.id, owner_key=key)


def _sealing_key(configuration: Configuration) -> bytes:
    named = configuration.identity.sealing_key
    path = configuration.data / "keys" / "sealing.key" if named is None else named
    if named is None and not path.exists():
        write_private(path, os.urandom(SEALING_BYTES), replace=False)
    try:
        key = read_private(path)
    except PrivateFileError as error:
        raise ConfigurationError(f"identity.sealing_key: {error}") from error
    if len(key) != SEALING_BYTES:
        raise ConfigurationError(
            f"identity.sealing_key {path} must hold {SEALING_BYTES} bytes, not {len(key)}"
        )
    return key


def _device_trust(configuration: Configuration, now: datetime) -> tuple[Path, Path | None]:
    devices = configuration.identity.devices
    if devices.roots is not None:
        return devices.roots, devices.revocations
    if devices.revocations is not None:
        raise ConfigurationError("identity.devices.revocations goes with identity.devices.roots: name both")
    files = issuer_files(configuration)
    open_issuer(files, now).close()
    return files.certificate, files.revocations
