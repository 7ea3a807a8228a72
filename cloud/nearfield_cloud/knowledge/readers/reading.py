"""The seam of readers, and which reader takes which document.

Contract for implementers: a reader is a function of bytes. It runs on a worker thread, raises whatever its
library raises (here that becomes one `DocumentError`), and gives text as it stands: cleaning is done here.
"""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import Final

from nearfield_cloud.errors import DocumentError
from nearfield_cloud.knowledge.blocks import Parsed, cleaned

_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ZIPPED: Final = frozenset({_WORD, _SHEET})
READERS: Final = {
    "text/plain": "plain",
    "text/markdown": "markdown",
    "text/html": "web_page",
    "application/xhtml+xml": "web_page",
    "application/pdf": "pdf",
    "text/csv": "separated",
    "text/tab-separated-values": "separated",
    _WORD: "docx",
    _SHEET: "xlsx",
}
"""Media type to the module that reads it."""
SUFFIXES: Final = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".pdf": "application/pdf",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".docx": _WORD,
    ".xlsx": _SHEET,
}
"""File name's ending to media type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """What is taken of one document."""

    most_characters: int = 5_000_000
    most_pages: int = 2_000
    largest_unpacked_bytes: int = 200 * 1024 * 1024


Read = Callable[[bytes, ReadingLimits], Parsed]


def media_type_of(name: str, announced: str | None = None) -> str:
    """By what a server announced, where we can read that; else by the name's ending.

    Raises:
        DocumentError: No reader takes it.
    """
    kind = (announced or "").partition(";")[0].strip().lower()
    suffix = PurePosixPath(name).suffix.lower()
    if kind in READERS and not (kind == "text/plain" and suffix in SUFFIXES):
        return kind
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    known = ", ".join(SUFFIXES)
    raise DocumentError(
        f"{name}: this kind of document cannot be read{f' ({kind})' if kind else ''}; known: {known}"
    )


def read(data: bytes, media_type: str, name: str, limits: ReadingLimits) -> Parsed:
    """Read a document.

    Args:
        data: The file.
        media_type: One of `READERS`.
        name: For messages.
        limits: What is taken.

    Raises:
        DocumentError: It is damaged, of another kind than it says, encrypted, too large, or has no text.
    """
    try:
        if media_type in _ZIPPED:
            _see_that_it_unpacks(data, limits.largest_unpacked_bytes)
        reader: Read = importlib.import_module(
            f"nearfield_cloud.knowledge.readers.{READERS[media_type]}"
        ).read
        parsed = cleaned(reader(data, limits), limits.most_characters)
    except Exception as error:  # each library has its own, and damaged files find all of them
        raise DocumentError(f"{name} cannot be read as {media_type}: {_reason(error)}") from error
    if not parsed.blocks:
        raise DocumentError(f"{name} has no text: a scanned page needs to be recognised before")
    return parsed


def _see_that_it_unpacks(data: bytes, largest_bytes: int) -> None:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > largest_bytes:
        raise ValueError(f"it unpacks to {unpacked} bytes, at most {largest_bytes} are taken")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
