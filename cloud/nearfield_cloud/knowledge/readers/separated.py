"""CSV and tab-separated values: each row with its header."""

from __future__ import annotations

import csv
from io import StringIO

from nearfield_cloud.knowledge.blocks import Parsed, table_rows
from nearfield_cloud.knowledge.readers.plain import decoded
from nearfield_cloud.knowledge.readers.reading import ReadingLimits


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read the rows; what separates them is found from the first lines.

    Raises:
        ValueError: It is no text.
        csv.Error: A field is longer than the library takes.
    """
    text = decoded(data)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:4_096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel  # a single column
    return Parsed(title="", blocks=tuple(table_rows(csv.reader(StringIO(text), dialect))))
