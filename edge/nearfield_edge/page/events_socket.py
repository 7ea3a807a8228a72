"""``/ws/events``: tells a page what happens, and takes what is pressed and typed there."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

from starlette.websockets import WebSocket

from nearfield_edge.controls import Controls
from nearfield_edge.errors import PageRequestError, TooManyPagesError
from nearfield_edge.page.broadcast import Broadcast
from nearfield_edge.page.connections import Connections, exchange, received
from nearfield_edge.page.mailbox import Mailbox
from nearfield_edge.page.messages import Refused, to_json
from nearfield_edge.page.requests import (
    MuteRequest,
    ReleaseRequest,
    Request,
    StopRequest,
    TalkRequest,
    TextRequest,
    parse_request,
)

TOO_MANY_PAGES: Final = 4429


class EventsSocket:
    """Serves the pages' connections for events."""

    def __init__(self, broadcast: Broadcast, connections: Connections, controls: Controls) -> None:
        self._broadcast = broadcast
        self._connections = connections
        self._controls = controls

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one page until it goes."""
        await websocket.accept()
        session = websocket.scope["nearfield_session"]
        try:
            with self._broadcast.joined() as mailbox, self._connections.of(session, mailbox):
                await exchange(websocket, mailbox, self._read(websocket, mailbox))
        except TooManyPagesError as error:
            await websocket.close(TOO_MANY_PAGES, error.code)

    async def _read(self, websocket: WebSocket, mailbox: Mailbox) -> None:
        holds_button = False
        try:
            async with aclosing(received(websocket)) as messages:
                async for message in messages:
                    request = _parsed(message, mailbox)
                    if request is not None:
                        self._carry_out(request)
                        holds_button = _holds_button(request, holds_button)
        finally:
            if holds_button:  # whoever goes lets go
                self._controls.release()

    def _carry_out(self, request: Request) -> None:
        match request:
            case TextRequest(text=text):
                self._controls.give_text(text)
            case TalkRequest(held=held):
                self._controls.talk(held=held)
            case ReleaseRequest():
                self._controls.release()
            case StopRequest():
                self._controls.stop()
            case MuteRequest(muted=muted):
                self._controls.mute(muted)


def _parsed(message: str | bytes, mailbox: Mailbox) -> Request | None:
    """The request in a message; where there is none the page is told, unless it does not listen."""
    try:
        if isinstance(message, bytes):
            raise PageRequestError("messages here are JSON; sound goes to /ws/audio", code="malformed")
        return parse_request(message)
    except PageRequestError as error:
        if not mailbox.is_full:
            mailbox.post(to_json(Refused(code=error.code, detail=str(error))))
        return None


def _holds_button(request: Request, held: bool) -> bool:
    match request:
        case TalkRequest(held=held):
            return held
        case ReleaseRequest():
            return False
    return held
