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
_SHORTEST_MS: Final = 200
"""Less speech than this is no word."""
_GATE: Final = SegmentationSettings(onset=0.4, offset=0.3, onset_ms=60, offset_ms=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Samples ``first`` to ``end`` of the input, and where in them somebody speaks."""

    first: int
    end: int
    speech_began: int
    speech_end: int
    begins_within_speech: bool = False


class PhraseWindows:
    """Follows one stream, hop by hop."""

    def __init__(self, *, every_ms: int, longest_ms: int, longest_pause_ms: int = 0) -> None:
        """Begin.

        Args:
            every_ms: How often there is a look while somebody speaks.
            longest_ms: The longest stretch.
            longest_pause_ms: A pause that may be within a phrase; speech after it goes on with the stretch.
        """
        self._longest_pause = longest_pause_ms * SAMPLES_PER_MS
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
        self._began = 0
        self._last_heard: int | None = None

    @property
    def last_heard(self) -> int | None:
        """Sample after the last hop of speech so far."""
        return self._last_heard

    def begin_after(self, position: int) -> None:
        """Take nothing from before ``position`` into a stretch any more."""
        self._floor = position

    def accept(self, first_sample: int, probability: float) -> Stretch | None:
        """Take the probability of speech for the hop at ``first_sample``; give a stretch when one is due."""
        state = self._segmenter.accept(first_sample, probability)
        now = first_sample + HOP_SAMPLES
        ended = self._spoke and not state.speaking
        if state.speaking and not self._spoke:
            self._begin(state)
        self._spoke = state.speaking
        self._last_heard = state.last_heard
        if not ended and not (state.speaking and now >= self._due):
            return None
        self._due = now + self._every
        return self._stretch(now, state.last_heard or now)

    def _begin(self, state: SpeechState) -> None:
        began = state.began or 0
        if self._last_heard is None or began - self._last_heard > self._longest_pause:
            self._began = began
        self._due = began + _FIRST_MS * SAMPLES_PER_MS

    def _stretch(self, now: int, speech_end: int) -> Stretch | None:
        began = max(self._began, self._floor)
        first = max(began - LEAD_MS * SAMPLES_PER_MS, now - self._longest, self._floor, 0)
        if speech_end - began < _SHORTEST_MS * SAMPLES_PER_MS:
            return None
        return Stretch(
            first=first,
            end=now,
            speech_began=max(began, first),
            speech_end=speech_end,
            begins_within_speech=first > self._began,
        )
