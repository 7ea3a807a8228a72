"""A call's events over a WebSocket."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from nearfield_cloud.realtime.call import Call
from nearfield_sync.telemetry import Counters

_LONGEST_REASON: Final = 100
_NORMAL: Final = 1000
_TOO_SLOW: Final = 1008
_GOING_SECONDS: Final = 1.0
"""So long a closing socket has to send what waits."""


class SocketConnection:
    """Sends what a call tells, in a task of its own, with a bound on what waits."""

    def __init__(self, socket: WebSocket, *, most_waiting: int, counters: Counters) -> None:
        self._socket = socket
        self._counters = counters
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(most_waiting)
        self._code, self._reason = _NORMAL, ""
        self.closing = asyncio.Event()

    def send(self, text: str) -> None:
        """Queue one event; a client that reads too slowly is closed."""
        if self.closing.is_set():
            return
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self._counters.add("nearfield_call_refusals_total", code="client_too_slow")
            self._drop_all()
            self._code = _TOO_SLOW
            self.close("the client reads too slowly")

    def _drop_all(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()

    def close(self, reason: str) -> None:
        """Close once everything is sent."""
        if self.closing.is_set():
            return
        self.closing.set()
        self._reason = reason[:_LONGEST_REASON]
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def write(self) -> None:
        """Send what waits until the connection closes."""
        try:
            while (text := await self._waiting.get()) is not None:
                await self._socket.send_text(text)
            if self._socket.application_state is WebSocketState.CONNECTED:
                await self._socket.close(self._code, self._reason)
        except (WebSocketDisconnect, RuntimeError, OSError):
            return  # the client is gone: whoever reads notices too


async def serve(socket: WebSocket, call: Call, connection: SocketConnection, *, own: bool) -> None:
    """Carry the events of ``call`` until the socket closes; it is accepted already."""
    writing = asyncio.create_task(connection.write(), name=f"socket of {call.id}")
    call.attach(connection, own=own)
    reading = asyncio.create_task(_read(socket, call), name=f"socket to {call.id}")
    closing = asyncio.create_task(connection.closing.wait(), name=f"closing {call.id}")
    try:
        await asyncio.wait((writing, reading, closing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        closing.cancel()
        if connection.closing.is_set():  # a client that does not read does not hold us up
            await asyncio.wait((writing,), timeout=_GOING_SECONDS)
        writing.cancel()
        call.detach(connection)


async def _read(socket: WebSocket, call: Call) -> None:
    while True:
        message = await socket.receive()
        if message["type"] != "websocket.receive":
            return
        text = message.get("text")
        call.receive(text if text is not None else message.get("bytes") or b"")
