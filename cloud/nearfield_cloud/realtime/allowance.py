"""So much a second, and some at once."""

from __future__ import annotations


class Allowance:
    """A bucket that fills steadily; the time is given by whoever asks."""

    def __init__(self, per_second: float, *, at_once: float, now_ms: float) -> None:
        self._per_ms = per_second / 1000
        self._at_once = at_once
        self._left = at_once
        self._counted_ms = now_ms

    def take(self, now_ms: float) -> bool:
        """Use one; False where none is left."""
        self._left = min(self._at_once, self._left + (now_ms - self._counted_ms) * self._per_ms)
        self._counted_ms = now_ms
        if self._left < 1:
            return False
        self._left -= 1
        return True
