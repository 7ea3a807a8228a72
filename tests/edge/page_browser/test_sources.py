"""The tests of the page's own sources: its pure parts, in Node."""

from __future__ import annotations

import pytest

from tools.page_build import PageBuildError, run_tool


def test_the_pure_parts_of_the_page_pass_their_own_tests() -> None:
    try:
        printed = run_tool("vitest/vitest.mjs", "run")
    except PageBuildError as error:
        pytest.fail(str(error), pytrace=False)
    assert "passed" in printed
