"""Knowledge as it is kept: a question is made to stand alone, searched by meaning and by words, and fused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import KnowledgeError
from nearfield_cloud.knowledge.meaning import Meaning
from nearfield_cloud.knowledge.rewriting import standing_alone
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.question import Exchange
from nearfield_models.errors import ModelsError
from nearfield_sync.errors import SyncError
from nearfield_sync.passages.fusion import fuse
from nearfield_sync.passages.passage import PUBLIC, Hit, Scope
from nearfield_sync.passages.store import PassageStore
from nearfield_sync.passages.words import telling_words


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How it is searched."""

    candidates: int = 50
    meaning_weight: float = 0.75
    least_similarity: float = 0.15
    most_question_characters: int = 2_000


class StoredKnowledge:
    """`Knowledge` over a passage store."""

    def __init__(self, store: PassageStore, meaning: Meaning, options: SearchOptions | None = None) -> None:
        self._store = store
        self._meaning = meaning
        self._options = options or SearchOptions()

    async def search(
        self, query: str, caller: Caller, *, conversation: Sequence[Exchange] = (), limit: int = 5
    ) -> Sequence[Found]:
        """As the seam says."""
        scope = Scope(tenant=caller.tenant, audiences=caller.audiences | {PUBLIC})
        question = standing_alone(query[: self._options.most_question_characters], conversation)
        if not question.strip():
            return []
        try:
            return await self._search(question, scope, min(limit, self._options.candidates))
        except (SyncError, ModelsError) as error:
            raise KnowledgeError(f"documents cannot be searched: {error}") from error

    async def _search(self, question: str, scope: Scope, limit: int) -> list[Found]:
        most, model = self._options.candidates, self._meaning.model_id
        words = telling_words(question)
        looked_up = asyncio.ensure_future(self._store.matching(words, scope, most))
        try:
            vector = (await self._meaning.of([question]))[0]
            near = await self._store.nearest(vector, scope, most, model_id=model)
            worded = await looked_up
        finally:
            looked_up.cancel()
        similarities = {hit.passage.chunk_id: hit.score for hit in near}
        unknown = [hit.passage.chunk_id for hit in worded if hit.passage.chunk_id not in similarities]
        similarities |= await self._store.similarities(vector, scope, unknown, model_id=model)
        by_words = {hit.passage.chunk_id: hit.score for hit in worded}
        hits = {hit.passage.chunk_id: hit for hit in (*worded, *near)}
        found = []
        for name, score in fuse(similarities, by_words, meaning=self._options.meaning_weight):
            similarity = similarities.get(name, 0.0)
            if name in by_words or similarity >= self._options.least_similarity:
                found.append(_found(hits[name], score, similarity))
        return found[:limit]


def _found(hit: Hit, score: float, similarity: float) -> Found:
    return Found(
        chunk_id=hit.passage.chunk_id,
        document=hit.document.title,
        source=hit.document.source,
        section=hit.passage.headings,
        text=hit.passage.text,
        score=score,
        similarity=similarity,
    )
