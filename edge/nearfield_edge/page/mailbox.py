"""What waits to be sent to one page. Whoever posts never waits; a slow page loses what does not fit."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The connection shall end, with this code."""

    code: int
    reason: str


class Mailbox:
    """A bounded queue of messages with one reader; its users decide what is dropped when it is full."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[str | bytes] = deque()
        self._closing: Closing | None = None
        self._news = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether something must go before anything is posted."""
        return len(self._waiting) >= self._most

    def post(self, message: str | bytes) -> None:
        """Let a message wait to be sent; the caller has made room."""
        self._waiting.append(message)
        self._news.set()

    def drop_all(self) -> int:
        """Forget what waits; gives how much that was."""
        count = len(self._waiting)
        self._waiting.clear()
        return count

    def drop_sound(self, most: int | None = None) -> int:
        """Forget the oldest binary messages, all of them unless ``most`` is given; gives how many."""
        kept: deque[str | bytes] = deque()
        count = 0
        while self._waiting and (most is None or count < most):
            message = self._waiting.popleft()
            if isinstance(message, bytes):
                count += 1
            else:
                kept.append(message)
        self._waiting.extendleft(reversed(kept))
        return count

    def close(self, code: int, reason: str) -> None:
        """End the connection, without what still waits."""
        self._closing = Closing(code=code, reason=reason)
        self._news.set()

    async def deliver(self, websocket: WebSocket) -> None:
        """Send what is posted, until closed or until the page has gone."""
        try:
            while True:
                await self._news.wait()
                if self._closing is not None:
                    await websocket.close(self._closing.code, self._closing.reason)
                    return
                if not self._waiting:
                    self._news.clear()
                    continue
                message = self._waiting.popleft()
                if isinstance(message, str):
                    await websocket.send_text(message)
                else:
                    await websocket.send_bytes(message)
        except WebSocketDisconnect:
            return
