"""The sound of one reply: computed piece by piece, kept until it is over, and told in words.

A reply that is still growing is waited for where its words end; whoever listens hears a pause.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final

import numpy as np

from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_edge.reply_text import ReplyText
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsEngine

_MS_PER_CHARACTER: Final = 62
"""Of speech, where not all of a reply is computed yet."""
_MS_BETWEEN_PARTS: Final = 150


class ReplySound:
    """The pieces that a voice makes of a text: the first begun at once, each other when it is asked for."""

    def __init__(
        self,
        tts: TtsEngine,
        words: ReplyText,
        executor: InferenceExecutor,
        priority: Priority,
        cancellation: Cancellation,
    ) -> None:
        """Begin to compute.

        Args:
            tts: The voice.
            words: What it says.
            executor: Where it computes.
            priority: Of the first piece; the others are live.
            cancellation: Stops the computing.
        """
        self.words = words
        self.cancellation = cancellation
        self.rate_hz = tts.capabilities.sample_rate_hz
        self._tts = tts
        self._executor = executor
        self._part = 0
        self._voice = tts.synthesise(words.first, cancellation=cancellation)
        self._pieces: list[Future[Samples | None]] = []
        self._begin(priority)

    async def piece(self, index: int) -> Samples | None:
        """The piece with that number as ``float32[n]``, None after the last; pieces are asked for in order.

        Raises:
            EngineError: The voice failed.
            CancelledWorkError: The reply is not wanted any more.
        """
        if index == len(self._pieces):
            self._begin(Priority.LIVE)
        sound = await self._result(index)
        while sound is None and (text := await self.words.part(self._part + 1)) is not None:
            self._pieces.pop()
            self._part += 1
            self._voice = self._tts.synthesise(text, cancellation=self.cancellation)
            self._begin(Priority.LIVE, after=np.zeros(self.rate_hz * _MS_BETWEEN_PARTS // 1000, np.float32))
            sound = await self._result(index)
        return sound

    async def prepared(self) -> None:
        """Wait until the first piece is computed.

        Raises:
            EngineError: The voice failed.
            CancelledWorkError: The reply is not wanted any more.
        """
        await self._result(0)

    async def _result(self, index: int) -> Samples | None:
        sound = asyncio.wrap_future(self._pieces[index])
        sound.add_done_callback(_seen)
        # Whoever asks may be stopped; the piece is computed all the same, for whoever asks again.
        await asyncio.wait([sound])
        return sound.result()

    def text_until(self, ms: int) -> str:
        """The words that are heard in the first ``ms``, to about a word: no voice tells where each is."""
        text = self.words.text
        computed_ms, whole = self._computed()
        expected_ms = computed_ms if whole else max(computed_ms, len(text) * _MS_PER_CHARACTER)
        if ms >= expected_ms:
            return text
        cut = len(text) * ms // expected_ms
        begun = text[:cut]
        return begun if text[cut : cut + 1].isspace() else begun.rpartition(" ")[0]

    def _computed(self) -> tuple[int, bool]:
        """Milliseconds that were computed, and whether that is all."""
        samples = 0
        for piece in self._pieces:
            if not piece.done() or piece.cancelled() or piece.exception() is not None:
                return samples * 1000 // self.rate_hz, False
            sound = piece.result()
            if sound is None:
                return samples * 1000 // self.rate_hz, True
            samples += sound.size
        return samples * 1000 // self.rate_hz, False

    def _begin(self, priority: Priority, after: Samples | None = None) -> None:
        voice = self._voice

        def compute() -> Samples | None:
            sound = next(voice, None)
            return sound if sound is None or after is None else np.concatenate([after, sound])

        self._pieces.append(self._executor.submit(priority, compute, self.cancellation))


def _seen(sound: asyncio.Future[Samples | None]) -> None:
    """What went wrong with a piece that nobody waits for any more is nobody's affair."""
    if not sound.cancelled():
        sound.exception()
