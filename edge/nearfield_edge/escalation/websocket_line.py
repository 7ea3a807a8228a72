"""The line over WebSocket: where no UDP gets through, or aiortc would cost too much memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from nearfield_edge.errors import LinkError
from nearfield_edge.escalation.failures import of_exception, of_status
from nearfield_edge.escalation.inbox import Inbox
from nearfield_edge.escalation.requests import CloudRequests
from nearfield_sync.messages.realtime.client import SessionUpdate
from nearfield_sync.messages.realtime.reading import LARGEST_BYTES, write_event
from nearfield_sync.messages.realtime.session import RealtimeSession

_MOST_UNSENT: Final = 256
_CLOSE_SECONDS: Final = 1.0


class WebSocketLine:
    """The seam `Line` over one WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.name = str(connection.id)
        self._connection = connection
        self._inbox = Inbox()
        self._unsent: asyncio.Queue[str] = asyncio.Queue(_MOST_UNSENT)
        self._tasks = (asyncio.create_task(self._receive_all()), asyncio.create_task(self._send_all()))

    def send(self, text: str) -> None:
        """Put one event on its way.

        Raises:
            LinkError: Too much waits to be sent.
        """
        try:
            self._unsent.put_nowait(text)
        except asyncio.QueueFull as error:
            raise LinkError("the cloud takes nothing any more", code="half_open") from error

    async def receive(self) -> str:
        """The next event.

        Raises:
            LinkError: The line is closed.
        """
        return await self._inbox.get()

    async def close(self) -> None:
        """Close it."""
        for task in self._tasks:
            task.cancel()
        with suppress(WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.close()
        # What the other end did not take in time is not waited for.
        self._connection.transport.abort()
        self._inbox.close(LinkError("the line was closed here", code="closed"))

    async def _receive_all(self) -> None:
        try:
            async for message in self._connection:
                self._inbox.put(message if isinstance(message, str) else message.decode("utf-8", "replace"))
            self._inbox.close(LinkError("the cloud closed the line", code="closed"))
        except ConnectionClosed as error:
            self._inbox.close(LinkError(f"the line broke ({error})", code="closed"))

    async def _send_all(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._connection.send(await self._unsent.get())


class WebSocketOpener:
    """The seam `LineOpener` over WebSocket."""

    def __init__(self, requests: CloudRequests, now: Callable[[], datetime]) -> None:
        self._requests = requests
        self._now = now

    async def prepare(self) -> None:
        """Read the authorities."""
        await self._requests.tls()

    async def open(self, token: str, session: RealtimeSession) -> WebSocketLine:
        """Connect, and say what the session is to be.

        Raises:
            LinkError: By the names in `failures`.
        """
        requests = self._requests
        requests.check_egress()
        try:
            connection = await connect(
                f"ws{requests.url.removeprefix('http')}/v1/realtime",
                additional_headers={"Authorization": f"Bearer {token}"},
                user_agent_header="nearfield",
                ssl=await requests.tls(),
                proxy=None,
                max_size=LARGEST_BYTES,
                ping_interval=None,
                open_timeout=None,
                close_timeout=_CLOSE_SECONDS,
                compression=None,
            )
        except InvalidStatus as error:
            answer = error.response
            headers = {name.lower(): value for name, value in answer.headers.raw_items()}
            raise of_status(
                answer.status_code, headers, bytes(answer.body or b""), requests.where, self._now()
            ) from error
        except InvalidHandshake as error:
            raise LinkError(
                f"{requests.where} speaks no WebSocket: {error}", code="answer_invalid"
            ) from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise of_exception(error, requests.where, self._now()) from error
        line = WebSocketLine(connection)
        line.send(write_event(SessionUpdate(session=session)))
        return line
