"""The seam of understanding beyond the sentences.

Contract for implementers: it is asked only where no sentence was heard and the text is none. Nothing is
computed on the event loop. It says how sure it is, and leaves it to the policy what follows from that. What
is not sure enough to act upon has a sentence that means just that as its alternative, where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from nearfield_edge.turn.content import Transcript
from nearfield_models.grammar import Grammar
from nearfield_sync.messages.turn_record import Understanding


class Interpreter(Protocol):
    """Says what words probably mean that are no sentence of any skill."""

    async def understand(
        self, grammar: Grammar, transcript: Transcript, contexts: Sequence[Mapping[str, str]]
    ) -> Understanding | None:
        """Give the likeliest meaning, or None where nothing is likely enough to be asked about.

        Args:
            grammar: What can be said to the skills at the moment.
            transcript: What was heard or typed.
            contexts: What is known of the conversation, the latest thread first; at least one.

        Raises:
            EngineError: A model failed.
            CancelledWorkError: The device is being closed.
        """
        ...
