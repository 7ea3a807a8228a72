"""A receiver of effects that a test scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from nearfield_edge.errors import EdgeError
from nearfield_edge.records.outbox_entry import Delivery, OutboxEntry


class ScriptedDelivery:
    """Notes the keys that come and answers each as told; acknowledges what it is told nothing about."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.acknowledged: list[str] = []
        self.answers: dict[str, list[EdgeError | None]] = {}
        """By key, consumed from the front: an error to raise, or None to acknowledge."""
        self.before: Callable[[OutboxEntry], None] = lambda entry: None
        self._lock = threading.Lock()

    def deliver(self, entry: OutboxEntry, now: datetime) -> None:
        self.before(entry)
        with self._lock:
            self.tried.append(entry.key)
            script = self.answers.get(entry.key)
            error = script.pop(0) if script else None
            if error is not None:
                raise error
            self.acknowledged.append(entry.key)


def as_delivery(delivery: ScriptedDelivery) -> Delivery:
    """Only here so that mypy checks the fake against the seam."""
    return delivery
