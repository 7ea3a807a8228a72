"""Who asks: found out once a request or WebSocket, by token, API key or session.

``Asking`` is what routes take, here and elsewhere::

    @router.get("/v1/me")
    async def me(caller: Asking) -> Me: ...
"""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

import structlog
from fastapi import Depends
from starlette.requests import HTTPConnection
from starlette.types import Scope

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import CloudError, CredentialError, IdentityError, NotAllowedError
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.identity.access_tokens import LONGEST_TOKEN
from nearfield_cloud.identity.credentials import KEY_PREFIX

PROTOCOL_PREFIX: Final = "openai-insecure-api-key."
"""How a browser sends a token with a WebSocket: it can set no header, but name a protocol."""
_NOTES: Final = "nearfield"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def parts_of(connection: HTTPConnection) -> GatewayParts:
    """The gateway's parts, from within a route."""
    return cast("GatewayParts", connection.app.state.gateway)


def notes_of(scope: Scope) -> dict[str, Any]:
    """What the layers around a request tell each other about it."""
    notes: dict[str, Any] = scope.setdefault(_NOTES, {})
    return notes


def address_of(connection: HTTPConnection) -> str:
    """The network address of the other end; of a proxy, unless it is trusted."""
    return connection.client.host if connection.client else "unknown"


def session_cookie(parts: GatewayParts) -> str:
    """Its name; with https the browser itself holds it to this host."""
    return "__Host-nearfield_session" if parts.address.is_secure else "nearfield_session"


async def caller(connection: HTTPConnection) -> Caller:
    """Who asks, as a dependency of HTTP routes and WebSockets; counted against their rates.

    Raises:
        CredentialError: Nobody known.
        NotAllowedError: A session's request comes from another site.
        RateError: They ask too often.
    """
    notes = notes_of(connection.scope)
    if "caller" not in notes:
        try:
            notes["caller"] = await _found(connection, parts_of(connection))
        except CloudError as error:
            notes["caller"] = error
    found: Caller | CloudError = notes["caller"]
    if isinstance(found, CloudError):
        raise found
    return found


Asking = Annotated[Caller, Depends(caller)]
"""The type of a route's parameter that is who asks."""


async def refuse(connection: HTTPConnection, parts: GatewayParts, error: IdentityError) -> None:
    """Count a failed proof of identity against its address."""
    parts.counters.add("nearfield_identity_refused_total", code=error.code)
    await parts.rates.refused(address_of(connection))


async def _found(connection: HTTPConnection, parts: GatewayParts) -> Caller:
    await parts.rates.require_few_refused(address_of(connection))
    try:
        found = await _proven(connection, parts)
        if parts.identity.revocations.include(found):
            raise CredentialError(f"{found.kind} {found.subject} was shut out")
    except IdentityError as error:
        await refuse(connection, parts, error)
        raise
    structlog.contextvars.bind_contextvars(tenant=found.tenant, subject=found.subject)
    standing = await parts.rates.of_caller(found)
    if standing is not None:
        notes_of(connection.scope)["rate"] = standing
    return found


async def _proven(connection: HTTPConnection, parts: GatewayParts) -> Caller:
    bearer = _bearer(connection)
    now = parts.now()
    if bearer is None:
        session = connection.cookies.get(session_cookie(parts))
        if session is None:
            raise CredentialError("who asks? Send 'Authorization: Bearer TOKEN', or log in")
        _require_own_site(connection, parts)
        return await parts.identity.sessions.caller(session, now)
    if bearer.startswith(KEY_PREFIX):
        return await parts.identity.credentials.caller_by_key(bearer, now)
    return await parts.identity.tokens.caller(bearer, now)


def _bearer(connection: HTTPConnection) -> str | None:
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token.strip()) <= LONGEST_TOKEN:
            raise CredentialError("the header Authorization must be 'Bearer TOKEN'")
        return token.strip()
    if connection.scope["type"] == "websocket":
        for protocol in connection.scope.get("subprotocols", ()):
            if protocol.startswith(PROTOCOL_PREFIX):
                return str(protocol[len(PROTOCOL_PREFIX) :])
    return None


def _require_own_site(connection: HTTPConnection, parts: GatewayParts) -> None:
    """A browser sends the cookie whatever page asks; what changes something must be asked by our own."""
    if connection.scope["type"] == "http" and connection.scope["method"] in _SAFE:
        return
    origin = connection.headers.get("origin", "")
    allowed = {parts.address.url, *parts.configuration.server.origins}
    if origin not in {"{0.scheme}://{0.netloc}".format(urlsplit(one)) for one in allowed}:
        raise NotAllowedError("a session's request must come from the service's own pages")
