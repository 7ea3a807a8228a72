"""XLSX: each sheet under its name, each row with its header, formulas as their last values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Final

from openpyxl import load_workbook

from nearfield_cloud.knowledge.blocks import Parsed, heading, table_rows
from nearfield_cloud.knowledge.readers.reading import ReadingLimits

_MOST_COLUMNS: Final = 200


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read all visible sheets."""
    book = load_workbook(BytesIO(data), read_only=True, data_only=True)
    try:
        blocks = []
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows = table_rows(_rows(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True), limits))
            blocks += [heading(sheet.title, 1), *rows] if rows else []
        return Parsed(title=book.properties.title or "", blocks=tuple(blocks))
    finally:
        book.close()


def _rows(rows: Iterator[tuple[object, ...]], limits: ReadingLimits) -> Iterator[list[str]]:
    characters = 0
    for row in rows:
        texts = [_text(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        characters += sum(map(len, texts))
        if characters > limits.most_characters:
            raise ValueError(f"it has more than {limits.most_characters} characters of text")
        yield texts


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes") if value.hour or value.minute else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
