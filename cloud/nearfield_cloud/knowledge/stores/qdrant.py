"""Passages in Qdrant: a collection for each embedding model, a point for each passage.

A point has the passage's sentence vectors as one multivector, compared by the nearest of them, and its stems
as a sparse vector whose idf Qdrant computes. What Qdrant does not have is a transaction over several points:
a document is changed by adding what is new before removing what is old, so that a search meanwhile may see
both, and never neither.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from nearfield_sync.errors import PassageStoreError
from nearfield_sync.passages.passage import Document, Hit, Listed, Passage, Scope, Vectors, VectorsOf
from nearfield_sync.passages.words import MOST_WORDS, Stems

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient

_DOCUMENTS: Final = "nearfield_documents"
_PASSAGES: Final = "nearfield_passages_"
_SENTENCES: Final = "sentences"
_WORDS: Final = "words"
_USUAL_WORDS: Final = 120
"""In a passage; BM25's mean length, which Qdrant does not keep."""
_PAGE: Final = 256


@asynccontextmanager
async def open_qdrant(address: str, key: str | None = None) -> AsyncIterator[QdrantPassageStore]:
    """Connect, and let go in the end.

    Args:
        address: ``http://host:6333``; ``:memory:`` is the client's own store, for trying.
        key: Where the server asks for one.

    Raises:
        PassageStoreError: The server cannot be reached.
    """
    try:
        from qdrant_client import AsyncQdrantClient
    except ImportError as error:
        raise PassageStoreError("qdrant-client is missing: install the extra 'qdrant'") from error
    local = address == ":memory:"
    remote = {"url": address, "api_key": key, "check_compatibility": False}  # it asks in a thread, and warns
    client = AsyncQdrantClient(**({"location": address} if local else remote))
    store = QdrantPassageStore(client)
    try:
        await store.prepare()
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _translating() -> AsyncIterator[None]:
    import httpx
    from qdrant_client.common.client_exceptions import QdrantException
    from qdrant_client.http.exceptions import ApiException

    try:
        yield
    except (ApiException, QdrantException, httpx.HTTPError, OSError) as error:
        raise PassageStoreError(f"Qdrant: {str(error) or type(error).__name__}") from error


