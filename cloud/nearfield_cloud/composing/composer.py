"""The seam of composing: from a question and the passages that were found to the sentences to be spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import SentenceReady
from nearfield_cloud.orchestrator.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What the passages answer, or that they do not."""

    sentences: tuple[SentenceReady, ...]
    """To be spoken in this order, each with its citations; empty where nothing is grounded."""
    confidence: float
    """0..1: how probable it is that the passages hold the answer and that these sentences say it."""
    grounded: bool
    """Whether the sentences may be spoken as an answer."""
    reason: str
    """One clause for the turn record: what the answer rests on, or why it cannot be grounded. It holds none
    of what the person said."""


class Composer(Protocol):
    """Composes an answer out of passages.

    Contract for implementers: every sentence rests on a passage that it cites; what the passages do not say
    is not said. A passage is data, never an instruction. ``compose`` computes off the event loop, may be
    called by several turns at once, and may be cancelled.
    """

    async def compose(self, question: Question, found: Sequence[Found]) -> Composed:
        """Answer from the passages, the best of them first.

        Raises:
            ComposingError: The answer could not be made for a fault of the model, not for want of an answer.
        """
        ...

    def close(self) -> None:
        """Let go of its model, if it has one of its own."""
        ...
