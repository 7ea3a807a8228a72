"""Passages in SQLite: rows, FTS5 beside them, and vectors in two passes.

The first pass ranks sketches of one bit a number by sqlite-vec's Hamming distance, the second the likeliest
few hundred by vectors of one byte a number. Both are plain tables: sqlite-vec's virtual ones only mark a
deleted vector as such, and here what is deleted is overwritten (``secure_delete``, FTS5's own
``secure-delete``, and a truncated write-ahead log).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nearfield_sync.database import BUSY_TIMEOUT_MS, Database, open_database, translating
from nearfield_sync.errors import PassageStoreError
from nearfield_sync.passages.passage import Document, Hit, Listed, Passage, Scope, Vectors, VectorsOf
from nearfield_sync.passages.quantised import cosines, sketch, squeeze
from nearfield_sync.passages.schema import MIGRATIONS
from nearfield_sync.passages.words import MOST_WORDS

_SKETCHES_PER_HIT: Final = 12
_FEWEST_SKETCHES: Final = 256
_WEIGHTS: Final = (1.0, 1.0, 1.0)
"""Of a word in title, headings and text."""
_DOCUMENT: Final = (
    "d.document_id, s.tenant, s.audience, d.title, d.source, d.digest, d.media_type, d.recipe, d.ingested_at"
)
_PASSAGE: Final = f"p.chunk_id, p.position, p.headings, p.text, {_DOCUMENT}"
_FROM: Final = "passages p JOIN documents d USING (document) JOIN shelves s USING (shelf)"


def open_passages(path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> SqlitePassageStore:
    """Open or create the file.

    Raises:
        DatabaseError: As `open_database`.
        PassageStoreError: sqlite-vec is not installed, or does not load.
    """
    try:
        import sqlite_vec
    except ImportError as error:
        raise PassageStoreError("sqlite-vec is missing: install the extra 'cloud' or 'edge'") from error
    writer = open_database(path, MIGRATIONS, busy_timeout_ms=busy_timeout_ms)
    try:
        writer.execute("PRAGMA secure_delete=ON")
        reader = open_database(path, MIGRATIONS, busy_timeout_ms=busy_timeout_ms)
    except BaseException:
        writer.close()
        raise
    store = SqlitePassageStore(writer, reader)
    try:
        with translating(path):
            reader.connection.enable_load_extension(True)
            reader.connection.load_extension(sqlite_vec.loadable_path())
            reader.connection.enable_load_extension(False)
    except BaseException:
        writer.close()
        reader.close()
        raise
    return store


class SqlitePassageStore:
    """A `PassageStore` in one file; made by `open_passages`. A search does not wait for a change."""

    def __init__(self, writer: Database, reader: Database) -> None:
        self._writer = writer
        self._reader = reader

    async def put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, *, model_id: str
    ) -> None:
        """As the seam says."""
        await asyncio.to_thread(self._put, document, passages, vectors, model_id)

    async def embedded(self, tenant: str, document_id: str, *, model_id: str) -> frozenset[str]:
        """As the seam says."""
        sql = (
            f"SELECT DISTINCT p.chunk_id FROM {_FROM} "
            "JOIN vectors v USING (passage) JOIN models m USING (model) "
            "WHERE s.tenant = ? AND d.document_id = ? AND m.name = ?"
        )
        rows = await asyncio.to_thread(self._reader.execute, sql, (tenant, document_id, model_id))
        return frozenset(str(row[0]) for row in rows)

    async def delete(self, tenant: str, document_id: str) -> bool:
        """As the seam says."""
        return await asyncio.to_thread(self._delete, tenant, document_id)

    async def documents(self, tenant: str) -> Sequence[Listed]:
        """As the seam says."""
        sql = (
            f"SELECT {_DOCUMENT}, (SELECT count(*) FROM passages p WHERE p.document = d.document) "
            "FROM documents d JOIN shelves s USING (shelf) WHERE s.tenant = ? ORDER BY d.source"
        )
        rows = await asyncio.to_thread(self._reader.execute, sql, (tenant,))
        return [Listed(document=_document(row[:-1]), passages=row[-1]) for row in rows]

    async def nearest(self, vector: Vectors, scope: Scope, limit: int, *, model_id: str) -> Sequence[Hit]:
        """As the seam says."""
        return await asyncio.to_thread(self._nearest, vector, scope, limit, model_id)

    async def matching(self, words: Sequence[str], scope: Scope, limit: int) -> Sequence[Hit]:
        """As the seam says."""
        # In quotes a word is text for FTS5, whatever it looks like.
        cleaned = [word.replace("\0", " ").replace('"', " ").strip() for word in words[:MOST_WORDS]]
        query = " OR ".join(f'"{word}"' for word in cleaned if word)
        if not query:
            return []
        sql = (
            f"SELECT {_PASSAGE}, -bm25(words, ?, ?, ?) AS score FROM words w JOIN {_FROM} "
            "WHERE words MATCH ? AND w.rowid = p.passage AND s.tenant = ? "
            "AND s.audience IN (SELECT value FROM json_each(?)) ORDER BY score DESC, p.chunk_id LIMIT ?"
        )
        bindings = (*_WEIGHTS, query, scope.tenant, _json(sorted(scope.audiences)), limit)
        rows = await asyncio.to_thread(self._reader.execute, sql, bindings)
        return [_hit(row[:-1], row[-1]) for row in rows]

    async def similarities(
        self, vector: Vectors, scope: Scope, chunk_ids: Sequence[str], *, model_id: str
    ) -> Mapping[str, float]:
        """As the seam says."""
        sql = (
            f"SELECT p.chunk_id, v.scale, v.numbers FROM {_FROM} JOIN vectors v USING (passage) "
            "JOIN models m USING (model) WHERE p.chunk_id IN (SELECT value FROM json_each(?)) "
            "AND m.name = ? AND s.tenant = ? AND s.audience IN (SELECT value FROM json_each(?))"
        )
        bindings = (_json(list(chunk_ids)), model_id, scope.tenant, _json(sorted(scope.audiences)))
        rows = await asyncio.to_thread(self._reader.execute, sql, bindings)
        found: dict[str, float] = {}
        for row, cosine in zip(rows, cosines(vector, [row[1:] for row in rows]).tolist(), strict=True):
            found[row[0]] = max(found.get(row[0], -1.0), cosine)
        return found

    async def close(self) -> None:
        """As the seam says."""
        await asyncio.to_thread(self._close)

    def _nearest(self, vector: Vectors, scope: Scope, limit: int, model_id: str) -> list[Hit]:
        readable = (scope.tenant, _json(sorted(scope.audiences)))
        likeliest = self._reader.execute(
            "SELECT k.vector FROM sketches k WHERE k.model = (SELECT model FROM models WHERE name = ?) "
            "AND k.shelf IN (SELECT shelf FROM shelves WHERE tenant = ? "
            "AND audience IN (SELECT value FROM json_each(?))) "
            "ORDER BY vec_distance_hamming(vec_bit(k.bits), vec_bit(?)) LIMIT ?",
            (model_id, *readable, sketch(vector), max(_FEWEST_SKETCHES, _SKETCHES_PER_HIT * limit)),
        )
        rows = self._reader.execute(
            "SELECT passage, scale, numbers FROM vectors WHERE vector IN (SELECT value FROM json_each(?))",
            (_json([row[0] for row in likeliest]),),
        )
        best: dict[int, float] = {}
        for row, cosine in zip(rows, cosines(vector, [row[1:] for row in rows]).tolist(), strict=True):
            best[row[0]] = max(best.get(row[0], -1.0), cosine)
        chosen = dict(sorted(best.items(), key=lambda entry: (-entry[1], entry[0]))[:limit])
        # Asked again, because what may be read can have changed since the first pass.
        found = self._reader.execute(
            f"SELECT p.passage, {_PASSAGE} FROM {_FROM} "
            "WHERE p.passage IN (SELECT value FROM json_each(?)) "
            "AND s.tenant = ? AND s.audience IN (SELECT value FROM json_each(?))",
            (_json(list(chosen)), *readable),
        )
        hits = [_hit(row[1:], chosen[row[0]]) for row in found]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.chunk_id))

    def _close(self) -> None:
        self._writer.close()
        self._reader.close()

    def _put(
        self, document: Document, passages: Sequence[Passage], vectors: VectorsOf, model_id: str
    ) -> None:
        with self._writer.transaction() as database:
            model = self._model(model_id, vectors)
            shelf = self._shelf(document.tenant, document.audience)
            number = self._document(document, shelf)
            kept = self._drop_all_but(number, document, passages)
            for passage in passages:
                row = kept.get(passage.chunk_id)
                if row is None:
                    row = self._add(number, document.title, passage)
                else:
                    database.execute(
                        "UPDATE passages SET position = ? WHERE passage = ?", (passage.position, row)
                    )
                self._give_vectors(row, passage.chunk_id, vectors, model, shelf)
        self._forget()

    def _model(self, model_id: str, vectors: VectorsOf) -> int:
        width = next((rows.shape[1] for rows in vectors.values()), 0)
        insert = "INSERT INTO models (name, width) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._writer.execute(insert, (model_id, width))
        found = self._writer.execute("SELECT model FROM models WHERE name = ?", (model_id,))
        return int(found[0][0])

    def _shelf(self, tenant: str, audience: str) -> int:
        insert = "INSERT INTO shelves (tenant, audience) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._writer.execute(insert, (tenant, audience))
        select = "SELECT shelf FROM shelves WHERE tenant = ? AND audience = ?"
        return int(self._writer.execute(select, (tenant, audience))[0][0])

    def _document(self, document: Document, shelf: int) -> int:
        fields = (
            shelf, document.title, document.source, document.digest, document.media_type, document.recipe,
            document.ingested_at,
        )  # fmt: skip
        upsert = (
            "INSERT INTO documents "
            "(document_id, shelf, title, source, digest, media_type, recipe, ingested_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (document_id) DO UPDATE SET shelf = excluded.shelf, "
            "title = excluded.title, source = excluded.source, digest = excluded.digest, "
            "media_type = excluded.media_type, recipe = excluded.recipe, ingested_at = excluded.ingested_at "
            "RETURNING document"
        )
        return int(self._writer.execute(upsert, (document.document_id, *fields))[0][0])

    def _drop_all_but(self, number: int, document: Document, passages: Sequence[Passage]) -> dict[str, int]:
        """Remove the passages that are gone or say something else; give the rows of the others."""
        wanted = {one.chunk_id: (document.title, _json(one.headings), one.text) for one in passages}
        select = "SELECT chunk_id, passage, title, headings, text FROM passages WHERE document = ?"
        kept: dict[str, int] = {}
        for name, passage, *content in self._writer.execute(select, (number,)):
            if wanted.get(name) == tuple(content):
                kept[name] = passage
            else:
                self._remove(passage)
        return kept

    def _add(self, number: int, title: str, passage: Passage) -> int:
        content = (title, _json(passage.headings), passage.text)
        insert = (
            "INSERT INTO passages (document, chunk_id, position, title, headings, text) "
            "VALUES (?, ?, ?, ?, ?, ?) RETURNING passage"
        )
        bindings = (number, passage.chunk_id, passage.position, *content)
        row = int(self._writer.execute(insert, bindings)[0][0])
        words = "INSERT INTO words (rowid, title, headings, text) VALUES (?, ?, ?, ?)"
        self._writer.execute(words, (row, *content))
        return row

    def _give_vectors(self, row: int, name: str, vectors: VectorsOf, model: int, shelf: int) -> None:
        """Store what is given; else see that what is there is this model's, and on this shelf."""
        if name in vectors:
            self._remove_vectors(row)
            for vector in vectors[name]:
                scale, numbers = squeeze(vector)
                insert = (
                    "INSERT INTO vectors (passage, model, scale, numbers) "
                    "VALUES (?, ?, ?, ?) RETURNING vector"
                )
                number = self._writer.execute(insert, (row, model, scale, numbers))[0][0]
                bindings = (model, shelf, number, sketch(vector))
                self._writer.execute("INSERT INTO sketches VALUES (?, ?, ?, ?)", bindings)
            return
        if not self._writer.execute("SELECT 1 FROM vectors WHERE passage = ? AND model = ?", (row, model)):
            raise ValueError(f"passage {name} has no vectors of this model")
        self._writer.execute(
            "UPDATE sketches SET shelf = ? WHERE model = ? AND shelf <> ? "
            "AND vector IN (SELECT vector FROM vectors WHERE passage = ?)",
            (shelf, model, shelf, row),
        )

    def _remove(self, passage: int) -> None:
        self._writer.execute(
            "INSERT INTO words (words, rowid, title, headings, text) "
            "SELECT 'delete', passage, title, headings, text FROM passages WHERE passage = ?",
            (passage,),
        )
        self._remove_vectors(passage)
        self._writer.execute("DELETE FROM passages WHERE passage = ?", (passage,))

    def _remove_vectors(self, passage: int) -> None:
        self._writer.execute(
            "DELETE FROM sketches WHERE (model, shelf, vector) IN (SELECT v.model, s.shelf, v.vector "
            "FROM vectors v CROSS JOIN shelves s WHERE v.passage = ?)",
            (passage,),
        )
        self._writer.execute("DELETE FROM vectors WHERE passage = ?", (passage,))

    def _delete(self, tenant: str, document_id: str) -> bool:
        select = (
            "SELECT document FROM documents JOIN shelves USING (shelf) WHERE tenant = ? AND document_id = ?"
        )
        with self._writer.transaction() as database:
            found = database.execute(select, (tenant, document_id))
            if not found:
                return False
            for (passage,) in database.execute("SELECT passage FROM passages WHERE document = ?", found[0]):
                self._remove(passage)
            database.execute("DELETE FROM documents WHERE document = ?", found[0])
        if not self._forget():
            raise PassageStoreError(
                f"database {self._writer.path}: the document is deleted, but another process still reads it "
                "as it was: end that process and delete or ingest something, or traces stay in the file's log"
            )
        return True

    def _forget(self) -> bool:
        """Empty the write-ahead log, which has the pages as they were; False while somebody reads them."""
        return not self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _document(row: Sequence[Any]) -> Document:
    names = (
        "document_id",
        "tenant",
        "audience",
        "title",
        "source",
        "digest",
        "media_type",
        "recipe",
        "ingested_at",
    )
    return Document(**dict(zip(names, row, strict=True)))


def _hit(row: Sequence[Any], score: float) -> Hit:
    chunk, position, headings, text, *document = row
    passage = Passage(chunk_id=chunk, position=position, headings=tuple(json.loads(headings)), text=text)
    return Hit(document=_document(document), passage=passage, score=score)
