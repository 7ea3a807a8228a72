"""Plain text: paragraphs between empty lines, lines with a bullet or number as items."""

from __future__ import annotations

import re
from typing import Final

from nearfield_cloud.knowledge.blocks import Block, Parsed, paragraph
from nearfield_cloud.knowledge.readers.reading import ReadingLimits

_ITEM: Final = re.compile(r"\s*(?:[-*\u2022\u2023\u2013]|\d{1,3}[.)])\s+(?=\S)")


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read the text.

    Raises:
        UnicodeDecodeError: It is neither UTF-8 nor UTF-16 with its mark.
        ValueError: It is no text.
    """
    blocks: list[Block] = []
    for part in re.split(r"\n\s*\n", decoded(data)):
        lines = part.split("\n")
        if sum(_ITEM.match(line) is not None for line in lines) > 1:
            blocks += _items(lines)
        else:
            blocks.append(paragraph(part))
    return Parsed(title="", blocks=tuple(blocks))


def decoded(data: bytes) -> str:
    """The text of bytes, its line ends one character.

    Raises:
        UnicodeDecodeError: It is neither UTF-8 nor UTF-16 with its mark.
        ValueError: It is no text.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = data.decode(encoding)
    if "\0" in text:
        raise ValueError("it is not text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _items(lines: list[str]) -> list[Block]:
    blocks: list[Block] = []
    for line in lines:
        if _ITEM.match(line) or not blocks:
            kind = "item" if _ITEM.match(line) else "paragraph"
            blocks.append(Block(kind=kind, text=_ITEM.sub("", line, count=1)))  # type: ignore[arg-type]
        else:
            blocks[-1] = Block(kind=blocks[-1].kind, text=f"{blocks[-1].text} {line.strip()}")
    return blocks
