"""PDF: lines become paragraphs by their gaps and headings by their size; tables are found by their lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import pdfplumber
from pdfplumber.page import Page

from nearfield_cloud.knowledge.blocks import Block, Parsed, clean, heading, paragraph, table_rows
from nearfield_cloud.knowledge.readers.reading import ReadingLimits

_LARGER: Final = 1.15
"""Times the size of running text: a heading."""
_GAP: Final = 0.6
"""Times a line's height between lines: a new paragraph."""
_LONGEST_HEADING: Final = 200
_ITEM: Final = re.compile(r"^\s*(?:[\u2022\u2023\u25aa\u25e6\u2013*-]|\d{1,3}[.)])\s+")
_PAGE_NUMBER: Final = re.compile(r"^\s*(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?\s*$", re.IGNORECASE)
_HYPHEN: Final = re.compile(r"(\w)[-\u00ad]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    text: str
    size: float
    top: float
    bottom: float


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read all pages.

    Raises:
        ValueError: It has too many pages, or too much text.
    """
    pieces: list[_Line | list[Block]] = []
    characters = 0
    with pdfplumber.open(BytesIO(data)) as document:
        if len(document.pages) > limits.most_pages:
            raise ValueError(f"it has {len(document.pages)} pages, at most {limits.most_pages} are taken")
        for page in document.pages:
            found = _page(page)
            characters += sum(len(piece.text) for piece in found if isinstance(piece, _Line))
            if characters > limits.most_characters:
                raise ValueError(f"it has more than {limits.most_characters} characters of text")
            pieces += found
            page.close()
        title = (document.metadata or {}).get("Title")
    blocks = _joined(pieces, _usual_size([piece for piece in pieces if isinstance(piece, _Line)]))
    named = clean(title) if isinstance(title, str) else ""
    first = next((block.text for block in blocks if block.kind == "heading"), "")
    return Parsed(title=named or first, blocks=tuple(blocks))


def _page(page: Page) -> list[_Line | list[Block]]:
    """Lines of text and tables from top to bottom."""
    tables = page.find_tables()
    placed: list[tuple[float, _Line | list[Block]]] = [
        (table.bbox[1], table_rows([[cell or "" for cell in row] for row in table.extract()]))
        for table in tables
    ]
    rest = page
    for table in tables:
        rest = rest.outside_bbox(table.bbox)
    for line in rest.extract_text_lines(return_chars=True):
        if _PAGE_NUMBER.match(line["text"]):
            continue
        size = max(float(character["size"]) for character in line["chars"])
        one = _Line(text=line["text"], size=size, top=float(line["top"]), bottom=float(line["bottom"]))
        placed.append((one.top, one))
    return [piece for _, piece in sorted(placed, key=lambda entry: entry[0])]


def _usual_size(lines: Sequence[_Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _joined(pieces: Sequence[_Line | list[Block]], usual: float) -> list[Block]:
    levels = sorted(
        {
            round(piece.size, 1)
            for piece in pieces
            if isinstance(piece, _Line) and piece.size > usual * _LARGER
        },
        reverse=True,
    )
    blocks: list[Block] = []
    previous: _Line | None = None
    for piece in pieces:
        if isinstance(piece, list):
            blocks += piece
            previous = None
            continue
        block = _block(piece, levels)
        if previous is not None and _goes_on(previous, piece, block, blocks[-1]):
            blocks[-1] = Block(
                kind=blocks[-1].kind, text=_glued(blocks[-1].text, piece.text), level=blocks[-1].level
            )
        else:
            blocks.append(block)
        previous = piece
    return blocks


def _block(line: _Line, levels: Sequence[float]) -> Block:
    if round(line.size, 1) in levels and len(line.text) <= _LONGEST_HEADING:
        return heading(line.text, levels.index(round(line.size, 1)) + 1)
    if _ITEM.match(line.text):
        return Block(kind="item", text=_ITEM.sub("", line.text))
    return paragraph(line.text)


def _goes_on(previous: _Line, line: _Line, block: Block, last: Block) -> bool:
    """Whether a line belongs to what the one before began."""
    if block.kind == "item" or (block.kind == "heading") != (last.kind == "heading"):
        return False
    if abs(previous.size - line.size) > 0.5:
        return False
    if line.top < previous.top:  # a new page: a sentence may go on there
        return block.kind == "paragraph" and not previous.text.rstrip().endswith((".", "!", "?", ":"))
    return line.top - previous.bottom < _GAP * (previous.bottom - previous.top)


def _glued(text: str, more: str) -> str:
    """Two lines as one; a word that was divided is whole again where it goes on with a small letter."""
    if _HYPHEN.search(text) and more[:1].islower():
        return text[:-1] + more
    return f"{text} {more}"
