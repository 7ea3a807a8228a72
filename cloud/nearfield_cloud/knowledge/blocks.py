"""What a reader makes of a document: its text in the order of reading, each piece with what it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal["heading", "paragraph", "item", "row", "code"]

_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
"""What people do not see and a model reads: instructions can be hidden in it, and words be torn apart."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading, a paragraph, an item of a list, a row of a table with its header, or lines of code."""

    kind: Kind
    text: str
    level: int = 0
    """Of a heading, 1 the highest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A document as it was read."""

    title: str
    """Empty where the document has none."""
    blocks: tuple[Block, ...]


def paragraph(text: str) -> Block:
    """Running text."""
    return Block(kind="paragraph", text=text)


def heading(text: str, level: int) -> Block:
    """What stands above."""
    return Block(kind="heading", text=text, level=level)


def table_rows(rows: Iterable[Sequence[str]]) -> list[Block]:
    """Rows that carry their header, so that each can be understood alone: ``Size: large; Price: 3.20``.

    The first row that is not empty is the header. Where it is the only one, it is given as it stands.
    """
    filled = [[clean(cell) for cell in row] for row in rows]
    filled = [row for row in filled if any(row)]
    if not filled:
        return []
    header, *body = filled
    if not body:
        return [Block(kind="row", text="; ".join(cell for cell in header if cell))]
    blocks = []
    for row in body:
        names = [*header, *[""] * (len(row) - len(header))]
        cells = [(name, cell) for name, cell in zip(names, row, strict=False) if cell]
        blocks.append(
            Block(kind="row", text="; ".join(f"{name}: {cell}" if name else cell for name, cell in cells))
        )
    return blocks


def clean(text: str) -> str:
    """The text as people see it: nothing invisible, one space between words, one form for each character."""
    visible = _CONTROL.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return _SPACES.sub(" ", visible).strip()


def cleaned(parsed: Parsed, most_characters: int) -> Parsed:
    """All of it clean, what is empty left out.

    Raises:
        ValueError: It has more characters than that.
    """
    blocks = [replace(block, text=clean(block.text)) for block in parsed.blocks]
    blocks = [block for block in blocks if block.text]
    characters = sum(len(block.text) for block in blocks)
    if characters > most_characters:
        raise ValueError(f"it has {characters} characters of text, at most {most_characters} are taken")
    return Parsed(title=clean(parsed.title)[:200], blocks=tuple(blocks))
