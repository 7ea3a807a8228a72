"""Scripted speech recognition."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.asr.engine import AsrCapabilities, Hypothesis
from nearfield_models.asr.utterance import checked, is_silent
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples


class ScriptedAsr:
    """Hears one text after another from a script, the last for ever; can fail at a call.

    Sound without anything in it is silence and takes nothing off the script. With ``words_per_second`` only
    so many words of a text are heard as the sound has time for, as partials of a growing utterance.
    """

    def __init__(
        self,
        script: Iterable[str] = ("hello",),
        *,
        words_per_second: float | None = None,
        fails_at: int | None = None,
    ) -> None:
        self._script = list(script)
        self._words_per_second = words_per_second
        self._fails_at = fails_at
        self.heard: list[tuple[float, Hypothesis | None]] = []
        """Seconds and earlier hypothesis of each call."""

    @property
    def capabilities(self) -> AsrCapabilities:
        return AsrCapabilities(
            languages=("en",), token_scores=False, constrainable=False, longest_seconds=60.0
        )

    def transcribe(
        self,
        samples: Samples,
        *,
        earlier: Hypothesis | None = None,
        cancellation: Cancellation | None = None,
    ) -> Hypothesis:
        if cancellation is not None:
            cancellation.check()
        seconds = checked(samples).size / SAMPLE_RATE_HZ
        if len(self.heard) == self._fails_at:
            raise EngineError("the scripted recogniser was told to fail")
        self.heard.append((seconds, earlier))
        if seconds < 0.1 or is_silent(samples):
            return Hypothesis(text="", stopped_by="silence")
        words = self._script[0].split()
        if self._words_per_second is not None:
            return Hypothesis(text=" ".join(words[: int(seconds * self._words_per_second)]))
        if len(self._script) > 1:
            del self._script[0]
        return Hypothesis(text=" ".join(words))

    def warm_up(self) -> None:
        """Nothing to warm."""
