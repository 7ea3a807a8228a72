"""Passages cut into sentences that can be spoken: abbreviations stay whole, rows of tables are read out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_END: Final = re.compile(r"[.!?…]+[\"'”\u2019)\]]*(?:\[\d+\])*\s+|\n\s*\n|\n(?=\s*(?:[-*•|#]|\d+[.)]\s))")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Pres|Art|No|Nos|Vol|pp?|Fig|"
    r"Eq|Ch|Sec|cf|vs|etc|approx|ca|c|b|d|e\.g|i\.e|al|Inc|Ltd|Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|"
    r"Nov|Dec|a\.m|p\.m|U\.S|U\.K|U\.N|v)|\b[A-Z])\.\s*$"
)
_LOWER_FOLLOWS: Final = re.compile(r"[a-z(]")
_ROW: Final = re.compile(r"^\s*\|(.+)\|\s*$")
_RULE: Final = re.compile(r"^[\s|:+-]+$")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)]|#{1,6})\s+")
_LEANS: Final = re.compile(
    r"(?:It|He|She|They|This|These|Those|That|His|Her|Its|Their|Such|There|Both|Here|Then|However|Thus|Hence|"
    r"Therefore|Instead|Otherwise|Also|Moreover|Furthermore|The (?:former|latter|same|first|second|other))\b"
)
LONGEST_PASSAGE: Final = 20_000
"""Characters that are looked at; a passage of the store is far shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of a passage."""

    text: str
    place: int
    """Its number in the passage, from 0."""
    leans: bool
    """Whether it begins with a word that points back: nobody understands it without the one before."""


def sentences_of(passage: str) -> tuple[Sentence, ...]:
    """Cut a passage; what has no letter or digit is left out."""
    texts = [text for text in _pieces(passage[:LONGEST_PASSAGE]) if any(map(str.isalnum, text))]
    return tuple(
        Sentence(text=text, place=place, leans=bool(_LEANS.match(text))) for place, text in enumerate(texts)
    )


def _pieces(passage: str) -> Iterator[str]:
    prose: list[str] = []
    rows: list[str] = []
    for line in passage.splitlines():
        if match := _ROW.match(line):
            rows.append(match.group(1))
            continue
        if rows:
            yield from _prose("\n".join(prose))
            yield from _table(rows)
            prose, rows = [], []
        prose.append(line)
    yield from _prose("\n".join(prose))
    yield from _table(rows)


def _prose(text: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(text):
        before = text[start : match.end()]
        if match.group()[:1] == "." and (
            _ABBREVIATION.search(before.rstrip("\"'”\u2019)] \n\t"))
            or _LOWER_FOLLOWS.match(text, match.end())
        ):
            continue
        yield _one_line(before)
        start = match.end()
    yield _one_line(text[start:])


def _one_line(text: str) -> str:
    return " ".join(_BULLET.sub("", text).split())


def _table(rows: list[str]) -> Iterator[str]:
    """Say each row as a sentence: the first cell, then what each further column is."""
    cells = [[cell.strip() for cell in row.split("|")] for row in rows if not _RULE.match(row)]
    if not cells:
        return
    heading, *below = cells
    for row in below:
        said = [f"{name} {value}" for name, value in zip(heading[1:], row[1:], strict=False) if value]
        if row[0] and said:
            yield f"{row[0]}: {', '.join(said)}."
    if not below:
        yield ", ".join(cell for cell in heading if cell) + "."
