"""The sound of one reply: computed piece by piece, kept until it is over, and told in words."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import Final

from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsEngine

_MS_PER_CHARACTER: Final = 62
"""Of speech, where not all of a reply is computed yet."""


class ReplySound:
    """The pieces that a voice makes of a text: the first begun at once, each other when it is asked for."""

    def __init__(
        self,
        tts: TtsEngine,
        text: str,
        executor: InferenceExecutor,
        priority: Priority,
        cancellation: Cancellation,
    ) -> None:
        """Begin to compute.

        Args:
            tts: The voice.
            text: What it says.
            executor: Where it computes.
            priority: Of the first piece; the others are live.
            cancellation: Stops the computing.
        """
        self.text = text
        self.cancellation = cancellation
        self.rate_hz = tts.capabilities.sample_rate_hz
        self._executor = executor
        self._voice = tts.synthesise(text, cancellation=cancellation)
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
        sound = asyncio.wrap_future(self._pieces[index])
        sound.add_done_callback(_seen)
        # Whoever asks may be stopped; the piece is computed all the same, for whoever asks again.
        await asyncio.wait([sound])
        return sound.result()

    def text_until(self, ms: int) -> str:
        """The words that are heard in the first ``ms``, to about a word: no voice tells where each is."""
        computed_ms, whole = self._computed()
        expected_ms = computed_ms if whole else max(computed_ms, len(self.text) * _MS_PER_CHARACTER)
        if ms >= expected_ms:
            return self.text
        cut = len(self.text) * ms // expected_ms
        begun = self.text[:cut]
        return begun if self.text[cut : cut + 1].isspace() else begun.rpartition(" ")[0]

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

    def _begin(self, priority: Priority) -> None:
        voice = self._voice
        work = self._executor.submit(priority, lambda: next(voice, None), self.cancellation)
        self._pieces.append(work)


def _seen(sound: asyncio.Future[Samples | None]) -> None:
    """What went wrong with a piece that nobody waits for any more is nobody's affair."""
    if not sound.cancelled():
        sound.exception()
