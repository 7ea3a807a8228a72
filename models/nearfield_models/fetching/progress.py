"""The seam through which a fetch says how far it is.

Contract for implementers: calls come from one thread; ``begin`` opens a line that the ``advance`` calls
after it belong to, and that ``end`` closes. Totals are in bytes, and None where nobody knows them.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears of the steps of a fetch."""

    def begin(self, title: str, total_bytes: int | None) -> None:
        """Something starts: a download, a build step."""
        ...

    def advance(self, done_bytes: int) -> None:
        """So many bytes of it are done, counted from its beginning."""
        ...

    def end(self) -> None:
        """It is over, well or not."""
        ...


class Silence:
    """Hears and says nothing."""

    def begin(self, title: str, total_bytes: int | None) -> None:
        """Say nothing."""

    def advance(self, done_bytes: int) -> None:
        """Say nothing."""

    def end(self) -> None:
        """Say nothing."""
