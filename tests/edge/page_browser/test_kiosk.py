"""The customer's screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.edge.page_browser.visits import Visit, faults_of_accessibility

pytestmark = [pytest.mark.models, pytest.mark.server]

Launch = Callable[..., Browser]
Open = Callable[..., Visit]
KIOSK = {"viewport": {"width": 1080, "height": 1920}, "locale": "de-DE"}
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.recordings
def test_the_customer_s_screen_in_german_hears_an_order_and_shows_captions_of_both_sides(
    hearing: Launch, visit: Open
) -> None:
    one = visit(hearing(woken=False, silence_seconds=1.5), "/kiosk", **KIOSK)
    assert one.page.locator("html").get_attribute("lang") == "de"
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Was darf es sein?")
    one.page.get_by_role("button", name="Zum Sprechen berühren").click()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Ich höre Ihnen zu")
    expect(one.page.locator(".captions__heard")).to_contain_text("Can I have")
    expect(one.page.locator(".captions__said")).to_contain_text("light roast coffee")
    assert faults_of_accessibility(one.page) == []
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Wie ist Ihre Antwort?")
    expect(one.page.locator(".captions__said")).to_contain_text("light roast coffee")


def test_a_touched_example_is_said_and_soon_after_its_end_nothing_of_it_is_left(
    browser: Browser, visit: Open
) -> None:
    one = visit(browser, "/kiosk")
    one.page.clock.install()
    example = one.page.locator(".touch--example").first
    said = example.inner_text()
    example.click()
    expect(one.page.locator(".captions__heard")).to_contain_text(said)
    one.page.get_by_role("button", name="Stop").click()
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Ready when you are")
    one.page.clock.fast_forward(19_000)
    expect(one.page.locator(".captions__heard")).to_contain_text(said)
    one.page.clock.fast_forward(2_500)
    expect(one.page.locator(".touch--example").first).to_be_visible()
    assert one.page.locator(".captions").count() == 0


def test_no_diagnostics_and_nobody_s_history_are_on_the_customer_s_screen(
    browser: Browser, visit: Open
) -> None:
    operator = visit(browser)
    operator.type("a small americano please")
    expect(operator.exchanges.first.locator(".exchange__line--said")).to_be_visible()
    operator.stop()
    expect(operator.page.locator(".turn").first).to_contain_text("americano")
    one = visit(browser, "/kiosk")
    asked: list[str] = []
    one.page.on("request", lambda request: asked.append(request.url))
    one.page.reload()
    expect(one.page.locator(".touch--example").first).to_be_visible()
    assert "americano please" not in one.page.content()
    assert not [url for url in asked if "/api/turns" in url]


def test_language_and_contrast_are_chosen_by_keyboard_and_kept(browser: Browser, visit: Open) -> None:
    one = visit(browser, "/kiosk?lang=en")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("How can I help?")
    for name in ("English", "Deutsch"):
        one.page.keyboard.press("Tab")
        expect(one.page.get_by_role("button", name=name)).to_be_focused()
    one.page.keyboard.press("Enter")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Was darf es sein?")
    one.page.keyboard.press("Tab")
    one.page.keyboard.press("Enter")
    expect(one.page.locator("html")).to_have_attribute("data-contrast", "high")
    assert faults_of_accessibility(one.page) == []
    one.page.goto(one.page.url.replace("?lang=en", ""))
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Was darf es sein?")
    expect(one.page.locator("html")).to_have_attribute("data-contrast", "high")
    assert one.page.locator("html").get_attribute("lang") == "de"


@pytest.mark.parametrize("size", [KIOSK, PHONE], ids=["kiosk", "phone"])
def test_axe_finds_nothing_on_the_customer_s_screen(
    browser: Browser, visit: Open, size: dict[str, object]
) -> None:
    one = visit(browser, "/kiosk", **size)
    expect(one.page.locator(".touch--example").first).to_be_visible()
    assert faults_of_accessibility(one.page) == []
    one.page.locator(".touch--example").first.click()
    expect(one.page.locator(".captions__said")).to_be_visible()
    assert faults_of_accessibility(one.page) == []
    assert not one.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    small = one.page.evaluate(
        "[...document.querySelectorAll('button')].map(b => b.getBoundingClientRect())"
        ".filter(b => b.height < 48 || b.width < 48).length"
    )
    assert small == 0, "a touch target is smaller than 48 pixels"


def test_whoever_wants_no_motion_sees_none(browser: Browser, visit: Open) -> None:
    count = "document.getAnimations().length"
    moving = visit(browser, "/kiosk")
    expect(moving.page.locator(".touch--example").first).to_be_visible()
    assert moving.page.evaluate(count) > 0
    still = visit(browser, "/kiosk", reduced_motion="reduce")
    expect(still.page.locator(".touch--example").first).to_be_visible()
    assert still.page.evaluate(count) == 0
