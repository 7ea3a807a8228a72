"""Answers that no skill gives: those kept from earlier, and the cloud's.

What leaves the device is masked first; what comes back is filled again. The cloud races what the device can
say by itself: its first sentence has to come before the policy's deadline, or the device answers alone and
the cloud's answer is not wanted any more. Once a sentence of it has been given, the answer is the cloud's,
and where it breaks off the device says so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from nearfield_edge.routing.router import Reach
from nearfield_edge.turn.content import Answer, AnswerPart
from nearfield_sync.messages.turn_record import RouteDecision, Understanding

CACHE: Final = "cache"
CLOUD: Final = "cloud"

Alone = Callable[[], Awaitable[Answer]]
"""What the device says without anybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a turn wants answered from beyond the skills."""

    turn_id: str
    revision: int
    text: str
    """As it was said; personal."""
    understanding: Understanding
    decision: RouteDecision


class Beyond(Protocol):
    """Answers what no skill does."""

    async def reach(self, text: str) -> Reach:
        """What could answer these words at the moment."""
        ...

    def answers_to(self, decision: RouteDecision, text: str) -> bool:
        """Whether the turn with these words is answered here."""
        ...

    def answers(self, wanted: Wanted, alone: Alone) -> AsyncGenerator[Answer | AnswerPart]:
        """Answer: first an `Answer`, then, if that goes on, parts until the last; used under ``aclosing``.

        Args:
            wanted: What is to be answered.
            alone: Gives what the device says where nobody answers in time.
        """
        ...
