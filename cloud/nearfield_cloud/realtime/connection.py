"""The seam between a call and what carries its events."""

from __future__ import annotations

from typing import Protocol


class Connection(Protocol):
    """One way to a client; a call has one of its own and may have others beside it.

    Contract for implementers: neither method waits. What cannot be sent is dropped, and a client that reads
    too slowly is closed by whoever implements this; the call is told by `Call.detach`.
    """

    def send(self, text: str) -> None:
        """Send one event."""
        ...

    def close(self, reason: str) -> None:
        """End the connection once what was sent is out."""
        ...
