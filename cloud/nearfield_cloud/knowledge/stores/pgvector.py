"""Passages in PostgreSQL with pgvector.

Vectors are compared exactly, within what may be read: no approximate index is made, because one over all
tenants finds too little for a small one. Words are an inverted index of stems, ranked by BM25 with the counts
of what may be read, so that nobody learns from a rank how often others use a word.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from nearfield_sync.errors import PassageStoreError
from nearfield_sync.passages.passage import Document, Hit, Listed, Passage, Scope, Vectors, VectorsOf
from nearfield_sync.passages.words import MOST_WORDS, Stems

if TYPE_CHECKING:
    import asyncpg

_MOST_CONNECTIONS: Final = 8
_LOCK: Final = 0x6E66_7061  # any number that nothing else in the database takes
_FIELDS: Final = (
    "document_id", "tenant", "audience", "title", "source", "digest", "media_type", "recipe", "ingested_at",
)  # fmt: skip
_DOCUMENT: Final = ", ".join(f"d.{field}" for field in _FIELDS)
_PASSAGE: Final = f"p.chunk_id, p.position, p.headings, p.text, {_DOCUMENT}"
_SCHEMA: Final = """
    CREATE EXTENSION IF NOT EXISTS vector;
    CREATE TABLE IF NOT EXISTS nearfield_documents (
        document_id text PRIMARY KEY,
        tenant text NOT NULL,
        audience text NOT NULL,
        title text NOT NULL,
        source text NOT NULL,
        digest text NOT NULL,
        media_type text NOT NULL,
        recipe text NOT NULL,
        ingested_at text NOT NULL
    );
    CREATE INDEX IF NOT EXISTS nearfield_documents_by_tenant ON nearfield_documents (tenant, audience);
    CREATE TABLE IF NOT EXISTS nearfield_passages (
        chunk_id text PRIMARY KEY,
        document_id text NOT NULL REFERENCES nearfield_documents ON DELETE CASCADE,
        position integer NOT NULL,
        title text NOT NULL,
        headings text[] NOT NULL,
        text text NOT NULL,
        words integer NOT NULL
    );
    CREATE INDEX IF NOT EXISTS nearfield_passages_by_document ON nearfield_passages (document_id);
    CREATE TABLE IF NOT EXISTS nearfield_words (
        stem text NOT NULL,
        chunk_id text NOT NULL REFERENCES nearfield_passages ON DELETE CASCADE,
        times integer NOT NULL,
        PRIMARY KEY (stem, chunk_id)
    );
    CREATE INDEX IF NOT EXISTS nearfield_words_by_passage ON nearfield_words (chunk_id);
    CREATE TABLE IF NOT EXISTS nearfield_vectors (
        chunk_id text NOT NULL REFERENCES nearfield_passages ON DELETE CASCADE,
        model text NOT NULL,
        number integer NOT NULL,
        vector vector NOT NULL,
        PRIMARY KEY (chunk_id, model, number)
    );
"""
_MATCHING: Final = f"""
    WITH readable AS (
        SELECT p.chunk_id, p.words FROM nearfield_passages p JOIN nearfield_documents d USING (document_id)
        WHERE d.tenant = $1 AND d.audience = ANY ($2)
    ), total AS (SELECT count(*) AS passages, greatest(avg(words), 1) AS words FROM readable
    ), found AS (
        SELECT w.stem, w.chunk_id, w.times::float, r.words::float,
               (count(*) OVER (PARTITION BY w.stem))::float AS holding
        FROM nearfield_words w JOIN readable r USING (chunk_id) WHERE w.stem = ANY ($3)
    ), ranked AS (
        SELECT f.chunk_id, sum(
            ln(1 + (t.passages - f.holding + 0.5) / (f.holding + 0.5))
            * f.times * 2.2 / (f.times + 1.2 * (0.25 + 0.75 * f.words / t.words))
        )::float AS score
        FROM found f CROSS JOIN total t GROUP BY f.chunk_id ORDER BY score DESC, f.chunk_id LIMIT $4
    )
    SELECT r.score, {_PASSAGE} FROM ranked r JOIN nearfield_passages p USING (chunk_id)
    JOIN nearfield_documents d USING (document_id) ORDER BY r.score DESC, p.chunk_id
