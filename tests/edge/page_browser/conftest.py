"""A real device, a real browser, and a microphone that hears recordings."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.edge.page_browser.visits import LISTEN, ORDER, WAIT_MS, Visit
from tools.page_device import PageDevice, chromium_flags, write_microphone

expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="package")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageDevice]:
    """A device that is woken by a word or the page's button, for all tests here; it forgets between them."""
    with PageDevice(tmp_path_factory.mktemp("device"), "[skills]\nexpire_seconds = 1\n") as running:
        yield running


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Not for the whole run: while it is open its event loop runs, and no asynchronous test can."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium() -> str:
    """Debian's browser; skips where it is missing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: `make test` installs it with apt-get")
    return program


@pytest.fixture(scope="package")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """Its microphone hears beeps."""
    with playwright.chromium.launch(executable_path=chromium, args=chromium_flags(None)) as launched:
        yield launched


@pytest.fixture
def hearing(
    playwright: Playwright, chromium: str, recordings: Path, tmp_path: Path
) -> Iterator[Callable[..., Browser]]:
    """Browsers whose microphone hears an order after some silence, woken or not."""
    launched: list[Browser] = []

    def launch(*, woken: bool, silence_seconds: float) -> Browser:
        said = [recordings / "orders" / "speech" / ORDER]
        if woken:
            said.insert(0, sorted((recordings / "wake" / "alexa").glob("*.flac"))[0])
        microphone = tmp_path / "microphone.wav"
        write_microphone(microphone, said, silence_seconds=silence_seconds)
        launched.append(playwright.chromium.launch(executable_path=chromium, args=chromium_flags(microphone)))
        return launched[-1]

    yield launch
    for one in launched:
        one.close()


@pytest.fixture
def visit(device: PageDevice) -> Iterator[Callable[..., Visit]]:
    """Opens the device's page in a context of its own; the device is at rest again after the test."""
    opened: list[Visit] = []

    def open_page(browser: Browser, path: str = "/", *, signed_in: bool = True, **options: Any) -> Visit:
        context = browser.new_context(
            **{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        )
        context.add_init_script(LISTEN)
        page: Page = context.new_page()
        opened.append(Visit(page))
        page.goto(device.link(path) if signed_in else device.url(path))
        return opened[-1]

    yield open_page
    for one in opened:
        one.leave()
    assert [problem for one in opened for problem in one.problems] == []
