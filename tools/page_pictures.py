"""Take the pictures of the page that the documents show: ``python -m tools.page_pictures``.

A real device hears a recorded order through a real browser's microphone. Needs Chromium, which ``make test``
installs, and the recordings (``NEARFIELD_DATA``).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tools.page_device import DeviceStartError, PageDevice, chromium_flags, write_microphone

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURES: Final = ROOT / "docs" / "pictures"
ORDER: Final = "61defc4f-f0c3-4e87-9854-c293525a3217.flac"
LARGEST_BYTES: Final = 250_000
_WAIT_MS: Final = 60_000
_INTO_THE_REPLY_MS: Final = 1_200
_COLOURS_CHANGE_MS: Final = 500


def main() -> int:
    """Take both pictures; 0 if they are there and small enough."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.page_pictures", description=__doc__.splitlines()[0]
    )
    default = Path(os.environ.get("NEARFIELD_DATA", ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default, help="folder of the recordings")
    parser.add_argument("--out", type=Path, default=PICTURES)
    arguments = parser.parse_args()
    recordings: Path = arguments.data
    chromium = shutil.which("chromium")
    if chromium is None or not (recordings / "orders").is_dir():
        print("needs chromium, and the recordings in --data", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    taken = [arguments.out / "page.png", arguments.out / "kiosk.png"]
    try:
        _take(chromium, recordings, *taken)
    except DeviceStartError as error:
        print(error, file=sys.stderr)
        return 1
    for picture in taken:
        size = picture.stat().st_size
        print(f"{picture}: {size / 1000:.0f} kB")
        if size > LARGEST_BYTES:
            print(f"{picture} is larger than {LARGEST_BYTES / 1000:.0f} kB", file=sys.stderr)
            return 1
    return 0


def _take(chromium: str, recordings: Path, page: Path, kiosk: Path) -> None:
    """Each with a device of its own, so that no picture shows what was said for the other."""
    wake = sorted((recordings / "wake" / "alexa").glob("*.flac"))[0]
    order = recordings / "orders" / "speech" / ORDER
    for said, take, picture in (([wake, order], _page, page), ([order], _kiosk, kiosk)):
        with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
            folder = Path(name)
            microphone = folder / "microphone.wav"
            write_microphone(microphone, said, silence_seconds=1)
            browser = driver.chromium.launch(executable_path=chromium, args=chromium_flags(microphone))
            with PageDevice(folder) as device, browser:
                take(browser, device, picture)


def _page(browser: Browser, device: PageDevice, picture: Path) -> None:
    """The page after an order, while the device waits for the answer to its question."""
    page = _opened(browser, device.link(), width=1440, height=960)
    for request in ("Which rooms are free at four?", "Where are the toilets?"):
        page.get_by_label("Type a request").fill(request)
        page.locator(".composer button:not(:disabled)").click()
        page.locator(".turn", has_text=request).wait_for()
    page.get_by_role("button", name="Use this browser's microphone").click()
    page.locator(".turn").nth(2).wait_for()
    page.locator('.now[data-stage="listening"]').wait_for()
    page.wait_for_timeout(_COLOURS_CHANGE_MS)
    page.screenshot(path=picture)
    page.get_by_role("button", name="Stop").click()
    page.locator('.now[data-stage="idle"]').wait_for()
    page.context.close()


def _kiosk(browser: Browser, device: PageDevice, picture: Path) -> None:
    """The customer's screen while the device answers."""
    page = _opened(browser, device.link("/kiosk"), width=1280, height=800)
    page.locator(".touch--talk").click()
    page.locator('.kiosk[data-stage="speaking"] .captions__said').wait_for()
    page.wait_for_timeout(_INTO_THE_REPLY_MS)
    page.screenshot(path=picture)
    page.context.close()


def _opened(browser: Browser, link: str, *, width: int, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-GB",
        color_scheme="light",
    )
    page = context.new_page()
    page.set_default_timeout(_WAIT_MS)
    page.goto(link)
    return page


if __name__ == "__main__":
    sys.exit(main())
