"""What was said in the last turns, for a question that goes on with them."""

from __future__ import annotations

from collections import deque
from typing import Final

from nearfield_edge.escalation.seam import PastExchange
from nearfield_sync.clock import Clock
from nearfield_sync.messages.turn_record import TurnRecord

_MOST: Final = 4


class RecentExchanges:
    """The latest exchanges of a conversation, as they were said; whoever sends them masks them first."""

    def __init__(self, clock: Clock, lifetime_seconds: float) -> None:
        self._clock = clock
        self._lifetime_ms = lifetime_seconds * 1000
        self._exchanges: deque[PastExchange] = deque(maxlen=_MOST)
        self._last_ms = 0.0

    def remember(self, record: TurnRecord) -> None:
        """Take a turn that is over; what nobody answered, or nobody heard, is none."""
        reply = record.reply
        if reply is None or not record.transcript or record.outcome not in ("answered", "interrupted"):
            return
        self._forget_old()
        self._exchanges.append(PastExchange(question=record.transcript, answer=reply.text))
        self._last_ms = self._clock.monotonic_ms()

    def latest(self) -> tuple[PastExchange, ...]:
        """Those of the conversation that still goes on, the latest last."""
        self._forget_old()
        return tuple(self._exchanges)

    def _forget_old(self) -> None:
        if self._clock.monotonic_ms() - self._last_ms > self._lifetime_ms:
            self._exchanges.clear()
