"""Who may use the page: whoever has shown the device's token, and holds the random name given for it.

Times are milliseconds of a clock that only goes forward. Nothing here outlives the process.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from nearfield_edge.errors import TooManyTriesError, WrongTokenError

LIFETIME_MS: Final = 12 * 3_600_000
"""A session ends so long after it was last used; an open connection uses it."""
MOST_SESSIONS: Final = 64
MOST_WRONG: Final = 10
WRONG_WITHIN_MS: Final = 60_000
_MOST_ADDRESSES: Final = 1_024


class WrongTries:
    """Counts wrong tokens by address, within a sliding minute."""

    def __init__(self) -> None:
        self._tries: dict[str, deque[float]] = {}

    def too_many(self, address: str, now_ms: float) -> bool:
        """Whether nothing more is looked at from this address for a while."""
        tries = self._tries.get(address)
        if tries is None:
            return False
        while tries and now_ms - tries[0] >= WRONG_WITHIN_MS:
            tries.popleft()
        if not tries:
            del self._tries[address]
        return len(tries) >= MOST_WRONG

    def add(self, address: str, now_ms: float) -> None:
        """Count one; of very many addresses the one that tried first is forgotten."""
        if address not in self._tries and len(self._tries) >= _MOST_ADDRESSES:
            del self._tries[next(iter(self._tries))]
        self._tries.setdefault(address, deque(maxlen=MOST_WRONG)).append(now_ms)


class Sessions:
    """The sessions that are open."""

    def __init__(self, token: str) -> None:
        """Let in whoever has the token."""
        self._token = token.encode()
        self._wrong = WrongTries()
        self._used_ms: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def open(self, given: str, address: str, now_ms: float) -> str:
        """Begin a session; gives its name, which only its browser shall know.

        Raises:
            TooManyTriesError: There were too many wrong tokens from this address of late.
            WrongTokenError: This one is.
        """
        if self._wrong.too_many(address, now_ms):
            raise TooManyTriesError("too many wrong tokens from this address: wait a minute")
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token):
            self._wrong.add(address, now_ms)
            raise WrongTokenError("this is not the device's token: `nearfield page` prints the link with it")
        for name in [name for name in self._used_ms if not self._is_alive(name, now_ms)]:
            del self._used_ms[name]
        while len(self._used_ms) >= MOST_SESSIONS:
            del self._used_ms[min(self._used_ms, key=self._least_missed)]
        name = secrets.token_urlsafe(32)
        self._used_ms[name] = now_ms
        return name

    def use(self, name: str | None, now_ms: float) -> bool:
        """Whether the session is open; if so it was used now."""
        if name is None or name not in self._used_ms or not self._is_alive(name, now_ms):
            return False
        self._used_ms[name] = now_ms
        return True

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Keep the session alive meanwhile, unless it is closed by will."""
        self._held[name] = self._held.get(name, 0) + 1
        try:
            yield
        finally:
            self._held[name] -= 1
            if not self._held[name]:
                del self._held[name]

    def close(self, name: str) -> None:
        """End a session."""
        self._used_ms.pop(name, None)

    def _least_missed(self, name: str) -> tuple[bool, float]:
        return name in self._held, self._used_ms[name]

    def _is_alive(self, name: str, now_ms: float) -> bool:
        return name in self._held or now_ms - self._used_ms[name] < LIFETIME_MS
