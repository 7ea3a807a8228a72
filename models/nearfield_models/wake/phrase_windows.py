"""Which stretches of sound are worth a look for a phrase: while somebody speaks, and once when they stop.

Pure of any model. A stretch begins a little before the speech it belongs to, but never before what was
already taken for a phrase, and is never longer than a phrase can take with a word or two before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter, SpeechState

LEAD_MS: Final = 300
"""Sound taken from before the speech: the voice detector is late, and the recogniser likes a breath."""
_FIRST_MS: Final = 400
"""Speech before which no phrase can be over."""
_GATE: Final = SegmentationSettings(onset=0.4, offset=0.3, onset_ms=60, offset_ms=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Samples ``first`` to ``end`` of the input, and where in them somebody speaks."""

    first: int
    end: int
    speech_began: int
    speech_end: int


class PhraseWindows:
    """Follows one stream, hop by hop."""

    def __init__(self, *, every_ms: int, longest_ms: int) -> None:
        """Begin.

        Args:
            every_ms: How often there is a look while somebody speaks.
            longest_ms: The longest stretch.
        """
        self._every = every_ms * SAMPLES_PER_MS
        self._longest = longest_ms * SAMPLES_PER_MS
        self._segmenter = SpeechSegmenter(_GATE)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._segmenter.reset()
        self._spoke = False
        self._due = 0
        self._floor = 0

    def begin_after(self, position: int) -> None:
        """Take nothing from before ``position`` into a stretch any more."""
        self._floor = position

    def accept(self, first_sample: int, probability: float) -> Stretch | None:
        """Take the probability of speech for the hop at ``first_sample``; give a stretch when one is due."""
        state = self._segmenter.accept(first_sample, probability)
        now = first_sample + HOP_SAMPLES
        began, ended = state.began, self._spoke and not state.speaking
        if state.speaking and not self._spoke and began is not None:
            self._due = began + _FIRST_MS * SAMPLES_PER_MS
        self._spoke = state.speaking
        if not ended and not (state.speaking and now >= self._due):
            return None
        self._due = now + self._every
        return self._stretch(now, state)

    def _stretch(self, now: int, state: SpeechState) -> Stretch | None:
        if state.began is None or state.last_heard is None:
            return None
        began = max(state.began, self._floor)
        first = max(began - LEAD_MS * SAMPLES_PER_MS, now - self._longest, self._floor, 0)
        if state.last_heard - began < _FIRST_MS * SAMPLES_PER_MS // 2:
            return None
        return Stretch(
            first=first, end=now, speech_began=max(began, first), speech_end=min(state.last_heard, now)
        )
