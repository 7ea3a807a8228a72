"""The page's WebSocket of events, over a real server on a free port."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.pages import served

pytestmark = pytest.mark.server


async def test_a_typed_request_is_told_from_words_to_record(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.sign_in()
        async with it.page() as page:
            await page.ask(type="text", text="  a large latte please ")
            ended = await page.until("turn")
            assert page.kinds()[:6] == ["hello", "state", "heard", "understood", "route", "answer"]
            assert ended["record"]["understanding"]["intent"] == "orderDrink"
            heard = page.told[2]
            assert (heard["text"], heard["final"]) == ("a large latte please", True)
