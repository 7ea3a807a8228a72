"""DOCX: headings by their styles, lists, and tables where they stand."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from nearfield_cloud.knowledge.blocks import Block, Parsed, clean, heading, paragraph, table_rows
from nearfield_cloud.knowledge.readers.reading import ReadingLimits

_HEADING: Final = re.compile(r"Heading (\d)")


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read the body; the title is the paragraph of that style, else the document's property."""
    document = docx.Document(BytesIO(data))
    blocks: list[Block] = []
    title = ""
    for piece in document.iter_inner_content():
        if isinstance(piece, Table):
            blocks += table_rows(_rows(piece))
            continue
        style = (piece.style.name or "") if piece.style is not None else ""
        if style == "Title" and not title:
            title = clean(piece.text)
        else:
            blocks.append(_block(piece, style))
    if not title:
        title = clean(document.core_properties.title or "")
    return Parsed(title=title, blocks=tuple(blocks))


def _block(piece: Paragraph, style: str) -> Block:
    level = _HEADING.match(style)
    if level is not None:
        return heading(piece.text, int(level.group(1)))
    properties = piece._p.pPr  # python-docx has no public name for list numbering
    if style.startswith("List") or (properties is not None and properties.numPr is not None):
        return Block(kind="item", text=piece.text)
    return paragraph(piece.text)


def _rows(table: Table) -> list[list[str]]:
    """Cells as text; a cell that is merged over several is given once."""
    rows = []
    for row in table.rows:
        texts: list[str] = []
        previous = None
        for cell in row.cells:
            texts.append("" if cell._tc is previous else cell.text)
            previous = cell._tc
        rows.append(texts)
    return rows
