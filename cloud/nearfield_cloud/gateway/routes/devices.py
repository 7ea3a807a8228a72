"""The tenant's devices."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request

from nearfield_cloud.gateway.identification import Asking, parts_of
from nearfield_cloud.gateway.routes.shapes import (
    PROBLEMS,
    DeviceId,
    DevicePage,
    DeviceQuery,
    DeviceShape,
    device_shape,
)
from nearfield_cloud.identity.authorising import Resource, device_of

router: Final = APIRouter(prefix="/v1/devices", tags=["devices"], responses=PROBLEMS)


@router.get("", summary="The tenant's devices")
async def devices(
    request: Request,
    caller: Asking,
    asked: Annotated[DeviceQuery, Query()],
) -> DevicePage:
    """In the order of their ids, a page at a time."""
    identity = parts_of(request).identity
    identity.authorisation.authorise(caller, "list", Resource(kind="device", tenant=caller.tenant))
    found = await identity.devices.of(caller.tenant, after=asked.after or "", limit=asked.limit + 1)
    more = len(found) > asked.limit
    page = [device_shape(device) for device in found[: asked.limit]]
    return DevicePage(devices=page, next=page[-1].id if more else None)


@router.get("/{device}", summary="One device")
async def device(request: Request, caller: Asking, device: DeviceId) -> DeviceShape:
    """A device may read itself, and no other."""
    identity = parts_of(request).identity
    identity.authorisation.authorise(caller, "read", device_of(caller.tenant, device))
    return device_shape(await identity.devices.get(caller.tenant, device))


@router.post("/{device}/revoke", summary="Shut a device out")
async def revoke(request: Request, caller: Asking, device: DeviceId) -> DeviceShape:
    """Whatever certificate it shows; its tokens and calls end within seconds."""
    parts = parts_of(request)
    parts.identity.authorisation.authorise(caller, "revoke", device_of(caller.tenant, device))
    revoked = await parts.identity.devices.revoke(caller.tenant, device, parts.now())
    parts.identity.revocations.add("device", caller.tenant, device)
    return device_shape(revoked)
