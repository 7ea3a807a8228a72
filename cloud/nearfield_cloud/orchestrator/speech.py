"""What a turn says, within its length."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from nearfield_cloud.errors import BudgetError
from nearfield_cloud.orchestrator.answer import SentenceReady
from nearfield_cloud.tools.cleaning import clean_text

_LONGEST_SENTENCE: Final = 1_000


class Speech:
    """The sentences of one turn."""

    def __init__(self, give: Callable[[SentenceReady], Awaitable[None]], longest_characters: int) -> None:
        self._give = give
        self._left = longest_characters
        self.said: list[str] = []

    async def say(self, text: str) -> None:
        """Say the assistant's own words, which count for nothing."""
        self.said.append(text)
        await self._give(SentenceReady(text=text))

    async def give(self, sentence: SentenceReady) -> None:
        """Say a sentence of an answer.

        Raises:
            BudgetError: The answer would be longer than the turn allows; it ends before this sentence.
        """
        text = " ".join(clean_text(sentence.text, _LONGEST_SENTENCE).split())
        if not text:
            return
        if len(text) > self._left:
            raise BudgetError("the answer is as long as the turn allows")
        self._left -= len(text)
        self.said.append(text)
        await self._give(replace(sentence, text=text))
