"""Ingestion: a document is read, cut, embedded where it is new, and stored whole.

A document that is as it was, made by the same recipe, costs one digest. One that changed is embedded
where its passages changed. A document that cannot be read leaves its earlier self where it is, and the
others go on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Literal

import numpy as np

from nearfield_cloud.errors import DocumentError
from nearfield_cloud.knowledge.chunks import VERSION, Sizes, embedded_texts, passages_of
from nearfield_cloud.knowledge.meaning import Meaning
from nearfield_cloud.knowledge.readers.reading import ReadingLimits, media_type_of, read
from nearfield_cloud.knowledge.sources import Fetching, Original, fetch, read_file
from nearfield_sync.clock import Clock
from nearfield_sync.passages.passage import PUBLIC, Document, Listed, Passage, VectorsOf, document_id
from nearfield_sync.passages.store import PassageStore

Outcome = Literal["added", "changed", "unchanged", "failed", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """For whom documents are ingested, and as what."""

    tenant: str
    audience: str = PUBLIC
    title: str | None = None
    """Instead of the document's own; for a single one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What of a document is taken, and how it is cut."""

    sizes: Sizes = field(default_factory=Sizes)
    limits: ReadingLimits = field(default_factory=ReadingLimits)
    fetching: Fetching = field(default_factory=Fetching)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one document."""

    source: str
    outcome: Outcome
    title: str = ""
    passages: int = 0
    embedded: int = 0
    """Passages that had to be embedded."""
    error: str = ""
    """Why it failed."""


class Ingestion:
    """Brings documents into a store."""

    def __init__(self, store: PassageStore, meaning: Meaning, clock: Clock, options: IngestOptions) -> None:
        self._store = store
        self._meaning = meaning
        self._clock = clock
        self._options = options

    async def files(self, files: Sequence[Path], placing: Placing) -> AsyncGenerator[Report]:
        """Ingest files, one report each.

        Raises:
            SyncError: The store failed.
            EngineError: The embedding model failed.
        """
        known = await self._known(placing.tenant)
        for file in files:
            source = str(file)
            try:
                original = await asyncio.to_thread(read_file, file, self._options.fetching.largest_bytes)
                yield await self._take(source, original, placing, known.get(source))
            except DocumentError as error:
                yield Report(source=source, outcome="failed", error=str(error))

    async def address(self, address: str, placing: Placing) -> Report:
        """Fetch and ingest one document.

        Raises:
            SyncError: The store failed.
            EngineError: The embedding model failed.
        """
        known = await self._known(placing.tenant)
        try:
            original = await fetch(address, self._options.fetching)
            return await self._take(address, original, placing, known.get(address))
        except DocumentError as error:
            return Report(source=address, outcome="failed", error=str(error))

    async def prune(self, folder: Path, present: Sequence[Path], tenant: str) -> Sequence[Report]:
        """Delete the tenant's documents that came from below a folder and are no longer there.

        Args:
            folder: Its absolute path.
            present: What is there, as `files_of` gives it.
            tenant: Whose documents.

        Raises:
            SyncError: The store failed.
        """
        there = {str(file) for file in present}
        reports = []
        for source, listed in (await self._known(tenant)).items():
            if source not in there and PurePath(source).is_relative_to(folder):
                await self._store.delete(tenant, listed.document.document_id)
                reports.append(Report(source=source, outcome="removed", title=listed.document.title))
        return reports

    async def _known(self, tenant: str) -> Mapping[str, Listed]:
        return {listed.document.source: listed for listed in await self._store.documents(tenant)}

    async def _take(
        self, source: str, original: Original, placing: Placing, earlier: Listed | None
    ) -> Report:
        kind = media_type_of(original.name, original.announced)
        digest = await asyncio.to_thread(lambda: hashlib.sha256(original.data).hexdigest())
        sizes = self._options.sizes
        recipe = f"{VERSION}/{sizes.most}-{sizes.least}/{self._meaning.model_id}"
        if earlier is not None and _is_as_it_was(earlier.document, digest, recipe, placing):
            return Report(
                source=source,
                outcome="unchanged",
                title=earlier.document.title,
                passages=earlier.passages,
            )
        document = Document(
            document_id=document_id(placing.tenant, source),
            tenant=placing.tenant,
            audience=placing.audience,
            title="",
            source=source,
            digest=digest,
            media_type=kind,
            recipe=recipe,
            ingested_at=self._clock.utc_now().isoformat(timespec="seconds"),
        )
        document, passages = await self._cut(document, original, placing.title)
        vectors = await self._vectors(document, passages)
        await self._store.put(document, passages, vectors, model_id=self._meaning.model_id)
        return Report(
            source=source,
            outcome="added" if earlier is None else "changed",
            title=document.title,
            passages=len(passages),
            embedded=len(vectors),
        )

    async def _cut(
        self, document: Document, original: Original, title: str | None
    ) -> tuple[Document, list[Passage]]:
        parsed = await asyncio.to_thread(
            read, original.data, document.media_type, document.source, self._options.limits
        )
        titled = replace(document, title=title or parsed.title or _title_from(original.name))

        def cut() -> list[Passage]:
            return passages_of(
                parsed,
                document=titled.document_id,
                title=titled.title,
                sizes=self._options.sizes,
                count=self._meaning.count_tokens,
            )

        return titled, await self._meaning.on_its_thread(cut)

    async def _vectors(self, document: Document, passages: Sequence[Passage]) -> VectorsOf:
        """Vectors of the passages that the store has none of."""
        model = self._meaning.model_id
        kept = await self._store.embedded(document.tenant, document.document_id, model_id=model)
        new = [passage for passage in passages if passage.chunk_id not in kept]
        texts = [embedded_texts(passage, document.title) for passage in new]
        vectors = await self._meaning.of([text for some in texts for text in some])
        ends = np.cumsum([len(some) for some in texts])
        return {
            passage.chunk_id: rows for passage, rows in zip(new, np.split(vectors, ends)[:-1], strict=True)
        }


def _is_as_it_was(document: Document, digest: str, recipe: str, placing: Placing) -> bool:
    return (
        document.digest == digest
        and document.recipe == recipe
        and document.audience == placing.audience
        and placing.title in (None, document.title)
    )


def _title_from(name: str) -> str:
    """A file's name as people would say it."""
    return PurePath(name).stem.replace("_", " ").replace("-", " ").strip() or name
