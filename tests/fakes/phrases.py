"""A scripted judge of wake phrases."""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_models.errors import EngineError
from nearfield_models.pcm import Samples
from nearfield_models.wake.phrase_scoring import PhraseScore


class ScriptedScorer:
    """Gives the evidence of a script, one for each stretch, and none when it is over; can fail at one."""

    def __init__(
        self,
        script: Sequence[float] = (),
        *,
        phrase: str = "Alexa",
        tokens_before: int = 0,
        fails_at: int | None = None,
    ) -> None:
        self._script = tuple(script)
        self._phrase = phrase
        self._tokens_before = tokens_before
        self._fails_at = fails_at
        self.heard: list[tuple[Samples, float]] = []
        self.torn: list[bool] = []

    @property
    def phrases(self) -> tuple[str, ...]:
        return (self._phrase,)

    def score(
        self, samples: Samples, speech_seconds: float, *, begins_within_speech: bool = False
    ) -> tuple[PhraseScore, ...]:
        number = len(self.heard)
        self.heard.append((samples, speech_seconds))
        self.torn.append(begins_within_speech)
        if number == self._fails_at:
            raise EngineError("the scripted judge was told to fail")
        evidence = self._script[number] if number < len(self._script) else 0.0
        score = PhraseScore(phrase=self._phrase, evidence=evidence, tokens_before=self._tokens_before)
        return (score,)
