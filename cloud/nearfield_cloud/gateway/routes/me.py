"""Who asks."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request

from nearfield_cloud.gateway.identification import Asking, parts_of
from nearfield_cloud.gateway.routes.shapes import PROBLEMS, Me, moment
from nearfield_cloud.identity.authorising import Resource

router: Final = APIRouter(prefix="/v1", tags=["identity"], responses=PROBLEMS)


@router.get("/me", summary="Who asks, as the service sees them")
async def me(request: Request, caller: Asking) -> Me:
    """Tenant, roles, and when the proof runs out."""
    itself = Resource(kind="me", tenant=caller.tenant, owner=caller.subject, owner_kind=caller.kind)
    parts_of(request).identity.authorisation.authorise(caller, "read", itself)
    return Me(
        tenant=caller.tenant,
        subject=caller.subject,
        kind=caller.kind,
        roles=sorted(caller.roles),
        audiences=sorted(caller.audiences),
        expires_at=moment(caller.expires_at),
    )
