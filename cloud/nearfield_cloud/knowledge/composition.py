"""Which store, which model: knowledge as the configuration wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.knowledge.chunks import Sizes
from nearfield_cloud.knowledge.ingest import Ingestion, IngestOptions
from nearfield_cloud.knowledge.meaning import Meaning
from nearfield_cloud.knowledge.readers.reading import ReadingLimits
from nearfield_cloud.knowledge.sources import Fetching
from nearfield_cloud.knowledge.stored import SearchOptions, StoredKnowledge
from nearfield_cloud.knowledge.stores.pgvector import open_pgvector
from nearfield_cloud.knowledge.stores.qdrant import open_qdrant
from nearfield_models.engines import load_embedding
from nearfield_sync.clock import Clock, SystemClock
from nearfield_sync.passages.sqlite import open_passages
from nearfield_sync.passages.store import PassageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeRoom:
    """All that has to do with documents, over one store and one model."""

    store: PassageStore
    meaning: Meaning
    knowledge: StoredKnowledge
    ingestion: Ingestion


@asynccontextmanager
async def open_knowledge(
    configuration: Configuration, *, clock: Clock | None = None
) -> AsyncIterator[KnowledgeRoom]:
    """Load the model, open the store, and close both in the end.

    Raises:
        SyncError: The store cannot be opened.
        ModelsError: The model cannot be loaded.
    """
    section = configuration.knowledge
    meaning = Meaning(await asyncio.to_thread(load_embedding, section.embedding))
    try:
        await meaning.warm_up()
        async with open_store(configuration) as store:
            search = SearchOptions(
                candidates=section.candidates,
                meaning_weight=section.meaning_weight,
                least_similarity=section.least_similarity,
                most_question_characters=section.most_question_characters,
            )
            ingestion = Ingestion(store, meaning, clock or SystemClock(), ingest_options(configuration))
            knowledge = StoredKnowledge(store, meaning, search)
            yield KnowledgeRoom(store=store, meaning=meaning, knowledge=knowledge, ingestion=ingestion)
    finally:
        meaning.close()


@asynccontextmanager
async def open_store(configuration: Configuration) -> AsyncIterator[PassageStore]:
    """Open the store alone, without a model.

    Raises:
        SyncError: It cannot be opened.
    """
    section = configuration.knowledge
    address = section.address.get_secret_value() if section.address else ""
    if section.store == "pgvector":
        async with open_pgvector(address) as postgres:
            yield postgres
    elif section.store == "qdrant":
        async with open_qdrant(address, section.key.get_secret_value() if section.key else None) as qdrant:
            yield qdrant
    else:
        store = await asyncio.to_thread(open_passages, configuration.data / "knowledge.sqlite")
        try:
            yield store
        finally:
            await store.close()


def ingest_options(configuration: Configuration) -> IngestOptions:
    """What the configuration says of ingestion."""
    section = configuration.knowledge
    return IngestOptions(
        sizes=Sizes(most=section.largest_passage_tokens, least=section.smallest_passage_tokens),
        limits=ReadingLimits(
            most_characters=section.most_characters,
            most_pages=section.most_pages,
            largest_unpacked_bytes=section.largest_unpacked_bytes,
        ),
        fetching=Fetching(
            hosts=section.hosts,
            networks=section.networks,
            largest_bytes=section.largest_document_bytes,
            seconds=section.fetch_seconds,
        ),
    )
