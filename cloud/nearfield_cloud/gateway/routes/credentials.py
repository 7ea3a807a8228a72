"""API keys, and applications with a secret: two places, made alike."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request

from nearfield_cloud.errors import NotAllowedError
from nearfield_cloud.gateway.identification import Asking, parts_of
from nearfield_cloud.gateway.routes.shapes import (
    PROBLEMS,
    CredentialId,
    CredentialList,
    CredentialShape,
    CredentialWish,
    NewCredential,
    credential_shape,
    new_credential,
)
from nearfield_cloud.identity.authorising import Resource
from nearfield_cloud.identity.credentials import Kind


def _places(kind: Kind, prefix: str, what: str) -> APIRouter:
    router = APIRouter(prefix=prefix, tags=[what], responses=PROBLEMS)

    @router.get("", summary=f"The tenant's {what}", operation_id=f"list_{kind}s")
    async def all_of_them(request: Request, caller: Asking) -> CredentialList:
        """The latest first, without their secrets."""
        identity = parts_of(request).identity
        identity.authorisation.authorise(caller, "list", Resource(kind=kind, tenant=caller.tenant))
        found = await identity.credentials.of(kind, caller.tenant)
        return CredentialList(items=[credential_shape(one) for one in found])

    @router.post("", status_code=201, summary=f"Make one of the {what}", operation_id=f"create_{kind}")
    async def create(request: Request, caller: Asking, wish: CredentialWish) -> NewCredential:
        """Its secret is shown in this answer, and never again."""
        parts = parts_of(request)
        parts.identity.authorisation.authorise(caller, "create", Resource(kind=kind, tenant=caller.tenant))
        if "device" in wish.roles:
            raise NotAllowedError("a device proves who it is by its certificate: no key is made for one")
        now = parts.now()
        made, secret = await parts.identity.credentials.add(
            kind,
            caller.tenant,
            wish.label,
            now,
            roles=wish.roles,
            audiences=wish.audiences,
            expires_at=None if wish.life_days is None else now + wish.life_days * 86_400,
        )
        return new_credential(made, secret)

    @router.post(
        "/{credential}/revoke", summary=f"Take one of the {what} back", operation_id=f"revoke_{kind}"
    )
    async def revoke(request: Request, caller: Asking, credential: CredentialId) -> CredentialShape:
        """Its tokens and calls end within seconds."""
        parts = parts_of(request)
        parts.identity.authorisation.authorise(caller, "revoke", Resource(kind=kind, tenant=caller.tenant))
        taken = await parts.identity.credentials.revoke(kind, caller.tenant, credential, parts.now())
        parts.identity.revocations.add("application", caller.tenant, taken.id)
        return credential_shape(taken)

    return router


API_KEYS: Final = _places("api_key", "/v1/api-keys", "API keys")
CLIENTS: Final = _places("client", "/v1/clients", "applications")
