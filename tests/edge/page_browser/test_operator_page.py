"""The page of whoever looks after the device."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.edge.page_browser.visits import Visit, faults_of_accessibility
from tools.page_device import PageDevice

pytestmark = [pytest.mark.models, pytest.mark.server]

Open = Callable[..., Visit]
PHONE = {"viewport": {"width": 390, "height": 844}}


def test_a_typed_request_is_answered_and_explained(browser: Browser, visit: Open) -> None:
    one = visit(browser)
    one.type("a medium cappuccino please")
    expect(one.exchanges.first).to_contain_text("Typed")
    expect(one.exchanges.first.locator(".exchange__line--said")).to_contain_text("medium cappuccino")
    expect(one.why.locator(".slots tbody")).to_contain_text("cappuccino")
    one.stop()
    expect(one.why.locator(".waterfall figcaption")).to_contain_text("ms")
    one.why.get_by_text("As a table").click()
    expect(one.why.get_by_role("table", name="Everything that happened")).to_contain_text("answer ready")


def test_what_no_skill_knows_is_declined_with_the_reasons_of_every_route(
    browser: Browser, visit: Open
) -> None:
    one = visit(browser)
    one.type("what is the meaning of life")
    expect(one.why).to_contain_text("No sentence of any skill fits")
    expect(one.why.locator('[data-verdict="declined"]')).to_have_count(4)
    expect(one.why.locator('[data-verdict="taken"]')).to_contain_text("Decline")


def test_an_earlier_turn_opens_its_own_explanation_until_the_newest_is_followed_again(
    browser: Browser, visit: Open
) -> None:
    one = visit(browser)
    for request in ("a small espresso please", "where are the toilets"):
        one.type(request)
        expect(one.exchanges.last.locator(".exchange__line--said")).to_be_visible()
        one.stop()
        expect(one.page.locator(".turn").first).to_contain_text(request)
    one.page.locator(".turn", has_text="espresso").first.click()
    expect(one.why.locator(".meaning__intent")).to_have_text("coffee order drink")
    one.page.get_by_role("button", name="Follow the newest").click()
    expect(one.why.locator(".meaning__skill")).to_have_text("visit")


def test_a_wrong_token_is_refused_in_plain_words_and_the_right_one_lets_in(
    browser: Browser, visit: Open, device: PageDevice
) -> None:
    one = visit(browser, "/#token=wrong-wrong-wrong-wrong", signed_in=False)
    one.expects_refusals = True
    expect(one.page.get_by_role("alert")).to_have_text("That is not this device's token.")
    assert "token" not in one.page.url
    assert faults_of_accessibility(one.page) == []
    one.page.get_by_label("Token").fill(device.token)
    one.page.get_by_role("button", name="Sign in").click()
    one.until_linked()
    one.page.get_by_role("button", name="Sign out").click()
    expect(one.page.get_by_label("Token")).to_be_visible()
    one.page.reload()
    expect(one.page.get_by_label("Token")).to_be_visible()


def test_the_page_is_used_by_keyboard_alone(browser: Browser, visit: Open) -> None:
    one = visit(browser)
    one.until_linked()
    one.page.keyboard.press("Tab")
    expect(one.page.get_by_text("Skip to the conversation")).to_be_focused()
    one.page.keyboard.press("Enter")
    example = one.page.locator(".button--example").first
    said = example.inner_text()
    one.page.keyboard.press("Tab")
    expect(example).to_be_focused()
    one.page.keyboard.press("Enter")
    expect(one.exchanges.first).to_contain_text(said)
    one.page.get_by_label("Type a request").focus()
    one.page.keyboard.type("a large mocha")
    one.page.keyboard.press("Enter")
    expect(one.exchanges.last).to_contain_text("a large mocha")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page_in_any_state(
    browser: Browser, visit: Open, size: dict[str, object], scheme: str
) -> None:
    one = visit(browser, color_scheme=scheme, **size)
    one.until_linked()
    assert faults_of_accessibility(one.page) == []
    one.type("a large latte please")
    expect(one.page.locator(".pill")).to_have_attribute("data-stage", "speaking")
    assert faults_of_accessibility(one.page) == []
    one.stop()
    expect(one.why.locator(".waterfall figcaption")).to_be_visible()
    one.why.get_by_text("As a table").click()
    one.why.get_by_text("Versions that took part").click()
    assert faults_of_accessibility(one.page) == []
    wide = one.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, "the page is wider than the screen"


def test_a_device_that_went_away_is_told_of_and_found_again_without_a_touch(
    browser: Browser, visit: Open, device: PageDevice
) -> None:
    one = visit(browser)
    one.expects_refusals = True
    one.until_linked()
    device.stop()
    try:
        expect(one.page.get_by_role("alert")).to_contain_text("The device does not answer")
        expect(one.page.locator(".pill")).to_have_text("No connection")
        assert faults_of_accessibility(one.page) == []
    finally:
        device.start()
    one.until_linked()
    expect(one.page.get_by_role("alert")).to_be_empty()
    one.type("a small tea please")
    expect(one.exchanges.first).to_contain_text("a small tea please")