class QdrantPassageStore:
    """A `PassageStore`; made by `open_qdrant`."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        from qdrant_client import models

        self._client = client
        self._models: Any = models

    async def prepare(self) -> None:
        """Make the collection of documents where it is missing.

        Raises:
            PassageStoreError: The server cannot be reached.
        """
        async with _translating():
            if not await self._client.collection_exists(_DOCUMENTS):
                await self._client.create_collection(_DOCUMENTS, vectors_config={})

    async def put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, *, model_id: str
    ) -> None:
        """As the seam says."""
        kept = await self.embedded(document.tenant, document.document_id, model_id=model_id)
        lacking = {passage.chunk_id for passage in passages} - kept - vectors.keys()
        if lacking:
            raise ValueError(f"passages {sorted(lacking)} have no vectors of this model")
        async with _translating():
            collection = await self._collection(model_id, vectors)
            if collection is not None:
                await self._write(collection, document, passages, vectors)
            await self._client.upsert(
                _DOCUMENTS,
                [
                    self._models.PointStruct(
                        id=_point(document.document_id),
                        vector={},
                        payload={**asdict(document), "passages": len(passages)},
                    )
                ],
                wait=True,
            )
            for other in await self._collections():
                if other != collection:
                    await self._client.delete(
                        other, self._of(document.tenant, document.document_id), wait=True
                    )

    async def embedded(self, tenant: str, document_id: str, *, model_id: str) -> frozenset[str]:
        """As the seam says."""
        async with _translating():
            name = _collection_of(model_id)
            if not await self._client.collection_exists(name):
                return frozenset()
            payloads = await self._all(name, self._of(tenant, document_id))
        return frozenset(payload["chunk_id"] for payload in payloads)

    async def delete(self, tenant: str, document_id: str) -> bool:
        """As the seam says; Qdrant frees the room of deleted points when it next optimises their segment."""
        whose = self._of(tenant, document_id)
        async with _translating():
            known = (await self._client.count(_DOCUMENTS, count_filter=whose)).count
            for name in [*await self._collections(), _DOCUMENTS]:
                await self._client.delete(name, whose, wait=True)
        return known > 0

    async def documents(self, tenant: str) -> Sequence[Listed]:
        """As the seam says."""
        async with _translating():
            payloads = await self._all(_DOCUMENTS, self._filter(tenant=tenant))
        listed = [Listed(document=_document(one), passages=one["passages"]) for one in payloads]
        return sorted(listed, key=lambda one: one.document.source)

    async def nearest(self, vector: Vectors, scope: Scope, limit: int, *, model_id: str) -> Sequence[Hit]:
        """As the seam says."""
        return await self._by_vector(vector, limit, model_id, self._readable(scope))

    async def similarities(
        self, vector: Vectors, scope: Scope, chunk_ids: Sequence[str], *, model_id: str
    ) -> Mapping[str, float]:
        """As the seam says."""
        if not chunk_ids:
            return {}
        readable = self._readable(scope)
        readable.must.append(self._models.HasIdCondition(has_id=[_point(name) for name in chunk_ids]))
        hits = await self._by_vector(vector, len(chunk_ids), model_id, readable)
        return {hit.passage.chunk_id: hit.score for hit in hits}

    async def matching(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[Hit]:
        """As the seam says."""
        stems = sorted(set(Stems()(" ".join(words[:MOST_WORDS]))))
        if not stems:
            return []
        query = self._sparse(dict.fromkeys(stems, 1.0))
        hits: list[Hit] = []
        async with _translating():
            for name in await self._collections():
                found = await self._client.query_points(
                    name, query=query, using=_WORDS, query_filter=self._readable(scope), limit=limit
                )
                hits += [_hit(point) for point in found.points if point.score > 0]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.chunk_id))[:limit]

    async def close(self) -> None:
        """As the seam says."""
        async with _translating():
            await self._client.close()

    async def _by_vector(self, vector: Vectors, limit: int, model_id: str, readable: Any) -> list[Hit]:
        name = _collection_of(model_id)
        async with _translating():
            if not await self._client.collection_exists(name):
                return []
            found = await self._client.query_points(
                name, query=[vector.tolist()], using=_SENTENCES, query_filter=readable, limit=limit
            )
        hits = [_hit(point) for point in found.points]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.chunk_id))

    async def _collection(self, model_id: str, vectors: VectorsOf) -> str | None:
        """The collection of a model, made where it is missing; None where there is nothing to put into it."""
        name = _collection_of(model_id)
        if await self._client.collection_exists(name):
            return name
        width = next((rows.shape[1] for rows in vectors.values()), None)
        if width is None:
            return None
        models = self._models
        await self._client.create_collection(
            name,
            vectors_config={
                _SENTENCES: models.VectorParams(
                    size=width,
                    distance=models.Distance.COSINE,
                    multivector_config=models.MultiVectorConfig(
                        comparator=models.MultiVectorComparator.MAX_SIM
                    ),
                )
            },
            sparse_vectors_config={_WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        return name

    async def _write(
        self, collection: str, document: Document, passages: Sequence[Passage], vectors: VectorsOf
    ) -> None:
        models = self._models
        counted = await asyncio.to_thread(_counted, document.title, passages)
        new, payloads = [], []
        for passage, words in zip(passages, counted, strict=True):
            payload = {**asdict(document), **asdict(passage), "headings": list(passage.headings)}
            if passage.chunk_id in vectors:
                rows = vectors[passage.chunk_id].tolist()
                vector = {_SENTENCES: rows, _WORDS: self._sparse(words)}
                new.append(models.PointStruct(id=_point(passage.chunk_id), vector=vector, payload=payload))
            else:
                payloads.append((passage.chunk_id, payload))
        for at in range(0, len(new), _PAGE):
            await self._client.upsert(collection, new[at : at + _PAGE], wait=True)
        for name, payload in payloads:
            await self._client.overwrite_payload(collection, payload, [_point(name)], wait=True)
        gone = self._of(document.tenant, document.document_id)
        gone.must_not = [models.HasIdCondition(has_id=[_point(one.chunk_id) for one in passages])]
        await self._client.delete(collection, gone, wait=True)

    async def _collections(self) -> list[str]:
        found = await self._client.get_collections()
        return sorted(one.name for one in found.collections if one.name.startswith(_PASSAGES))

    async def _all(self, collection: str, whose: Any) -> list[dict[str, Any]]:
        payloads: list[dict[str, Any]] = []
        offset: Any = None
        while True:
            points, offset = await self._client.scroll(
                collection, scroll_filter=whose, limit=_PAGE, offset=offset, with_payload=True
            )
            payloads += [point.payload or {} for point in points]
            if offset is None:
                return payloads

    def _filter(self, **values: str) -> Any:
        models = self._models
        return models.Filter(
            must=[
                models.FieldCondition(key=key, match=models.MatchValue(value=value))
                for key, value in values.items()
            ]
        )

    def _of(self, tenant: str, document_id: str) -> Any:
        return self._filter(tenant=tenant, document_id=document_id)

    def _readable(self, scope: Scope) -> Any:
        found = self._filter(tenant=scope.tenant)
        match = self._models.MatchAny(any=sorted(scope.audiences))
        found.must.append(self._models.FieldCondition(key="audience", match=match))
        return found

    def _sparse(self, weights: Mapping[str, float]) -> Any:
        numbers: dict[int, float] = {}
        for stem, weight in weights.items():
            number = zlib.crc32(stem.encode())
            numbers[number] = max(weight, numbers.get(number, 0.0))
        return self._models.SparseVector(indices=list(numbers), values=list(numbers.values()))


def _counted(title: str, passages: Sequence[Passage]) -> list[dict[str, float]]:
    """BM25's weight of each stem in each passage, but for the idf. Source: Robertson and Zaragoza 2009."""
    stems = Stems()
    weights = []
    for one in passages:
        times = Counter(stems("\n".join((title, *one.headings, one.text))))
        length = 0.25 + 0.75 * times.total() / _USUAL_WORDS
        weights.append({stem: count * 2.2 / (count + 1.2 * length) for stem, count in times.items()})
    return weights


def _collection_of(model_id: str) -> str:
    return _PASSAGES + hashlib.sha256(model_id.encode()).hexdigest()[:16]


def _point(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _document(payload: Mapping[str, Any]) -> Document:
    return Document(**{field: payload[field] for field in Document.__dataclass_fields__})


def _hit(point: Any) -> Hit:
    payload = point.payload
    passage = Passage(
        chunk_id=payload["chunk_id"],
        position=payload["position"],
        headings=tuple(payload["headings"]),
        text=payload["text"],
    )
    return Hit(document=_document(payload), passage=passage, score=float(point.score))
