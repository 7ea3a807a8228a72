"""What the documents point at is there: files, headings, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.bench.__main__ import BENCHMARKS

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MODULE = re.compile(r"python -m ([a-z_][\w.]*)")
_BENCHMARK = re.compile(r"python -m tools\.bench ([a-z-]+)")
_TARGET = re.compile(r"`make ([\w-]+)")
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(path for path in ROOT.glob("*/README.md") if path.parent.name != ".venv"),
]


def _links(document: Path) -> Iterator[tuple[str, str]]:
    for link in _LINK.findall(document.read_text("utf-8")):
        if not re.match(r"[a-z]+:", link):
            file, _, heading = link.partition("#")
            yield file, heading


def _anchors(document: Path) -> set[str]:
    """Headings as GitHub turns them into anchors."""
    headings = _HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading(document: Path) -> None:
    for file, heading in _links(document):
        target = document.parent / file if file else document
        assert target.exists(), f"{file}: no such file"
        assert not heading or heading in _anchors(target), f"{file}: no heading #{heading}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(_TARGET.findall(text)) <= set(targets)
    assert set(_BENCHMARK.findall(text)) <= {*BENCHMARKS, "all"}
    assert [module for module in _MODULE.findall(text) if find_spec(module) is None] == []
