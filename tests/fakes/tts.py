"""A voice of tones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.tts.engine import TtsCapabilities
from nearfield_models.tts.phrase import Phrase


class ToneVoice:
    """Says each word as 100 ms of a tone, at rate 1, one chunk a word; remembers what it was given to say."""

    def __init__(
        self, *, rate_hz: int = SAMPLE_RATE_HZ, fails_on: str | None = None, fingerprint: str = "tones 1"
    ) -> None:
        self._rate_hz = rate_hz
        self._fails_on = fails_on
        self._fingerprint = fingerprint
        self.said: list[str] = []

    @property
    def capabilities(self) -> TtsCapabilities:
        return TtsCapabilities(
            language="en-us", sample_rate_hz=self._rate_hz, voice="tones", fingerprint=self._fingerprint
        )

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        cancellation = cancellation or Cancellation()
        cancellation.check()
        phrase = Phrase(runs=(text,)) if isinstance(text, str) else text
        self.said.append(phrase.text)
        phase = np.arange(round(self._rate_hz / 10 / phrase.rate)) / self._rate_hz
        for word in (part for part in phrase.text.split() if any(letter.isalnum() for letter in part)):
            cancellation.check()
            if word == self._fails_on:
                raise EngineError(f"the voice of tones was told to fail on {word!r}")
            yield (0.3 * np.sin(2 * np.pi * 440 * phase)).astype(np.float32)

    def warm_up(self) -> None:
        """Nothing to warm."""
