"""The tables of passages in SQLite."""

from __future__ import annotations

from typing import Final

from nearfield_sync.passages.words import TOKENIZER

MIGRATIONS: Final = (
    f"""
    CREATE TABLE models (
        model INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        width INTEGER NOT NULL
    );
    CREATE TABLE shelves (  -- what may be read together
        shelf INTEGER PRIMARY KEY,
        tenant TEXT NOT NULL,
        audience TEXT NOT NULL,
        UNIQUE (tenant, audience)
    );
    CREATE TABLE documents (
        document INTEGER PRIMARY KEY,
        document_id TEXT NOT NULL UNIQUE,
        shelf INTEGER NOT NULL REFERENCES shelves (shelf),
        title TEXT NOT NULL,
        source TEXT NOT NULL,
        digest TEXT NOT NULL,
        media_type TEXT NOT NULL,
        recipe TEXT NOT NULL,
        ingested_at TEXT NOT NULL
    );
    CREATE INDEX documents_by_shelf ON documents (shelf);
    CREATE TABLE passages (
        passage INTEGER PRIMARY KEY,
        document INTEGER NOT NULL REFERENCES documents (document),
        chunk_id TEXT NOT NULL UNIQUE,
        position INTEGER NOT NULL,
        title TEXT NOT NULL,
        headings TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX passages_by_document ON passages (document);
    CREATE VIRTUAL TABLE words USING fts5 (
        title, headings, text, content='passages', content_rowid='passage', tokenize="{" ".join(TOKENIZER)}"
    );
    INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
    CREATE TABLE sketches (  -- one bit a number: the first pass over all that may be read
        model INTEGER NOT NULL REFERENCES models (model),
        shelf INTEGER NOT NULL REFERENCES shelves (shelf),
        vector INTEGER NOT NULL,
        bits BLOB NOT NULL,
        PRIMARY KEY (model, shelf, vector)
    ) WITHOUT ROWID;
    CREATE TABLE vectors (  -- a byte a number: the second pass over the likeliest
        vector INTEGER PRIMARY KEY,
        passage INTEGER NOT NULL REFERENCES passages (passage),
        model INTEGER NOT NULL REFERENCES models (model),
        scale REAL NOT NULL,
        numbers BLOB NOT NULL
    );
    CREATE INDEX vectors_by_passage ON vectors (passage, model);
    """,
)
