"""A real gateway for a test: on loopback, on a free port, over a database of its own, ended with the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter

from nearfield_cloud.composition import issuer_files, open_parts
from nearfield_cloud.configuration.tree import Configuration, parse_configuration
from nearfield_cloud.gateway.application import gateway_app
from nearfield_cloud.gateway.parts import Drains, GatewayParts
from nearfield_cloud.gateway.server import CloudServer, bind, url_of
from nearfield_cloud.identity.credentials import Kind
from nearfield_provisioning.device_identity import ASSERTION_TYPE, DeviceIdentity
from nearfield_provisioning.device_name import DeviceName
from nearfield_provisioning.issuer.issuer import DEVICE_LIFE, open_issuer
from nearfield_sync.telemetry import Counters, LogOptions, configure_logs
from tests.fakes.clock import SettableClock


def configuration_of(folder: Path, **tables: Any) -> Configuration:
    return parse_configuration({"data": str(folder / "data"), **tables}, where="the test")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A gateway that answers."""

    url: str
    parts: GatewayParts
    clock: SettableClock
    client: httpx.AsyncClient
    server: CloudServer
    serving: asyncio.Task[None]

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"

    async def credential(self, *roles: str, kind: Kind = "api_key", tenant: str = "cafe") -> tuple[str, str]:
        """Make a key or client; gives its id and secret."""
        made, secret = await self.parts.identity.credentials.add(
            kind, tenant, "of the test", self.parts.now(), roles=roles or ("application",)
        )
        return made.id, secret

    async def bearer(self, *roles: str, tenant: str = "cafe") -> dict[str, str]:
        """Headers of somebody with these roles."""
        _, key = await self.credential(*roles, tenant=tenant)
        return {"Authorization": f"Bearer {key}"}

    def device(
        self, device: str = "till-1", tenant: str = "cafe", life: timedelta = DEVICE_LIFE
    ) -> DeviceIdentity:
        """A device with a certificate of the embedded issuer."""
        issuer = open_issuer(issuer_files(self.parts.configuration), self.clock.utc_now())
        try:
            key, certificate = issuer.make_device(
                DeviceName(tenant=tenant, device=device), self.clock.utc_now(), life=life
            )
        finally:
            issuer.close()
        return DeviceIdentity(key, [certificate])

    async def send(self, assertion: str) -> httpx.Response:
        """Ask for a token with a device's statement."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return await self.client.post("/oauth/token", data=form)

    async def device_headers(self, device: str = "till-1", tenant: str = "cafe") -> dict[str, str]:
        """Headers of a device that has got a token."""
        identity = self.device(device, tenant)
        answer = await self.send(identity.assertion(self.token_url, self.clock.utc_now()))
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@asynccontextmanager
async def gateway(
    folder: Path,
    *,
    routers: Sequence[APIRouter] = (),
    drains: Sequence[Drains] = (),
    clock: SettableClock | None = None,
    join: Callable[[GatewayParts], GatewayParts] = lambda parts: parts,
    **tables: Any,
) -> AsyncIterator[Gateway]:
    """Start one with two tenants, ``cafe`` and ``bank``; ``join`` adds to its parts."""
    configure_logs(LogOptions())
    clock = SettableClock() if clock is None else clock
    configuration = configuration_of(folder, **tables)
    async with open_parts(configuration, clock, Counters()) as opened:
        await opened.storage.migrate()
        known = {tenant.id for tenant in await opened.identity.tenants.all()}
        for tenant in {"cafe", "bank"} - known:
            await opened.identity.tenants.add(tenant, "", opened.now())
        parts = join(replace(opened, routers=routers, drains=drains))
        bound = bind("127.0.0.1", 0)
        url = url_of(configuration, bound)
        parts.address.is_served_at(url)
        server = CloudServer(gateway_app(parts), parts, bound)
        serving = asyncio.create_task(server.run())
        try:
            await _started(server, serving)
            async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
                yield Gateway(
                    url=url, parts=parts, clock=clock, client=client, server=server, serving=serving
                )
        finally:
            server.stop()
            await asyncio.wait_for(serving, 20)


async def _started(server: CloudServer, serving: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(server.until_started())
    await asyncio.wait({waiting, serving}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if serving.done():
        serving.result()
