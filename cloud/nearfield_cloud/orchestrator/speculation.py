"""Searching before the question is whole: what a partial sets off, and whether the question can use it.

The newest partial wins: a search that is under way for an older one is cancelled. Nothing but searching is
begun.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from nearfield_cloud.configuration.orchestrator import SpeculationSection
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.timing import ended
from nearfield_sync.clock import Clock

Search = Callable[[str], Awaitable[Sequence[Found]]]
_WORD: Final = re.compile(r"\w+(?:['\u2019]\w+)?")
_MEAN_LITTLE: Final = frozenset(
    {
        "a", "an", "the", "please", "thanks", "thank", "you", "hey", "hello", "um", "uh", "er", "well",
        "so", "now", "then", "just", "and", "oh", "okay", "ok", "tell", "me", "can", "could", "would", "do",
        "does", "did", "is", "are", "was", "were", "be", "of", "in", "on", "at", "to", "for", "by", "with",
        "it", "its", "there", "i", "we",
    }
)  # fmt: skip


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in small letters."""
    return tuple(word.lower() for word in _WORD.findall(text))


def is_near(asked: str, searched: str) -> bool:
    """Whether passages that were found for one text are those for the other.

    So it is when they differ in words alone that mean little to a search, in their order or their spelling of
    capitals and stops.
    """
    asked_words, searched_words = words_of(asked), words_of(searched)
    if asked_words == searched_words:
        return True
    meant = frozenset(asked_words) - _MEAN_LITTLE
    return bool(meant) and meant == frozenset(searched_words) - _MEAN_LITTLE


def is_worth_searching(partial: str, searched: str | None, settings: SpeculationSection) -> bool:
    """Whether a partial says enough, and enough more than the last one that was searched."""
    words = len(words_of(partial))
    if words < settings.first_words:
        return False
    if searched is None:
        return True
    return abs(words - len(words_of(searched))) >= settings.grown_words and not is_near(partial, searched)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A search that a partial set off."""

    text: str
    found: asyncio.Task[Sequence[Found]]
    started_at_ms: float


class Speculation:
    """The searches of one turn that nobody has asked for yet."""

    def __init__(self, search: Search, clock: Clock, settings: SpeculationSection) -> None:
        self._search = search
        self._clock = clock
        self._settings = settings
        self._begun: Begun | None = None
        self._stopping: set[asyncio.Future[None]] = set()
        self.searches = 0
        """That were begun so far."""

    def hear(self, partial: str) -> None:
        """Search for a partial if that is worth it."""
        searched = None if self._begun is None else self._begun.text
        if self.searches >= self._settings.searches or not self._settings.enabled:
            return
        if is_worth_searching(partial, searched, self._settings):
            self._drop()
            self.searches += 1
            found = asyncio.ensure_future(self._search(partial))
            found.add_done_callback(_seen)
            self._begun = Begun(text=partial, found=_task(found), started_at_ms=self._clock.monotonic_ms())

    def take(self, asked: str) -> Begun | None:
        """The search whose passages are those for the question; any other is cancelled."""
        begun = self._begun
        if begun is not None and is_near(asked, begun.text) and not _failed(begun.found):
            self._begun = None
            return begun
        self._drop()
        return None

    async def aclose(self) -> None:
        """Cancel what is under way and come back when it has stopped."""
        self._drop()
        await asyncio.gather(*self._stopping)

    def _drop(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            stopping = asyncio.ensure_future(ended(begun.found))
            self._stopping.add(stopping)
            stopping.add_done_callback(self._stopping.discard)


def _task(future: asyncio.Future[Sequence[Found]]) -> asyncio.Task[Sequence[Found]]:
    assert isinstance(future, asyncio.Task)  # noqa: S101  # of a coroutine
    return future


def _failed(task: asyncio.Task[Sequence[Found]]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _seen(task: asyncio.Future[Sequence[Found]]) -> None:
    """A search that failed before anybody needed it is no complaint of the event loop's."""
    if not task.cancelled():
        task.exception()
