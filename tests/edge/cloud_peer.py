"""The other end of a call, as a process of its own that a test can kill: it answers what it is told to.

``python -m tests.edge.cloud_peer PORT [CERTIFICATE KEY]``. It speaks the calls' protocol over WebRTC and
WebSocket; what it answers follows from the question's words. ``POST /control`` changes how it behaves,
``GET /log`` says what it was asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from aiortc import RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from nearfield_sync.messages.realtime import nearfield, server
from nearfield_sync.messages.realtime.client import (
    ClientHeartbeat,
    Confirm,
    ResponseCancel,
    ResponseCreate,
    SessionUpdate,
    UnfinishedQuestion,
)
from nearfield_sync.messages.realtime.items import Message
from nearfield_sync.messages.realtime.reading import read_client_event, read_session, write_event
from nearfield_sync.messages.realtime.session import RealtimeSession
from nearfield_sync.messages.realtime.wire import ServerWire

SENTENCES = ("The pump must be vented.", "Close the valve first.", "Then wait for a minute.")


class Session:
    """One session: it greets, beats and answers."""

    def __init__(self, peer: Peer, send: Callable[[str], None], wanted: RealtimeSession | None) -> None:
        self.peer, self._send, self.wanted = peer, send, wanted
        peer.sessions.append(self)
        self.id = f"sess_{len(peer.sessions)}"
        self._answering: asyncio.Task[None] | None = None
        self._agreed: asyncio.Future[bool] | None = None
        self._response_id = ""

    def tell(self, event: ServerWire) -> None:
        if not self.peer.behaviour.get("deaf"):
            self._send(write_event(event))

    def greet(self) -> None:
        self.tell(server.SessionCreated(session=self._told()))

    def _told(self) -> RealtimeSession:
        told = RealtimeSession(id=self.id)
        wanted = self.wanted.nearfield if self.wanted else None
        if wanted is None:
            return told
        if wanted.resume is not None:
            self.peer.log["resumed"].append([wanted.resume.session_id, wanted.resume.secret])
        told_ours = wanted.model_copy(
            update={
                "resume": None,
                "resume_secret": f"secret of {self.id}",
                "resumed": wanted.resume is not None,
            }
        )
        return told.model_copy(update={"nearfield": told_ours})

    def take(self, text: str) -> None:
        event = read_client_event(text)
        match event:
            case SessionUpdate():
                self.wanted = event.session
                self.tell(server.SessionUpdated(session=self._told()))
            case ClientHeartbeat():
                self.tell(nearfield.Heartbeat(sent_ms=0.0, sequence=event.sequence))
            case UnfinishedQuestion():
                self.peer.log["heard"].append(event.text)
            case Confirm() if self._agreed is not None:
                self._agreed.set_result(event.agreed)
            case ResponseCancel():
                self.peer.log["cancelled"].append(event.response_id)
                if self._answering is not None:
                    self._answering.cancel()
            case ResponseCreate():
                assert event.response is not None
                self._answering = asyncio.create_task(self._answer(event))

    async def _answer(self, event: ResponseCreate) -> None:
        request = event.response
        assert request is not None
        messages = [item for item in request.input or () if isinstance(item, Message)]
        text = messages[-1].words
        self.peer.log["asked"].append(
            {
                "text": text,
                "metadata": request.metadata,
                "context": [(message.role, message.words) for message in messages[:-1]],
                "conversation": request.conversation,
            }
        )
        if text == "refuse":
            fault = server.Fault(code="not_allowed", message="not today", event_id=event.event_id)
            self.tell(server.ErrorTold(error=fault))
            return
        response_id = f"resp_{len(self.peer.log['asked'])}"
        response = server.Response(id=response_id, status="in_progress", metadata=request.metadata)
        self.tell(server.ResponseCreated(response=response))
        self.tell(nearfield.RouteTold(response_id=response_id, plan="knowledge", reason="a manual knows"))
        try:
            await self._say(text, response_id)
        except asyncio.CancelledError:
            details = server.ResponseStatus(type="cancelled", reason="client_cancelled")
            done = response.model_copy(update={"status": "cancelled", "status_details": details})
            self.tell(server.ResponseDone(response=done))
            return
        if text == "fail":
            fault = server.Fault(type="server_error", code="model_stalled", message="no model answers")
            details = server.ResponseStatus(type="failed", error=fault)
            done = response.model_copy(update={"status": "failed", "status_details": details})
        else:
            self.tell(
                nearfield.RouteTold(
                    response_id=response_id,
                    plan="knowledge",
                    reason="a manual knows",
                    outcome="answered",
                    may_be_kept_seconds=60,
                )
            )
            done = response.model_copy(update={"status": "completed"})
        self.tell(server.ResponseDone(response=done))

    async def _say(self, text: str, response_id: str) -> None:
        ids: dict[str, Any] = {"response_id": response_id, "item_id": "item_1"}
        if text == "fail":
            return
        if text == "confirm":
            self._agreed = asyncio.get_running_loop().create_future()
            question = "Shall I open the valve?"
            self.tell(
                nearfield.ConfirmationAsked(
                    response_id=response_id, call_id="call_1", tool="valve", arguments={}, question=question
                )
            )
            self.tell(server.TextDelta(delta=question, **ids))
            said = "It is open." if await self._agreed else "It stays shut."
            self.tell(server.TextDelta(delta=f" {said}", **ids))
            return
        if text == "long":
            for _ in range(1_000):
                self.tell(server.TextDelta(delta="word " * 100, **ids))
                await asyncio.sleep(0)
            return
        for number, sentence in enumerate(SENTENCES):
            citation = nearfield.CitationTold(
                sentence=number, document="Pumps", source="pumps.md", quote=sentence, chunk_id="c1", **ids
            )
            self.tell(citation)
            self.tell(server.TextDelta(delta=f" {sentence}" if number else sentence, **ids))
            if text == "one sentence, then nothing":
                await asyncio.Event().wait()


class Peer:
    """The application."""

    def __init__(self) -> None:
        self.behaviour: dict[str, Any] = {}
        self.log: dict[str, list[Any]] = {
            name: [] for name in ("asked", "heard", "cancelled", "resumed", "tokens", "calls")
        }
        self.sessions: list[Session] = []
        self._ends: list[RTCPeerConnection | WebSocket] = []
        self.application = Starlette(
            routes=[
                Route("/oauth/token", self.token, methods=["POST"]),
                Route("/v1/realtime/calls", self.call, methods=["POST"]),
                WebSocketRoute("/v1/realtime", self.socket),
                Route("/control", self.control, methods=["POST"]),
                Route("/log", self.told),
            ]
        )

    async def control(self, request: Request) -> Response:
        change = await request.json()
        if "goodbye" in change:
            goodbye = nearfield.Goodbye(reason="an update", reconnect_after_seconds=change["goodbye"])
            self.sessions[-1].tell(goodbye)
        for end in self._ends[-1:] if "close" in change else ():
            await end.close()
        self.behaviour = change
        return Response(status_code=204)

    async def told(self, request: Request) -> Response:
        return JSONResponse(self.log)

    async def token(self, request: Request) -> Response:
        form = await request.form()
        self.log["tokens"].append({name: str(value) for name, value in form.items()})
        if "token_status" in self.behaviour:
            return self._declined(self.behaviour["token_status"])
        return JSONResponse(
            {
                "access_token": f"token-{len(self.log['tokens'])}",
                "expires_in": self.behaviour.get("expires_in", 300),
            }
        )

    def _declined(self, status: int) -> Response:
        headers = {"Content-Type": "application/problem+json", **self.behaviour.get("headers", {})}
        problem = {"code": "as_told", "detail": "the test wants it so"}
        return Response(json.dumps(problem), status_code=status, headers=headers)

    async def call(self, request: Request) -> Response:
        self.log["calls"].append(request.headers.get("authorization"))
        if "call_status" in self.behaviour:
            return self._declined(self.behaviour["call_status"])
        if "hang" in self.behaviour:
            await asyncio.Event().wait()
        form = await request.form()
        offer, wanted = str(form["sdp"]), read_session(str(form["session"]))
        connection = RTCPeerConnection()
        self._ends.append(connection)

        @connection.on("datachannel")
        def opened(channel: Any) -> None:
            session = Session(self, channel.send, wanted)
            channel.on("message", session.take)
            session.greet()

        await connection.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        sdp = connection.localDescription.sdp if "bad_sdp" not in self.behaviour else "v=0\r\nnonsense"
        location = f"/v1/realtime/calls/call_{len(self._ends)}"
        return Response(sdp, status_code=201, media_type="application/sdp", headers={"Location": location})

    async def socket(self, socket: WebSocket) -> None:
        self.log["calls"].append(socket.headers.get("authorization"))
        if "call_status" in self.behaviour:
            await socket.send_denial_response(self._declined(self.behaviour["call_status"]))
            return
        await socket.accept()
        self._ends.append(socket)
        unsent: asyncio.Queue[str] = asyncio.Queue()
        session = Session(self, unsent.put_nowait, None)
        sending = asyncio.create_task(_send_all(socket, unsent))
        session.greet()
        try:
            while True:
                session.take(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            sending.cancel()


async def _send_all(socket: WebSocket, unsent: asyncio.Queue[str]) -> None:
    while True:
        await socket.send_text(await unsent.get())


def main() -> None:
    descriptor, *tls = sys.argv[1:]
    config = uvicorn.Config(
        Peer().application,
        fd=int(descriptor),
        log_level="warning",
        lifespan="off",
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
