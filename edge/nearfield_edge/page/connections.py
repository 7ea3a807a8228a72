"""WebSockets of pages while they are open: read from and sent to at once, and ended with their session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import contextmanager

from starlette.websockets import WebSocket

from nearfield_edge.page.guard import NO_SESSION
from nearfield_edge.page.mailbox import Mailbox
from nearfield_edge.page.sessions import Sessions


class Connections:
    """Which sessions have which connections."""

    def __init__(self, sessions: Sessions, now_ms: Callable[[], float]) -> None:
        self._sessions = sessions
        self._now_ms = now_ms
        self._open: dict[Mailbox, str] = {}

    @contextmanager
    def of(self, session: str, mailbox: Mailbox) -> Iterator[None]:
        """Count a connection to its session, which lives on meanwhile."""
        self._open[mailbox] = session
        try:
            with self._sessions.held(session):
                try:
                    yield
                finally:
                    self._sessions.use(session, self._now_ms())
        finally:
            del self._open[mailbox]

    def sign_out(self, session: str) -> None:
        """End the connections of a session."""
        for mailbox, name in self._open.items():
            if name == session:
                mailbox.close(NO_SESSION, "signed_out")


async def received(websocket: WebSocket) -> AsyncGenerator[str | bytes]:
    """Yield what a page sends until it goes, or is sent away."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        yield message["bytes"] if text is None else text


async def exchange(websocket: WebSocket, mailbox: Mailbox, reading: Awaitable[None]) -> None:
    """Send what is posted while ``reading`` lasts."""
    sending = asyncio.create_task(mailbox.deliver(websocket), name="send to page")
    try:
        await reading
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
