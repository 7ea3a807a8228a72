"""Client secrets: short-lived, handed by an application's server to a client that has no other proof.

A secret names the worker that made it, as calls do, because it lives in that worker's memory only; kept is
its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import CallElsewhereError, CallsFullError, ClientSecretError
from nearfield_sync.messages.realtime.session import RealtimeSession

PREFIX: Final = "ek_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a secret stands for."""

    caller: Caller
    session: RealtimeSession
    expires_at: float
    """Seconds since 1970."""


class ClientSecrets:
    """The secrets of this worker."""

    def __init__(self, worker: str, *, most: int) -> None:
        self._worker = worker
        self._most = most
        self._granted: dict[bytes, Granted] = {}

    def make(self, granted: Granted, *, now: float) -> str:
        """Make a secret.

        Raises:
            CallsFullError: As many are in force as may be.
        """
        if len(self._granted) >= self._most:
            self._granted = {key: one for key, one in self._granted.items() if one.expires_at > now}
        if len(self._granted) >= self._most:
            raise CallsFullError(f"{self._most} client secrets are in force: try again later")
        value = f"{PREFIX}{self._worker}_{secrets.token_urlsafe(32)}"
        self._granted[_digest(value)] = granted
        return value

    def read(self, value: str, *, now: float) -> Granted:
        """Give what a secret stands for.

        Raises:
            CallElsewhereError: Another worker made it.
            ClientSecretError: It is unknown or has expired.
        """
        worker = owner_of(value, PREFIX)
        if worker is not None and worker != self._worker:
            raise CallElsewhereError(worker)
        granted = self._granted.get(_digest(value))
        if granted is None or granted.expires_at <= now:
            raise ClientSecretError("the client secret is unknown or has expired: ask for another")
        return granted


def owner_of(name: str, prefix: str) -> str | None:
    """The worker in ``PREFIX_WORKER_random``; None where it names none."""
    worker, separator, rest = name.removeprefix(prefix).partition("_")
    return worker[:40] if name.startswith(prefix) and separator and worker and rest else None


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
