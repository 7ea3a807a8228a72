from __future__ import annotations

from pathlib import Path

import pytest

from tools import page_build
from tools.page_build import PageBuildError


def test_a_page_whose_sources_did_not_change_is_not_built_again() -> None:
    page_build.build()
    built = (page_build.BUILT / "index.html").stat().st_mtime_ns
    assert not page_build.build()
    assert (page_build.BUILT / "index.html").stat().st_mtime_ns == built


def test_a_page_that_is_missing_is_built(tmp_path: Path) -> None:
    page_build.build()
    index, aside = page_build.BUILT / "index.html", tmp_path / "index.html"
    aside.write_bytes(index.read_bytes())
    index.unlink()
    assert page_build.build()
    assert index.read_bytes() == aside.read_bytes()


def test_a_tool_that_fails_is_quoted() -> None:
    with pytest.raises(PageBuildError, match=r"nothing\.json(?s:.)*tsc --project nothing\.json failed"):
        page_build.run_tool("typescript/bin/tsc", "--project", "nothing.json")


def test_without_its_node_the_build_says_what_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_build, "ROOT", tmp_path)
    with pytest.raises(PageBuildError, match="run make setup"):
        page_build.run_tool("vite/bin/vite.js", "build")


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (page_build.SOURCES / "package-lock.json").read_text("utf-8")
