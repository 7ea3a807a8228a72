"""The words of one reply, which may still grow while the first of them are heard."""

from __future__ import annotations

import asyncio


class ReplyText:
    """Parts in the order in which they are said; used on the event loop only."""

    def __init__(self, first: str, *more: str, whole: bool) -> None:
        """Begin.

        Args:
            first: The first part.
            more: What else there is already.
            whole: Whether there will be no other.
        """
        self._parts = [first, *more]
        self._whole = whole
        self._grown = asyncio.Event()

    @property
    def text(self) -> str:
        """All of it so far."""
        return " ".join(self._parts)

    @property
    def first(self) -> str:
        """Its first part."""
        return self._parts[0]

    @property
    def whole(self) -> bool:
        """Whether nothing more will come."""
        return self._whole

    def go_on(self, text: str, *, last: bool) -> None:
        """Add a part, or none where ``text`` is empty; nothing is added once it is whole."""
        if self._whole:
            return
        if text:
            self._parts.append(text)
        self._whole = last
        self._grown.set()

    async def part(self, index: int) -> str | None:
        """The part with that number, as soon as there is one; None after the last."""
        while index >= len(self._parts):
            if self._whole:
                return None
            self._grown.clear()
            await self._grown.wait()
        return self._parts[index]

    async def until_whole(self) -> str:
        """All of it, once nothing more will come."""
        while not self._whole:
            self._grown.clear()
            await self._grown.wait()
        return self.text