"""
"""BM25 with k1 = 1.2 and b = 0.75, as FTS5 has them, and Lucene's idf, which is never negative.

Source: Robertson and Zaragoza 2009."""
_COSINES: Final = """
    SELECT v.chunk_id, max(-(v.vector <#> $1::text::vector))::float AS score
    FROM nearfield_vectors v JOIN nearfield_passages p USING (chunk_id)
    JOIN nearfield_documents d USING (document_id)
    WHERE d.tenant = $2 AND d.audience = ANY ($3) AND v.model = $4
"""


@asynccontextmanager
async def open_pgvector(address: str) -> AsyncIterator[PgvectorPassageStore]:
    """Connect, make the tables where they are missing, and let go in the end.

    Args:
        address: ``postgresql://user@host/database``.

    Raises:
        PassageStoreError: The server cannot be reached, or has no pgvector that this user may create.
    """
    try:
        import asyncpg
    except ImportError as error:
        raise PassageStoreError("asyncpg is missing: install the extras 'cloud' and 'pgvector'") from error
    async with _translating():
        pool = await asyncpg.create_pool(address, min_size=1, max_size=_MOST_CONNECTIONS)
    store = PgvectorPassageStore(pool)
    try:
        async with _translating(), pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(_SCHEMA)
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _translating() -> AsyncIterator[None]:
    import asyncpg

    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise PassageStoreError(f"PostgreSQL: {error or type(error).__name__}") from error


class PgvectorPassageStore:
    """A `PassageStore`; made by `open_pgvector`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, *, model_id: str
    ) -> None:
        """As the seam says."""
        counted = await asyncio.to_thread(_counted, document.title, passages)
        async with _translating(), self._pool.acquire() as connection, connection.transaction():
            values = [getattr(document, field) for field in _FIELDS]
            places = ", ".join(f"${number}" for number in range(1, len(_FIELDS) + 1))
            changes = ", ".join(f"{field} = excluded.{field}" for field in _FIELDS[1:])
            await connection.execute(
                f"INSERT INTO nearfield_documents ({', '.join(_FIELDS)}) VALUES ({places}) "
                f"ON CONFLICT (document_id) DO UPDATE SET {changes}",
                *values,
            )
            await self._drop_all_but(connection, document, passages)
            for passage, stems in zip(passages, counted, strict=True):
                await self._add(connection, document, passage, stems)
                await self._give_vectors(connection, passage.chunk_id, vectors, model_id)

    async def embedded(self, tenant: str, document_id: str, *, model_id: str) -> frozenset[str]:
        """As the seam says."""
        rows = await self._fetch(
            "SELECT DISTINCT v.chunk_id FROM nearfield_vectors v JOIN nearfield_passages p USING (chunk_id) "
            "JOIN nearfield_documents d USING (document_id) "
            "WHERE d.tenant = $1 AND d.document_id = $2 AND v.model = $3",
            tenant, document_id, model_id,
        )  # fmt: skip
        return frozenset(row["chunk_id"] for row in rows)

    async def delete(self, tenant: str, document_id: str) -> bool:
        """As the seam says; PostgreSQL clears what is gone when it vacuums, which is asked for here."""
        async with _translating(), self._pool.acquire() as connection:
            done = await connection.execute(
                "DELETE FROM nearfield_documents WHERE tenant = $1 AND document_id = $2", tenant, document_id
            )
            if done == "DELETE 0":
                return False
            for table in ("documents", "passages", "words", "vectors"):
                await connection.execute(f"VACUUM nearfield_{table}")
            return True

    async def documents(self, tenant: str) -> Sequence[Listed]:
        """As the seam says."""
        rows = await self._fetch(
            f"SELECT {_DOCUMENT}, (SELECT count(*) FROM nearfield_passages p "
            "WHERE p.document_id = d.document_id) AS passages "
            'FROM nearfield_documents d WHERE d.tenant = $1 ORDER BY d.source COLLATE "C"',
            tenant,
        )
        return [Listed(document=_document(row), passages=row["passages"]) for row in rows]

    async def nearest(self, vector: Vectors, scope: Scope, limit: int, *, model_id: str) -> Sequence[Hit]:
        """As the seam says."""
        rows = await self._fetch(
            f"WITH best AS ({_COSINES} GROUP BY v.chunk_id ORDER BY score DESC, v.chunk_id LIMIT $5) "
            f"SELECT b.score, {_PASSAGE} FROM best b JOIN nearfield_passages p USING (chunk_id) "
            "JOIN nearfield_documents d USING (document_id) ORDER BY b.score DESC, p.chunk_id",
            _written(vector), scope.tenant, sorted(scope.audiences), model_id, limit,
        )  # fmt: skip
        return [_hit(row) for row in rows]

    async def matching(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[Hit]:
        """As the seam says."""
        stems = sorted(set(Stems()(" ".join(words[:MOST_WORDS]).replace("\0", " "))))
        rows = await self._fetch(_MATCHING, scope.tenant, sorted(scope.audiences), stems, limit)
        return [_hit(row) for row in rows]

    async def similarities(
        self, vector: Vectors, scope: Scope, chunk_ids: Sequence[str], *, model_id: str
    ) -> Mapping[str, float]:
        """As the seam says."""
        rows = await self._fetch(
            f"{_COSINES} AND v.chunk_id = ANY ($5) GROUP BY v.chunk_id",
            _written(vector), scope.tenant, sorted(scope.audiences), model_id, list(chunk_ids),
        )  # fmt: skip
        return {row["chunk_id"]: row["score"] for row in rows}

    async def close(self) -> None:
        """As the seam says."""
        async with _translating():
            await self._pool.close()

    async def _fetch(self, sql: str, *values: object) -> list[Any]:
        async with _translating(), self._pool.acquire() as connection:
            return list(await connection.fetch(sql, *values))

    async def _drop_all_but(self, connection: Any, document: Document, passages: Sequence[Passage]) -> None:
        """Remove the passages that are gone or say something else."""
        wanted = {one.chunk_id: (document.title, list(one.headings), one.text) for one in passages}
        rows = await connection.fetch(
            "SELECT chunk_id, title, headings, text FROM nearfield_passages WHERE document_id = $1",
            document.document_id,
        )
        gone = [row[0] for row in rows if wanted.get(row[0]) != (row[1], list(row[2]), row[3])]
        await connection.execute("DELETE FROM nearfield_passages WHERE chunk_id = ANY ($1)", gone)

    async def _add(self, connection: Any, document: Document, passage: Passage, stems: Counter[str]) -> None:
        new = await connection.fetchval(
            "INSERT INTO nearfield_passages VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (chunk_id) "
            "DO UPDATE SET position = excluded.position RETURNING xmax = 0",
            passage.chunk_id, document.document_id, passage.position, document.title,
            list(passage.headings), passage.text, stems.total(),
        )  # fmt: skip
        if new:
            rows = [(stem, passage.chunk_id, times) for stem, times in stems.items()]
            await connection.executemany("INSERT INTO nearfield_words VALUES ($1, $2, $3)", rows)

    async def _give_vectors(self, connection: Any, chunk_id: str, vectors: VectorsOf, model_id: str) -> None:
        delete = "DELETE FROM nearfield_vectors WHERE chunk_id = $1"
        if chunk_id not in vectors:
            await connection.execute(f"{delete} AND model <> $2", chunk_id, model_id)
            select = "SELECT 1 FROM nearfield_vectors WHERE chunk_id = $1 LIMIT 1"
            if await connection.fetchval(select, chunk_id) is None:
                raise ValueError(f"passage {chunk_id} has no vectors of this model")
            return
        await connection.execute(delete, chunk_id)
        rows = [(chunk_id, model_id, at, _written(row)) for at, row in enumerate(vectors[chunk_id])]
        insert = "INSERT INTO nearfield_vectors VALUES ($1, $2, $3, $4::text::vector)"
        await connection.executemany(insert, rows)


def _counted(title: str, passages: Sequence[Passage]) -> list[Counter[str]]:
    """How often each stem is in title, headings and text of each passage."""
    stems = Stems()
    return [Counter(stems("\n".join((title, *one.headings, one.text)))) for one in passages]


def _written(vector: Vectors) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"


def _document(row: Any) -> Document:
    return Document(**{field: row[field] for field in _FIELDS})


def _hit(row: Any) -> Hit:
    passage = Passage(
        chunk_id=row["chunk_id"], position=row["position"], headings=tuple(row["headings"]), text=row["text"]
    )
    return Hit(document=_document(row), passage=passage, score=row["score"])
