"""A voice that keeps what it says of certain texts, and says them from there at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsCapabilities, TtsEngine
from nearfield_models.tts.phrase import Phrase
from nearfield_models.tts.prompt_store import PromptStore
from nearfield_sync.telemetry import Counters

_CHUNK_SECONDS: Final = 0.25
"""Of a kept prompt, so that whoever converts its rate never computes for long."""


class PromptVoice:
    """A `TtsEngine` around another; texts that are no prompts pass through and are kept nowhere."""

    def __init__(
        self, voice: TtsEngine, store: PromptStore, prompts: Collection[str], *, counters: Counters
    ) -> None:
        """Take the parts.

        Args:
            voice: Has a fingerprint, by which the store was opened.
            store: Where its prompts lie.
            prompts: Texts that are the same for everybody: never what a person said or asked for.
            counters: Get ``nearfield_prompts_said_total{origin}``.
        """
        self._voice = voice
        self._store = store
        self.prompts = tuple(dict.fromkeys(prompts))
        """In the order in which they are filled."""
        self._known = frozenset(self.prompts)
        self._counters = counters

    @property
    def capabilities(self) -> TtsCapabilities:
        """What the voice is."""
        return self._voice.capabilities

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        """Yield ``float32[n]`` chunks, from the store where they are kept; see `TtsEngine`.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set; nothing is kept then.
        """
        cancellation = cancellation or Cancellation()
        cancellation.check()
        if not isinstance(text, str) or text not in self._known:
            yield from self._voice.synthesise(text, cancellation=cancellation)
            return
        kept = self._store.find(text)
        self._counters.add("nearfield_prompts_said_total", origin="voice" if kept is None else "store")
        if kept is None:
            yield from self._kept_meanwhile(text, cancellation, in_room=False)
            return
        size = int(self.capabilities.sample_rate_hz * _CHUNK_SECONDS)
        for begin in range(0, kept.size, size):
            cancellation.check()
            yield kept[begin : begin + size]

    def warm_up(self) -> None:
        """Warm the voice up."""
        self._voice.warm_up()

    def missing(self) -> tuple[str, ...]:
        """The prompts that are not kept yet."""
        return tuple(text for text in self.prompts if not self._store.holds(text))

    def tidy(self) -> None:
        """Remove from the store what is no prompt of this voice any more."""
        self._store.retain(self.prompts)

    def fill(self, text: str, *, cancellation: Cancellation) -> Iterator[None]:
        """Synthesise and keep a prompt in small steps; closed before its end, it keeps nothing.

        Nothing is kept either where another prompt would have to go for it.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        for _ in self._kept_meanwhile(text, cancellation, in_room=True):
            yield

    def _kept_meanwhile(self, text: str, cancellation: Cancellation, *, in_room: bool) -> Iterator[Samples]:
        chunks: list[Samples] = []
        for chunk in self._voice.synthesise(text, cancellation=cancellation):
            chunks.append(chunk)
            yield chunk
        if chunks:
            self._store.keep(text, np.concatenate(chunks), in_room=in_room)
