"""Markdown, with tables, by way of the HTML that it stands for; metadata on top gives the title."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from markdown_it import MarkdownIt

from nearfield_cloud.knowledge.blocks import Parsed
from nearfield_cloud.knowledge.readers.plain import decoded
from nearfield_cloud.knowledge.readers.reading import ReadingLimits
from nearfield_cloud.knowledge.readers.web_page import parsed_html

_METADATA: Final = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_TITLE: Final = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)


def read(data: bytes, limits: ReadingLimits) -> Parsed:
    """Read the text.

    Raises:
        ValueError: It is no text.
    """
    text = decoded(data)
    title = None
    metadata = _METADATA.match(text)
    if metadata is not None:
        title = _TITLE.search(metadata.group(1))
        text = text[metadata.end() :]
    parsed = parsed_html(MarkdownIt("commonmark").enable("table").render(text))
    return replace(parsed, title=title.group(1)) if title else parsed
