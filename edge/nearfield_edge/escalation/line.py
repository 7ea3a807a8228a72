"""The seam to the wire: an open line that carries events as text, and what opens one."""

from __future__ import annotations

from typing import Final, Protocol

from nearfield_sync.messages.realtime.session import RealtimeSession

LARGEST_SENT_BYTES: Final = 60_000
"""Of one event: what every data channel takes."""


class Line(Protocol):
    """An open line to the cloud.

    Contract for implementers: events arrive whole and in order. ``send`` never waits: what cannot be sent
    soon is a lost line, not a queue that grows.
    """

    @property
    def name(self) -> str:
        """What the other end calls it, such as a call's id; for logs."""
        ...

    def send(self, text: str) -> None:
        """Send one event.

        Raises:
            LinkError: The line is closed, or too much waits to be sent.
        """
        ...

    async def receive(self) -> str:
        """The next event.

        Raises:
            LinkError: The line is closed, or too much came at once.
        """
        ...

    async def close(self) -> None:
        """Close it; takes a second at most, also where the other end is gone."""
        ...


class LineOpener(Protocol):
    """Opens lines."""

    async def prepare(self) -> None:
        """Load what opening needs, once, away from the event loop."""
        ...

    async def open(self, token: str, session: RealtimeSession) -> Line:
        """Open a line for a session; to be cancelled where it takes too long.

        Args:
            token: For ``Authorization: Bearer``.
            session: What the session is to be, with the one it resumes.

        Raises:
            LinkError: By the names in `failures`.
        """
        ...
