"""``/v1/realtime``: secrets, calls over WebRTC, events over WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import APIRouter, Depends, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import HTTPConnection

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import CallsFullError, CloudError, SdpError, SessionError
from nearfield_cloud.realtime.calls import Calls
from nearfield_cloud.realtime.secrets import PREFIX, ClientSecrets, Granted
from nearfield_cloud.realtime.transport.ice import IceServers
from nearfield_cloud.realtime.transport.webrtc import Peers
from nearfield_cloud.realtime.transport.websocket import SocketConnection, serve
from nearfield_sync.errors import MessageError
from nearfield_sync.messages.realtime.reading import read_session
from nearfield_sync.messages.realtime.session import RealtimeSession

_SUBPROTOCOL: Final = "realtime"
_KEY_SUBPROTOCOL: Final = "openai-insecure-api-key."

CallerOf = Callable[[HTTPConnection], Awaitable[Caller]]
"""Who asks, by an HTTP request or a WebSocket.

Raises:
    IdentityError: It is not known who asks.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeParts:
    """What the routes need."""

    calls: Calls
    peers: Peers
    ice: IceServers
    secrets: ClientSecrets
    caller: CallerOf

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep time and ask ICE servers, for as long as the service runs."""
        async with self.ice.running(), self.calls.running():
            yield
        await self.peers.closed()


class ExpiresAfter(BaseModel):
    """When a secret runs out."""

    anchor: Literal["created_at"] = "created_at"
    seconds: int = Field(default=600, ge=10, le=7_200)


class SecretRequest(BaseModel):
    """What a secret is to stand for."""

    expires_after: ExpiresAfter = ExpiresAfter()
    session: RealtimeSession = RealtimeSession()


class SecretMade(BaseModel):
    """A secret; its value is shown once."""

    value: str
    expires_at: int
    session: RealtimeSession


def router(parts: RealtimeParts) -> APIRouter:
    """The routes; errors are `CloudError`, which the gateway turns into problem documents."""
    routes = APIRouter(prefix="/v1/realtime", tags=["realtime"])
    proven: Any = Depends(parts.caller)

    @routes.post("/client_secrets", response_model_exclude_none=True)
    async def create_client_secret(request: SecretRequest, caller: Caller = proven) -> SecretMade:
        """Make a short-lived secret with which a client may call, in a session that is set here."""
        now = parts.calls.parts.clock.utc_now().timestamp()
        expires_at = min(now + request.expires_after.seconds, caller.expires_at)
        granted = Granted(caller=caller, session=request.session, expires_at=expires_at)
        value = parts.secrets.make(granted, now=now)
        session = request.session.model_copy(
            update={"id": "sess_unbegun", "object": "realtime.session", "expires_at": int(expires_at)}
        )
        return SecretMade(value=value, expires_at=int(expires_at), session=session)

    @routes.post(
        "/calls",
        status_code=201,
        response_class=Response,
        responses={201: {"content": {"application/sdp": {"schema": {"type": "string"}}}}},
        openapi_extra=_OFFER_SCHEMA,
    )
    async def create_call(request: Request) -> Response:
        """Answer a WebRTC offer: as ``application/sdp``, or as the form fields ``sdp`` and ``session``."""
        caller, session = await _who(parts, request)
        offer, given = await _offer(parts, request)
        call, answer = await parts.peers.answer(offer, caller, given or session)
        return Response(
            answer,
            status_code=201,
            media_type="application/sdp",
            headers={"Location": f"/v1/realtime/calls/{call.id}"},
        )

    @routes.post("/calls/{call_id}/hangup")
    async def hang_up(call_id: str, request: Request) -> Response:
        """End a call."""
        caller, _ = await _who(parts, request)
        parts.calls.find(call_id, caller).end("hung up", reconnect=False)
        return Response()

    @routes.websocket("")
    async def connect(socket: WebSocket) -> None:
        await _connect(parts, socket)

    return routes


async def _connect(parts: RealtimeParts, socket: WebSocket) -> None:
    """A call of its own, or with ``call_id`` a look into one and a hand on it."""
    calls, limits = parts.calls, parts.calls.parts.settings.limits
    named = socket.query_params.get("call_id")
    try:
        caller, session = await _who(parts, socket)
        if named is None:
            call = calls.begin(caller, session, on_track=False)
        else:
            call = calls.find(named, caller)
            if call.connections >= limits.most_connections_of_call:
                raise CallsFullError(f"a call has at most {limits.most_connections_of_call} connections")
    except CloudError as error:
        await socket.send_denial_response(_denial(error))
        return
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=_SUBPROTOCOL if _SUBPROTOCOL in offered else None)
    connection = SocketConnection(
        socket, most_waiting=limits.most_events_waiting, counters=calls.parts.counters
    )
    await serve(socket, call, connection, own=named is None)


def _denial(error: CloudError) -> Response:
    """An upgrade is refused before there is a gateway's error handler to do it."""
    content = {"title": str(error), "status": status_of(error), "code": error.code}
    return JSONResponse(content, status_of(error), media_type="application/problem+json")


