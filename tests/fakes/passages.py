"""Passages in memory: the same answers as a real store gives, and failing when told to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from nearfield_sync.errors import PassageStoreError
from nearfield_sync.passages.passage import Document, Hit, Listed, Passage, Scope, Vectors, VectorsOf
from nearfield_sync.passages.words import Stems


class PassagesInMemory:
    """A `PassageStore` of dictionaries."""

    def __init__(self) -> None:
        self.fails = False
        self._documents: dict[str, Document] = {}
        self._passages: dict[str, list[Passage]] = {}
        self._vectors: dict[tuple[str, str], Vectors] = {}
        self._stems = Stems()

    async def put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, *, model_id: str
    ) -> None:
        self._see_that_it_works()
        kept = {one.chunk_id: self._vectors.get((model_id, one.chunk_id)) for one in passages}
        found = {name: vectors.get(name, rows) for name, rows in kept.items()}
        for name, rows in found.items():
            if rows is None:
                raise ValueError(f"passage {name} has no vectors of this model")
        await self.delete(document.tenant, document.document_id)
        self._documents[document.document_id] = document
        self._passages[document.document_id] = list(passages)
        self._vectors |= {(model_id, name): rows for name, rows in found.items() if rows is not None}

    async def embedded(self, tenant: str, document_id: str, *, model_id: str) -> frozenset[str]:
        self._see_that_it_works()
        names = (one.chunk_id for one in self._passages.get(document_id, ()))
        return frozenset(name for name in names if (model_id, name) in self._vectors)

    async def delete(self, tenant: str, document_id: str) -> bool:
        self._see_that_it_works()
        document = self._documents.get(document_id)
        if document is None or document.tenant != tenant:
            return False
        del self._documents[document_id]
        gone = {one.chunk_id for one in self._passages.pop(document_id)}
        self._vectors = {key: rows for key, rows in self._vectors.items() if key[1] not in gone}
        return True

    async def documents(self, tenant: str) -> Sequence[Listed]:
        self._see_that_it_works()
        found = [one for one in self._documents.values() if one.tenant == tenant]
        found.sort(key=lambda one: one.source)
        return [Listed(document=one, passages=len(self._passages[one.document_id])) for one in found]

    async def nearest(self, vector: Vectors, scope: Scope, limit: int, *, model_id: str) -> Sequence[Hit]:
        scored = [
            Hit(document=document, passage=passage, score=float((rows @ vector).max()))
            for document, passage in self._readable(scope)
            if (rows := self._vectors.get((model_id, passage.chunk_id))) is not None
        ]
        return _best(scored, limit)

    async def matching(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[Hit]:
        stems = set(self._stems(" ".join(words)))
        readable = self._readable(scope)
        counts = [
            Counter(self._stems(" ".join((document.title, *passage.headings, passage.text))))
            for document, passage in readable
        ]
        mean = sum(one.total() for one in counts) / max(1, len(counts))
        scored = []
        for (document, passage), times in zip(readable, counts, strict=True):
            score = 0.0
            for stem in stems & times.keys():
                holding = sum(stem in one for one in counts)
                idf = math.log(1 + (len(counts) - holding + 0.5) / (holding + 0.5))
                length = 0.25 + 0.75 * times.total() / mean
                score += idf * times[stem] * 2.2 / (times[stem] + 1.2 * length)
            if score > 0:
                scored.append(Hit(document=document, passage=passage, score=score))
        return _best(scored, limit)

    async def similarities(
        self, vector: Vectors, scope: Scope, chunk_ids: Sequence[str], *, model_id: str
    ) -> Mapping[str, float]:
        hits = await self.nearest(vector, scope, 1_000_000, model_id=model_id)
        return {hit.passage.chunk_id: hit.score for hit in hits if hit.passage.chunk_id in chunk_ids}

    async def close(self) -> None:
        pass

    def _readable(self, scope: Scope) -> list[tuple[Document, Passage]]:
        self._see_that_it_works()
        return [
            (document, passage)
            for document in self._documents.values()
            if document.tenant == scope.tenant and document.audience in scope.audiences
            for passage in self._passages[document.document_id]
        ]

    def _see_that_it_works(self) -> None:
        if self.fails:
            raise PassageStoreError("the store in memory was told to fail")


def _best(hits: list[Hit], limit: int) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.score, hit.passage.chunk_id))[:limit]
