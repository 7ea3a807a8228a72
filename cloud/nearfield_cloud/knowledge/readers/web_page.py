"""HTML: what a person reads of a page, without its navigation, scripts and forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, NavigableString

from nearfield_cloud.knowledge.blocks import Block, Parsed, clean, heading, paragraph, table_rows
from nearfield_cloud.knowledge.readers.reading import ReadingLimits

_LEFT_OUT: Final = (
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select",
    "textarea", "svg", "math", "iframe", "object", "embed", "canvas", "dialog", "head",
)  # fmt: skip
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_OF_BLOCKS: Final = frozenset(
    {
        "address", "article", "blockquote", "body", "dd", "details", "div", "dl", "dt", "fieldset",
        "figcaption",
        "figure", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "summary", "table", "ul",
        *_HEADINGS,
    }
)  # fmt: skip
_DEEPEST: Final = 200


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read a page; its encoding is the one that it names or that its bytes suggest."""
    return parsed_html(data)


def parsed_html(page: bytes | str) -> Parsed:
    """Read a page.

    Raises:
        ValueError: It is nested deeper than pages are.
    """
    soup = BeautifulSoup(page, "lxml")
    named = soup.title.get_text() if soup.title else ""
    for tag in soup.find_all(_LEFT_OUT):
        tag.decompose()
    for tag in soup.find_all(_is_hidden):
        tag.decompose()
    root = soup.find("main") or soup.find("article") or soup
    blocks = list(_blocks(root, 0)) if isinstance(root, Tag) else []
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    return Parsed(title=clean(named) or clean(first), blocks=tuple(blocks))


def _is_hidden(tag: Tag) -> bool:
    style = str(tag.get("style", "")).replace(" ", "").lower()
    return (
        tag.has_attr("hidden")
        or tag.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
        or "font-size:0" in style
    )


def _blocks(tag: Tag, depth: int) -> Iterator[Block]:
    if depth > _DEEPEST:
        raise ValueError(f"it is nested deeper than {_DEEPEST} elements")
    running: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag) and _holds_blocks(child):
            yield from _flush(running, tag.name)
            yield from _block(child, depth)
        elif isinstance(child, Tag):
            running.append("\n" if child.name == "br" else child.get_text())
        elif isinstance(child, NavigableString) and not isinstance(child, Comment):
            running.append(str(child))
    yield from _flush(running, tag.name)


def _holds_blocks(tag: Tag) -> bool:
    return tag.name in _OF_BLOCKS or tag.find(_OF_BLOCKS) is not None


def _block(tag: Tag, depth: int) -> Iterator[Block]:
    if tag.name in _HEADINGS:
        yield heading(tag.get_text(" "), _HEADINGS[tag.name])
    elif tag.name == "table":
        yield from _table(tag)
    elif tag.name == "pre":
        yield Block(kind="code", text=tag.get_text())
    else:
        yield from _blocks(tag, depth + 1)


def _flush(running: list[str], name: str) -> Iterator[Block]:
    text = "".join(running)
    running.clear()
    if text.strip():
        yield Block(kind="item", text=text) if name in ("li", "dd", "dt") else paragraph(text)


def _table(tag: Tag) -> Iterator[Block]:
    caption = tag.find("caption")
    if isinstance(caption, Tag):
        yield paragraph(caption.get_text(" "))
    rows = [
        [cell.get_text(" ") for cell in row.find_all(["td", "th"]) if cell.find_parent("table") is tag]
        for row in tag.find_all("tr")
        if row.find_parent("table") is tag
    ]
    yield from table_rows(rows)
    for inner in tag.find_all("table"):
        if inner.find_parent("table") is tag:
            yield from _table(inner)
