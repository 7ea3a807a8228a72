"""What is kept of a document, and what a search gives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PUBLIC = "public"
"""The audience that everybody of a tenant belongs to."""

Vectors = NDArray[np.float32]
"""``float32[n, width]``, rows of length 1: a passage is as near to a question as the nearest of its rows."""

VectorsOf = Mapping[str, Vectors]
"""By chunk id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was ingested."""

    document_id: str
    """`document_id` of its tenant and source: the same document for ever, whatever its content."""
    tenant: str
    audience: str
    """Who may read it: ``public``, or an audience such as ``staff``."""
    title: str
    source: str
    """Path or URL."""
    digest: str
    """SHA-256 of its bytes, hexadecimal."""
    media_type: str
    recipe: str
    """How its bytes became passages and vectors; another recipe makes others of the same bytes."""
    ingested_at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document that can be cited by itself."""

    chunk_id: str
    """Unique among all documents, and the same for as long as document, headings and text are."""
    position: int
    """0 is the document's first."""
    headings: tuple[str, ...]
    """Above the passage, outermost first."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose documents are searched."""

    tenant: str
    audiences: frozenset[str] = frozenset({PUBLIC})
    """All that may be read, ``public`` among them where it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that a search found."""

    document: Document
    passage: Passage
    score: float
    """Cosine where vectors were compared, BM25 where words were: the higher, the better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document, and how many passages it has."""

    document: Document
    passages: int


def document_id(tenant: str, source: str) -> str:
    """Name a document by where it comes from."""
    return _name(tenant, source)


def chunk_id(document: str, title: str, headings: tuple[str, ...], text: str, occurrence: int) -> str:
    """Name a passage by what it says and where; ``occurrence`` tells those apart that say the same."""
    return _name(document, title, *headings, "", text, str(occurrence))


def _name(*parts: str) -> str:
    lengths = ",".join(str(len(part)) for part in parts)
    return hashlib.sha256(f"{lengths}:{''.join(parts)}".encode("utf-8", "replace")).hexdigest()[:32]
