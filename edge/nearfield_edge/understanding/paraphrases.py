"""The device's paraphrase classifier: loaded at the start, and trained beside the work where none fits.

The device works without it. Until it is there, `unlearned` says why, for the record of a turn that it might
have understood.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from nearfield_edge.life.memory import give_back_memory
from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.errors import ModelsError
from nearfield_models.intents import (
    ParaphraseClassifier,
    ParaphraseGuess,
    Teaching,
    find_kept,
    train_and_keep,
)
from nearfield_sync.telemetry import Log

_YIELDING: Final = 10
"""Niceness of the thread that trains: whoever speaks meanwhile is answered first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What a classifier is made of."""

    folder: Path
    """Of the device's own data, where it is kept."""
    load_engine: Callable[[], EmbeddingEngine]
    """Takes a good part of a second."""
    teach: Callable[[], Teaching]
    """Collects the sentences; takes about as long."""
    versions: Mapping[str, str]
    """The embedding's pack and its digest; empty where it is missing."""


class Paraphrases:
    """Guesses what a sentence means that no skill knows."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._loading = asyncio.Lock()
        self._classifier: ParaphraseClassifier | None = None
        self._looked = False
        self._unlearned = "paraphrases are not loaded yet"
        self._log: Log = structlog.get_logger()

    @property
    def versions(self) -> Mapping[str, str]:
        """What took part, for the turn record."""
        return self._lesson.versions

    @property
    def unlearned(self) -> str:
        """Why there is no classifier; empty where there is one."""
        return "" if self._classifier is not None else self._unlearned

    def guess(
        self, text: str, *, possible: Collection[tuple[str, str]] | None = None
    ) -> ParaphraseGuess | None:
        """Say what a text means; None where it is for no skill, or nothing was learned.

        Args:
            text: A transcript.
            possible: Skills and intents that can be meant now.

        Raises:
            EngineError: The embedding model failed.
        """
        return None if self._classifier is None else self._classifier.guess(text, possible=possible)

    async def load(self) -> None:
        """Take what an earlier run has learned, if it is of the same sentences; at once after the first call.

        A model that is missing or broken is told to the log, and leaves the device without paraphrases.
        """
        async with self._loading:
            if self._looked:
                return
            try:
                self._classifier, reason = await asyncio.to_thread(self._look)
            except ModelsError as error:
                self._cannot(error)
            else:
                self._unlearned = f"paraphrases are not learned yet: {reason}"
            self._looked = True

    async def learn(self) -> None:
        """Train and keep a classifier unless there is one; what goes wrong is told as by ``load``."""
        await self.load()
        if self._classifier is not None:
            return
        self._log.info("paraphrases_learning", reason=self._unlearned)
        try:
            await _beside(self._train)
            self._classifier, _ = await asyncio.to_thread(self._look)
        except ModelsError as error:
            self._cannot(error)
            return
        self._log.info("paraphrases_learned")
        await asyncio.to_thread(give_back_memory)

    def _look(self) -> tuple[ParaphraseClassifier | None, str]:
        engine = self._lesson.load_engine()
        learned, reason = find_kept(self._lesson.folder, self._lesson.teach(), engine)
        if learned is None:
            return None, reason
        engine.warm_up()
        return ParaphraseClassifier(engine, learned), ""

    def _train(self) -> None:
        # With an engine of its own: one that has seen many sentences at once keeps the memory for them.
        train_and_keep(self._lesson.folder, self._lesson.teach(), self._lesson.load_engine())

    def _cannot(self, error: ModelsError) -> None:
        self._unlearned = f"paraphrases cannot be understood: {error}"
        self._log.warning("paraphrases_missing", code=error.code, reason=str(error))


async def _beside(work: Callable[[], None]) -> None:
    """Work in a thread that yields to all others, and that the end of the process does not wait for."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        if sys.platform == "linux":  # elsewhere niceness is of the whole process
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _YIELDING)
        try:
            work()
        except BaseException as error:  # the waiter gets it, whatever it is
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=run, name="learning", daemon=True).start()
    await asyncio.wrap_future(future)
