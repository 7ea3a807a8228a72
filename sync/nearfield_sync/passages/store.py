"""The seam of passage stores.

Contract for implementers: what `put` and `delete` do is done whole or not at all, as far as the store below
can promise it, and is durable when they return. No method lets a passage out of its tenant and audiences.
Vectors of two models are never compared: a passage whose vectors are another model's is not found by
`nearest`. Nothing computes or waits on the event loop for more than a few milliseconds. Text of passages and
words of questions are data, never syntax of the store's query language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from nearfield_sync.passages.passage import Document, Hit, Listed, Passage, Scope, Vectors, VectorsOf


class PassageStore(Protocol):
    """Keeps passages and finds them by meaning and by words."""

    async def put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, *, model_id: str
    ) -> None:
        """Make the document consist of these passages, and of no others.

        Args:
            document: Replaces one of the same id.
            passages: All of them.
            vectors: Of the passages that `embedded` does not name; those of the others are kept.
            model_id: The embedding model of all the document's vectors; those of another one are dropped.

        Raises:
            ValueError: A passage has neither vectors here nor in the store.
            SyncError: The store failed; nothing was changed.
        """
        ...

    async def embedded(self, tenant: str, document_id: str, *, model_id: str) -> frozenset[str]:
        """The chunk ids of this document that have vectors of this model.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def delete(self, tenant: str, document_id: str) -> bool:
        """Remove a document for good, its words and vectors too; False where there is none.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def documents(self, tenant: str) -> Sequence[Listed]:
        """All documents of a tenant, by source.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def nearest(self, vector: Vectors, scope: Scope, limit: int, *, model_id: str) -> Sequence[Hit]:
        """The passages whose meaning is nearest, the nearest first.

        Args:
            vector: ``float32[width]`` of length 1.
            scope: Whose.
            limit: At most so many.
            model_id: Whose vector it is.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def matching(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[Hit]:
        """The passages that have some of the words, by BM25, the best first; words are stemmed here.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def similarities(
        self, vector: Vectors, scope: Scope, chunk_ids: Sequence[str], *, model_id: str
    ) -> Mapping[str, float]:
        """Cosines of these passages, as `nearest` would give them; of those it may give.

        Raises:
            SyncError: The store failed.
        """
        ...

    async def close(self) -> None:
        """Let go of files and connections; a second call does nothing."""
        ...
