"""When somebody begins and ends a turn, from the probability of speech hop by hop; pure.

``server_vad`` ends a turn by silence alone. ``semantic_vad`` asks at each pause whether what was said sounds
finished, and ends it at the latest after the wait that OpenAI's Realtime names for its eagerness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_models.segmentation import SegmentationSettings, SpeechSegmenter
from nearfield_sync.messages.realtime.session import SemanticVad, ServerVad

_HYSTERESIS: Final = 0.15
_PAUSE_MS: Final = 200
"""Silence after which a detector is asked whether the turn is over."""
_LONGEST_WAIT_MS: Final[Mapping[str, int]] = {"low": 8_000, "medium": 4_000, "auto": 4_000, "high": 2_000}
_FINISHED: Final[Mapping[str, float]] = {"low": 0.75, "medium": 0.5, "auto": 0.5, "high": 0.3}
"""Probability of a finished turn that is enough."""
_SEMANTIC_PREFIX_MS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """Speech began at this sample."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Whether the turn is over should be judged now; ``number`` tells a pause from the next."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The turn was over at this sample."""

    at: int


Mark = Began | Paused | Ended


class TurnTaking:
    """Follows one stream of sound."""

    def __init__(self, detection: ServerVad | SemanticVad, *, longest_ms: int) -> None:
        """Begin in silence.

        Args:
            detection: The session's.
            longest_ms: A turn ends when it is that long, whatever is said.
        """
        self._semantic = detection if isinstance(detection, SemanticVad) else None
        onset, silence_ms = 0.5, _PAUSE_MS
        if isinstance(detection, ServerVad):
            onset, silence_ms = detection.threshold, detection.silence_duration_ms
        self._segmenter = SpeechSegmenter(
            SegmentationSettings(onset=onset, offset=max(0.0, onset - _HYSTERESIS), offset_ms=silence_ms)
        )
        self._longest_samples = longest_ms * SAMPLES_PER_MS
        self.prefix_ms = (
            detection.prefix_padding_ms if isinstance(detection, ServerVad) else _SEMANTIC_PREFIX_MS
        )
        self._turn_began: int | None = None
        self._pause: int | None = None
        self._pauses = 0

    @property
    def speaking(self) -> bool:
        """Whether a turn is open."""
        return self._turn_began is not None

    def accept(self, first_sample: int, probability: float) -> Mark | None:
        """Take the probability for the hop that begins at ``first_sample``."""
        heard = self._segmenter.accept(first_sample, probability)
        if self._turn_began is None:
            if not heard.speaking:
                return None
            self._turn_began = first_sample if heard.began is None else heard.began
            return Began(at=self._turn_began)
        if first_sample - self._turn_began >= self._longest_samples:
            return self._end(first_sample)
        if heard.speaking:
            self._pause = None
            return None
        quiet_since = heard.last_heard or first_sample
        if self._semantic is None:
            return self._end(quiet_since)
        return self._in_pause(quiet_since, first_sample, self._semantic)

    def _in_pause(self, quiet_since: int, now: int, detection: SemanticVad) -> Mark | None:
        if now - quiet_since >= _LONGEST_WAIT_MS[detection.eagerness] * SAMPLES_PER_MS:
            return self._end(quiet_since)
        if self._pause is None:
            self._pauses += 1
            self._pause = quiet_since
            return Paused(number=self._pauses)
        return None

    def judge(self, number: int, completeness: float) -> Ended | None:
        """Take how finished the person sounded in a pause; late for another pause it says nothing."""
        if self._semantic is None or self._pause is None or number != self._pauses:
            return None
        if completeness < _FINISHED[self._semantic.eagerness]:
            return None
        return self._end(self._pause)

    def _end(self, at: int) -> Ended:
        self.reset()
        return Ended(at=at)

    def reset(self) -> None:
        """Forget the turn that is open."""
        self._turn_began = self._pause = None
        self._segmenter.reset()
