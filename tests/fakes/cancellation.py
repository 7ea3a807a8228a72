"""A cancellation that comes in the middle of work."""

from __future__ import annotations

from nearfield_models.cancellation import Cancellation


class CancelsAfter(Cancellation):
    """Cancels itself when it has been looked at so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.left = looks

    def check(self) -> None:
        if self.left == 0:
            self.cancel()
        self.left -= 1
        super().check()