def status_of(error: CloudError) -> int:
    """The HTTP status of an error of calls."""
    return next(
        (status for code, status in _STATUS.items() if error.code == code),
        500,
    )


_STATUS: Final = {
    "identity_unproven": 401,
    "client_secret_invalid": 401,
    "not_allowed": 403,
    "call_not_found": 404,
    "call_elsewhere": 421,
    "sdp_invalid": 400,
    "session_invalid": 400,
    "calls_full": 429,
    "too_much": 429,
    "compute_full": 429,
    "shutting_down": 503,
}


async def _who(parts: RealtimeParts, connection: HTTPConnection) -> tuple[Caller, RealtimeSession]:
    """Who calls and with which session: by a client secret, else as everywhere."""
    token = _token(connection)
    if not token.startswith(PREFIX):
        return await parts.caller(connection), RealtimeSession()
    granted = parts.secrets.read(token, now=parts.calls.parts.clock.utc_now().timestamp())
    return granted.caller, granted.session


def _token(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = connection.scope.get("subprotocols", [])  # a browser's WebSocket can send no header
    keys = [name.removeprefix(_KEY_SUBPROTOCOL) for name in offered if name.startswith(_KEY_SUBPROTOCOL)]
    return keys[0] if keys else ""


async def _offer(parts: RealtimeParts, request: Request) -> tuple[bytes, RealtimeSession | None]:
    largest = parts.calls.parts.settings.limits.largest_offer_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request, largest)
    if kind not in ("application/sdp", "text/plain", ""):
        raise SdpError(f"an offer is application/sdp or a form with sdp and session, not {kind[:100]!r}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            raise SdpError(f"an offer of more than {largest} bytes")
    return body, None


async def _form(request: Request, largest: int) -> tuple[bytes, RealtimeSession | None]:
    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared) > 2 * largest:
        raise SdpError(f"a form of more than {2 * largest} bytes, or of unknown length")
    try:
        form = await request.form(max_files=2, max_fields=4, max_part_size=largest)
    except (MultiPartException, CloudError, ValueError) as error:
        raise SdpError("the form cannot be read") from error
    except Exception as error:  # Starlette turns its own form errors into HTTP exceptions
        raise SdpError("the form cannot be read") from error
    fields: dict[str, bytes] = {}
    for name in ("sdp", "session"):
        value = form.get(name)
        if isinstance(value, UploadFile):
            fields[name] = await value.read(largest + 1)
        elif isinstance(value, str):
            fields[name] = value.encode()
    await form.close()
    if "sdp" not in fields:
        raise SdpError("the form has no field sdp")
    if "session" not in fields:
        return fields["sdp"], None
    try:
        return fields["sdp"], read_session(fields["session"], largest_bytes=largest)
    except MessageError as error:
        raise SessionError(f"the form's session: {error}") from error


_OFFER_SCHEMA: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/sdp": {"schema": {"type": "string"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["sdp"],
                    "properties": {"sdp": {"type": "string"}, "session": {"type": "string"}},
                }
            },
        },
    }
}
