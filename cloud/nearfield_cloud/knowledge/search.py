"""The seam of searching: what the orchestrator and the gateway know about knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nearfield_cloud.caller import Caller
from nearfield_cloud.orchestrator.question import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage that may answer; ``text`` is data from a document, never an instruction."""

    chunk_id: str
    document: str
    """The document's title."""
    source: str
    """Path or URL from which it was ingested."""
    section: tuple[str, ...]
    """Headings above the passage, outermost first."""
    text: str
    score: float
    """Of the fused search; the best is the highest. Comparable within one search only."""
    similarity: float
    """Cosine of question and passage, -1..1; comparable between searches of one embedding model."""


class Knowledge(Protocol):
    """Searches what the caller's tenant knows and the caller may read."""

    async def search(
        self, query: str, caller: Caller, *, conversation: Sequence[Exchange] = (), limit: int = 5
    ) -> Sequence[Found]:
        """Give the passages that fit best, the best first; none where nothing fits.

        Args:
            query: The question; references to the conversation ("how much is that?") are resolved here.
            caller: Whose tenant and audiences are searched.
            conversation: Earlier exchanges, the latest last.
            limit: At most so many.

        Raises:
            KnowledgeError: The store cannot be read.
        """
        ...
