"""A document is cut into passages: each can be cited, understood and found by itself.

A paragraph is a passage. What is shorter than the least goes along with what follows under the same heading;
items of a list and rows of a table stay together for as long as they fit, with the sentence that introduces
them; what is longer than the most is cut between sentences. No passage reaches over a heading. Sizes are in
the embedding model's tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_cloud.knowledge.blocks import Block, Kind, Parsed
from nearfield_cloud.knowledge.sentences import Count, cut, packed, sentences
from nearfield_sync.passages.passage import Passage, chunk_id

VERSION: Final = "1"
"""Of how documents are cut and of what is embedded: another one makes all documents be ingested afresh."""

_DEEPEST: Final = 9
_STAY_TOGETHER: Final[frozenset[Kind]] = frozenset({"item", "row", "code"})
_LONGEST_TOPIC: Final = 80
"""Characters of title or heading that are embedded with each sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """In the embedding model's tokens."""

    most: int = 256
    least: int = 24


def passages_of(parsed: Parsed, *, document: str, title: str, sizes: Sizes, count: Count) -> list[Passage]:
    """Cut a document.

    Args:
        parsed: What was read.
        document: Its id.
        title: As people know it.
        sizes: Of passages.
        count: Counts tokens.
    """
    seen: Counter[tuple[tuple[str, ...], str]] = Counter()
    passages: list[Passage] = []
    for path, blocks in _sections(parsed.blocks):
        headings = path[1:] if path[:1] == (title,) else path
        for text in _texts(blocks, sizes, count):
            name = chunk_id(document, title, headings, text, seen[headings, text])
            seen[headings, text] += 1
            passages.append(Passage(chunk_id=name, position=len(passages), headings=headings, text=text))
    return passages


def embedded_texts(passage: Passage, title: str) -> list[str]:
    """What is embedded of a passage: each of its sentences, below what the passage is about.

    A question asks for one thing, and one sentence says it: among the mean of a whole paragraph it drowns.
    """
    topic = passage.headings[-1] if passage.headings else title
    topic = topic[:_LONGEST_TOPIC].rstrip(" .")
    lines = [sentence for line in passage.text.split("\n") for sentence in sentences(line)]
    return [f"{topic}. {line}" if topic else line for line in dict.fromkeys(lines)]


def _sections(blocks: Sequence[Block]) -> list[tuple[tuple[str, ...], list[Block]]]:
    """What stands under the same headings; a heading with nothing below it is a passage's text itself."""
    found: list[tuple[tuple[str, ...], list[Block]]] = []
    path: list[tuple[int, str]] = []
    for block in blocks:
        if block.kind == "heading":
            level = min(max(block.level, 1), _DEEPEST)
            path = [*(entry for entry in path if entry[0] < level), (level, block.text)]
        else:
            headings = tuple(text for _, text in path)
            if not found or found[-1][0] != headings:
                found.append((headings, []))
            found[-1][1].append(block)
    if not found and path:
        return [((), [Block(kind="paragraph", text=text) for _, text in path])]
    return found


def _texts(blocks: Sequence[Block], sizes: Sizes, count: Count) -> list[str]:
    """The passages' texts of one section."""
    texts: list[str] = []
    waiting: list[str] = []  # too short to stand alone, or what introduces a list
    groups = _groups(blocks)
    for (kind, group), (following, _) in zip(groups, [*groups[1:], ("paragraph", [])], strict=True):
        lines = [piece for text in group for piece in cut(text, sizes.most, count)]
        packs = _led(waiting, packed(lines, "\n", sizes.most, sizes.most, count), sizes, count)
        waiting = []
        introduces = kind == "paragraph" and following in _STAY_TOGETHER and packs[-1].endswith(":")
        if introduces or (len(packs) == 1 and count(packs[0]) < sizes.least):
            waiting = [packs.pop()]
        texts += packs
    if waiting and texts and count(texts[-1]) + count(waiting[0]) <= sizes.most:
        texts[-1] += "\n" + waiting.pop()
    return [*texts, *waiting]


def _led(waiting: Sequence[str], packs: list[str], sizes: Sizes, count: Count) -> list[str]:
    """What waits goes to the head of the first pack where it fits there, else it stands alone after all."""
    if not waiting:
        return packs
    if count(waiting[0]) + count(packs[0]) <= sizes.most:
        return [f"{waiting[0]}\n{packs[0]}", *packs[1:]]
    return [*waiting, *packs]


def _groups(blocks: Sequence[Block]) -> list[tuple[Kind, list[str]]]:
    """Paragraphs alone; neighbours of a list, a table or code together."""
    groups: list[tuple[Kind, list[str]]] = []
    for block in blocks:
        if groups and block.kind == groups[-1][0] and block.kind in _STAY_TOGETHER:
            groups[-1][1].append(block.text)
        else:
            groups.append((block.kind, [block.text]))
    return groups
