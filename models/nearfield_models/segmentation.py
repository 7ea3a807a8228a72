"""Speech or no speech, from the probability that a detector gives for each hop.

Two thresholds make it steady: speech begins when the probability has stayed at or above ``onset`` for
``onset_ms``, and ends when it has stayed below ``offset`` for ``offset_ms``; what lies between changes
nothing. Positions are sample counts at 16 kHz; there is no other clock. A detector's probability may lag
behind its hop by up to its window; whoever cuts sound at these positions adds that as a margin.
"""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationSettings:
    """What counts as speech."""

    onset: float = 0.5
    """Probability at or above which a hop may begin speech."""
    offset: float = 0.35
    """Probability below which a hop may end speech; at most ``onset``."""
    onset_ms: int = 60
    offset_ms: int = 100

    def __post_init__(self) -> None:
        if not 0.0 <= self.offset <= self.onset <= 1.0:
            raise ValueError(f"expected 0 <= offset <= onset <= 1, not {self.offset} and {self.onset}")
        if self.onset_ms < 0 or self.offset_ms < 0:
            raise ValueError("onset_ms and offset_ms cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechState:
    """What is known after a hop."""

    speaking: bool
    began: int | None
    """Sample at which the present or the last stretch of speech began."""
    last_heard: int | None
    """Sample after the last hop of speech; of the past where ``speaking`` is false."""

    def silence_samples(self, position: int) -> int:
        """Samples without speech up to ``position``; all of them where speech was never heard."""
        return position - (self.last_heard or 0)


class SpeechSegmenter:
    """Follows one stream, hop by hop."""

    def __init__(self, settings: SegmentationSettings) -> None:
        self._settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next hop may stand anywhere."""
        self._state = SpeechState(speaking=False, began=None, last_heard=None)
        self._rising_since: int | None = None

    def accept(self, first_sample: int, probability: float) -> SpeechState:
        """Take the probability for the hop that begins at ``first_sample`` and say what is known after it."""
        end = first_sample + HOP_SAMPLES
        if self._state.speaking:
            self._while_speaking(end, probability)
        else:
            self._while_silent(first_sample, end, probability)
        return self._state

    def _while_speaking(self, end: int, probability: float) -> None:
        began, last_heard = self._state.began, self._state.last_heard
        if probability >= self._settings.offset:
            self._state = SpeechState(speaking=True, began=began, last_heard=end)
        elif end - (last_heard or 0) >= self._settings.offset_ms * SAMPLES_PER_MS:
            self._state = SpeechState(speaking=False, began=began, last_heard=last_heard)

    def _while_silent(self, first_sample: int, end: int, probability: float) -> None:
        if probability < self._settings.onset:
            self._rising_since = None
            return
        if self._rising_since is None:
            self._rising_since = first_sample
        if end - self._rising_since >= self._settings.onset_ms * SAMPLES_PER_MS:
            self._state = SpeechState(speaking=True, began=self._rising_since, last_heard=end)
            self._rising_since = None
