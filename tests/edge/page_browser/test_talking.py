"""Talking to a real device through a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.edge.page_browser.visits import Visit
from tools.page_device import PageDevice

pytestmark = [pytest.mark.models, pytest.mark.server]

Launch = Callable[..., Browser]
Open = Callable[..., Visit]


@pytest.mark.recordings
def test_an_order_that_the_browser_s_microphone_hears_is_shown_explained_and_answered_aloud(
    hearing: Launch, visit: Open, device: PageDevice
) -> None:
    one = visit(hearing(woken=True, silence_seconds=0.5))
    one.page.get_by_role("button", name="Use this browser's microphone").click()
    so_far = one.page.locator('.exchange[data-final="false"] .exchange__line--heard p')
    expect(so_far).to_contain_text("Can I have")
    expect(one.page.locator(".now")).to_contain_text("Speaking")
    expect(one.exchanges.first).to_have_attribute("data-final", "true")
    expect(one.exchanges.first).to_contain_text("twelve ounce")
    expect(one.exchanges.first.locator(".exchange__line--said")).to_contain_text(
        "twelve ounce light roast coffee"
    )

    expect(one.why.locator(".meaning__intent")).to_have_text("coffee order drink")
    rows = one.why.locator(".slots tbody tr").all_inner_texts()
    assert sorted(row.split("\t")[1] for row in rows) == ["coffee", "light roast", "twelve ounce"]
    assert all(len(row.split("\t")[2]) > 3 for row in rows), rows
    expect(one.why.locator('[data-verdict="taken"]')).to_contain_text("grammar matched coffee.orderDrink")

    turn = one.page.locator(".turn").first
    expect(turn).to_contain_text("answered")
    stages = one.why.locator(".waterfall .stage")
    assert stages.first.get_attribute("data-stage") == "hearing"
    assert stages.last.get_attribute("data-stage") == "speaking"
    expect(one.why.locator(".waterfall figcaption")).to_contain_text(
        "from the end of speech to the first sound"
    )

    turn_id = turn.get_attribute("data-turn")
    record = one.page.request.get(device.url(f"/api/turns/{turn_id}")).json()
    assert record["has_sound"]
    heard_ms = record["reply"]["heard_ms"]
    assert abs(one.played_ms() - heard_ms) < 400 + heard_ms // 20
    assert one.loudest() > 0.1


@pytest.mark.recordings
def test_a_tap_on_talk_opens_the_microphone_and_the_kept_sound_can_be_replayed(
    hearing: Launch, visit: Open
) -> None:
    one = visit(hearing(woken=False, silence_seconds=1.5))
    one.until_linked()
    one.talk.click()
    expect(one.exchanges.first.locator(".exchange__line--said")).to_contain_text("light roast coffee")
    assert [asked for asked in one.sent if asked["type"] == "talk"] == [{"type": "talk", "held": False}]
    one.stop()
    one.page.get_by_role("button", name="Play what was heard").click()
    expect(one.page.locator(".replay button")).to_have_attribute("data-playing", "true")
    one.page.get_by_role("button", name="Pause").click()
    expect(one.page.locator(".replay button")).to_have_attribute("data-playing", "false")


def test_stop_silences_the_reply_in_the_browser_at_once(browser: Browser, visit: Open) -> None:
    one = visit(browser)
    one.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(one.sound).to_have_attribute("data-sound", "on")
    one.page.get_by_role("button", name="Mute").click()
    expect(one.page.get_by_role("button", name="Unmute")).to_be_visible()
    one.type("a large latte with whole milk and two sugars please")
    expect(one.page.locator(".sound__played")).to_be_visible()
    one.stop()
    expect(one.page.locator(".turn").first).to_contain_text("a large latte")
    at_stop = one.played_in_the_end_ms()
    one.page.get_by_role("button", name="Unmute").click()
    expect(one.page.get_by_role("button", name="Mute")).to_be_visible()
    assert one.played_in_the_end_ms() == at_stop < 4_000


def test_a_second_page_that_wants_the_microphone_is_told_who_has_it(browser: Browser, visit: Open) -> None:
    first, second = visit(browser), visit(browser)
    first.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(first.sound).to_have_attribute("data-sound", "on")
    second.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(second.page.get_by_role("alert")).to_contain_text("Another page is using its microphone")
    first.page.get_by_role("button", name="Browser's microphone on").click()
    expect(first.sound).to_have_attribute("data-sound", "off")
    second.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(second.sound).to_have_attribute("data-sound", "on")
    expect(second.page.get_by_role("alert")).to_be_empty()


def test_a_page_that_had_the_microphone_takes_it_again_after_a_reload_and_not_once_it_is_off(
    browser: Browser, visit: Open
) -> None:
    one = visit(browser, permissions=["microphone"])
    one.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(one.sound).to_have_attribute("data-sound", "on")
    one.page.reload()
    expect(one.sound).to_have_attribute("data-sound", "on")
    one.page.get_by_role("button", name="Browser's microphone on").click()
    one.page.reload()
    one.until_linked()
    expect(one.sound).to_have_attribute("data-sound", "off")


def test_a_browser_that_gives_no_microphone_is_explained(browser: Browser, visit: Open) -> None:
    one = visit(browser)
    one.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia ="
        " () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
    )
    one.page.get_by_role("button", name="Use this browser's microphone").click()
    expect(one.page.get_by_role("alert")).to_contain_text("does not allow this page to use the microphone")
    expect(one.sound).to_have_attribute("data-sound", "off")


def test_the_talk_button_held_by_the_space_bar_talks_until_it_is_let_go(
    browser: Browser, visit: Open
) -> None:
    one = visit(browser)
    one.until_linked()
    one.talk.focus()
    one.page.keyboard.down("Space")
    expect(one.talk).to_have_attribute("data-held", "true")
    expect(one.page.locator(".pill")).to_have_attribute("data-stage", "listening")
    one.page.keyboard.up("Space")
    expect(one.talk).to_have_attribute("data-held", "false")
    asked = [message for message in one.sent if message["type"] in ("talk", "release")]
    assert asked == [{"type": "talk", "held": True}, {"type": "release"}]
