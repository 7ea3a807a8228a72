"""What came over a line and was not taken yet: bounded, and closable with the reason."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from nearfield_edge.errors import LinkError

MOST_EVENTS: Final = 1_024
MOST_CHARACTERS: Final = 4 * 1024 * 1024


class Inbox:
    """A queue of texts between a library's callbacks and one reader, on one event loop.

    Overflow policy: the line is given up (``too_much``). An event left out would make an answer that the
    cloud never gave.
    """

    def __init__(self) -> None:
        self._texts: deque[str] = deque()
        self._characters = 0
        self._closed: LinkError | None = None
        self._woken = asyncio.Event()

    def put(self, text: str) -> None:
        """Take what came; after the close nothing."""
        if self._closed is not None:
            return
        if len(self._texts) >= MOST_EVENTS or self._characters + len(text) > MOST_CHARACTERS:
            self.close(LinkError("more came from the cloud than could be taken", code="too_much"))
            return
        self._texts.append(text)
        self._characters += len(text)
        self._woken.set()

    def close(self, reason: LinkError) -> None:
        """No more will come; what came before is still given."""
        if self._closed is None:
            self._closed = reason
            self._woken.set()

    async def get(self) -> str:
        """The next text.

        Raises:
            LinkError: There is none, and there will be none.
        """
        while not self._texts:
            if self._closed is not None:
                raise LinkError(str(self._closed), code=self._closed.code)
            self._woken.clear()
            await self._woken.wait()
        text = self._texts.popleft()
        self._characters -= len(text)
        return text
