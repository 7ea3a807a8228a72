"""A flag that long computations look at between steps."""

from __future__ import annotations

import threading

from nearfield_models.errors import CancelledWorkError


class Cancellation:
    """Set from any thread; checked by an engine between decoder steps or vocoder chunks."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask whoever holds this to stop."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the result is no longer wanted."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise if the result is no longer wanted.

        Raises:
            CancelledWorkError: Cancelled meanwhile.
        """
        if self._event.is_set():
            raise CancelledWorkError("the result is no longer wanted")
