"""Filling the prompts beside the device's work: only while nobody speaks, waits or is spoken to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.tts.prompt_voice import PromptVoice
from nearfield_sync.telemetry import Log

_REST_SECONDS: Final = 1.0


async def _rest() -> None:
    await asyncio.sleep(_REST_SECONDS)


class PromptFilling:
    """Synthesises the prompts that are not kept yet, a chunk at a time, in the background."""

    def __init__(
        self,
        voice: PromptVoice,
        executor: InferenceExecutor,
        *,
        is_quiet: Callable[[], bool],
        rest: Callable[[], Awaitable[None]] = _rest,
    ) -> None:
        """Take the parts.

        Args:
            voice: Used in the executor's thread, here as elsewhere.
            executor: Where it computes, behind everything else.
            is_quiet: Whether nothing goes on in the room; looked at before every chunk.
            rest: Awaited between looks while something goes on.
        """
        self._voice = voice
        self._executor = executor
        self._is_quiet = is_quiet
        self._rest = rest
        self._log: Log = structlog.get_logger()

    async def run(self) -> None:
        """Remove what is no prompt any more, and fill what is missing.

        A prompt that somebody interrupts is begun anew, one that the voice cannot say is left out.
        """
        await self._executor.run(Priority.BACKGROUND, self._voice.tidy)
        missing = await self._executor.run(Priority.BACKGROUND, self._voice.missing)
        for text in missing:
            try:
                while not await self._fill(text):
                    await self._rest()
            except CancelledWorkError:
                return
            except EngineError as error:
                self._log.warning("prompt_not_filled", code=error.code, exc_info=error)
        left = await self._executor.run(Priority.BACKGROUND, self._voice.missing)
        self._log.info("prompts_filled", filled=len(missing) - len(left), missing=len(left))

    async def _fill(self, text: str) -> bool:
        """Whether the prompt was filled without anybody coming between."""
        steps = self._voice.fill(text, cancellation=Cancellation())
        over = object()
        while self._is_quiet():
            if await self._executor.run(Priority.BACKGROUND, lambda: next(steps, over)) is over:
                return True
        return False
