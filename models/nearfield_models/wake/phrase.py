"""Any phrase as a wake word, without training: the recogniser is asked whether it was said.

Three gates, each dearer than the one before: the voice detector (always), the phrase forced on the sound
(a few times a second while somebody speaks), and the sound decoded freely (where the phrase does not come
first). The costly ones run where ``Compute`` puts them, so that whoever feeds hops never waits. Looks that
fall due meanwhile wait with their sound, and are caught up with when nobody speaks; of more than
``MOST_WAITING`` the oldest is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, Protocol

import numpy as np

from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import HOP_BYTES, HOP_SAMPLES, SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples, to_float
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection
from nearfield_models.wake.phrase_decision import Look, PhraseEvidence
from nearfield_models.wake.phrase_scoring import PhraseScore
from nearfield_models.wake.phrase_windows import PhraseWindows, Stretch

REFRACTORY_MS: Final = 1_000
LOOK_EVERY_MS: Final = 160
MOST_WAITING: Final = 8
_WORD_MS: Final = 500
_BEFORE_MS: Final = 1_000
"""Sound before a phrase that helps to hear it in running speech."""
_EARLY_MS: Final = 100
"""The recogniser completes a word before it is over: in the median, the phrase ends so long after the stretch
in which it is found."""
_PAUSE_MS: Final = 400
"""Between two words of one phrase, as in "hello ... nearfield"."""


class Scorer(Protocol):
    """Scores phrases; see `PhraseScorer`."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is listened for."""
        ...

    def score(
        self, samples: Samples, speech_seconds: float, *, begins_within_speech: bool = False
    ) -> tuple[PhraseScore, ...]:
        """Say how well each phrase fits ``float32[n]``."""
        ...


PhraseScores = tuple[PhraseScore, ...]
Compute = Callable[[Callable[[], PhraseScores]], "Future[PhraseScores] | None"]
"""Has scores computed, here or elsewhere; None where there is no time for it now."""


def compute_here(work: Callable[[], PhraseScores]) -> Future[PhraseScores]:
    """Compute at once, in the caller's thread."""
    future: Future[PhraseScores] = Future()
    try:
        future.set_result(work())
    except EngineError as error:
        future.set_exception(error)
    return future


class PhraseWake:
    """Waits for phrases; see `WakeEngine` for the contract.

    Attributes:
        looks_left_out: How many looks there was no time for.
    """

    def __init__(
        self,
        scorer: Scorer,
        vad: VadEngine,
        *,
        threshold: float,
        compute: Compute = compute_here,
        on_look: Callable[[Look], None] | None = None,
        refractory_ms: int = REFRACTORY_MS,
    ) -> None:
        """Take the parts.

        Args:
            scorer: Judges stretches of sound.
            vad: A voice detector that nobody else feeds.
            threshold: Evidence from which a phrase counts as said.
            compute: Where scores are computed.
            on_look: Told of every stretch that was looked at.
            refractory_ms: How long nothing is reported after a detection.
        """
        self._scorer = scorer
        self._vad = vad
        self._threshold = threshold
        self._evidence = PhraseEvidence()
        self._compute = compute
        self._on_look = on_look
        self._refractory_ms = refractory_ms
        words = max(len(phrase.split()) for phrase in scorer.phrases)
        longest_ms = _BEFORE_MS + _WORD_MS * words
        self._windows = PhraseWindows(
            every_ms=LOOK_EVERY_MS,
            longest_ms=longest_ms,
            longest_pause_ms=_PAUSE_MS if words > 1 else 0,
        )
        self.looks_left_out = 0
        self._kept_samples = longest_ms * SAMPLES_PER_MS
        self.reset()

    @property
    def capabilities(self) -> WakeCapabilities:
        """The phrases, as configured."""
        return WakeCapabilities(phrases=self._scorer.phrases, refractory_ms=self._refractory_ms)

    def reset(self) -> None:
        """Forget everything heard, and what is being computed about it."""
        self._vad.reset()
        self._windows.reset()
        self._evidence.reset()
        self._kept = np.zeros(self._kept_samples, np.float32)
        self._position = 0
        self._deaf_until = 0
        self._waiting: deque[tuple[Stretch, Samples]] = deque(maxlen=MOST_WAITING)
        self._under_way: tuple[Stretch, Future[PhraseScores]] | None = None

    def accept(self, hop: bytes) -> WakeDetection | None:
        """Take 160 samples of int16 little-endian and say whether a phrase was found in what is known by now.

        Raises:
            EngineError: The model failed, or the hop has another length.
        """
        if len(hop) != HOP_BYTES:
            raise EngineError(f"a hop of {len(hop)} bytes was given to the wake phrase: expected {HOP_BYTES}")
        samples = to_float(hop)
        self._kept = np.concatenate((self._kept[HOP_SAMPLES:], samples))
        stretch = self._windows.accept(self._position, self._vad.accept(samples))
        self._position += HOP_SAMPLES
        if stretch is not None and self._position > self._deaf_until:
            self.looks_left_out += len(self._waiting) == MOST_WAITING
            self._waiting.append((stretch, self._kept[stretch.first - self._position :]))
        found = self._found()
        if self._under_way is None and self._waiting:
            self._look_at(*self._waiting.popleft())
            found = found or self._found()
        return found

    def _look_at(self, stretch: Stretch, sound: Samples) -> None:
        seconds = (stretch.speech_end - stretch.speech_began) / SAMPLE_RATE_HZ
        torn = stretch.begins_within_speech
        future = self._compute(partial(self._scorer.score, sound, seconds, begins_within_speech=torn))
        if future is not None:
            self._under_way = (stretch, future)

    def _found(self) -> WakeDetection | None:
        if self._under_way is None or not self._under_way[1].done():
            return None
        (stretch, future), self._under_way = self._under_way, None
        try:
            look = self._evidence.accept(stretch, future.result())
        except CancelledWorkError:
            return None
        if self._on_look is not None:
            self._on_look(look)
        score = look.best
        if score is None or score.evidence < self._threshold:
            return None
        self._evidence.reset()
        self._waiting.clear()
        self._deaf_until = self._position + self._refractory_ms * SAMPLES_PER_MS
        self._windows.begin_after(stretch.speech_end)
        return WakeDetection(
            phrase=score.phrase,
            score=min(1.0, max(0.0, score.evidence)),
            began_ago_samples=self._position - _beginning(stretch, score),
            ended_ago_samples=self._position - _end(stretch),
            spoke_ago_samples=self._position - (self._windows.last_heard or stretch.speech_end),
        )


def _beginning(stretch: Stretch, score: PhraseScore) -> int:
    """Where the phrase began at the earliest: with the speech, or as long before its end as it can take."""
    if not score.tokens_before:
        return stretch.speech_began
    longest = _WORD_MS * len(score.phrase.split()) * SAMPLES_PER_MS
    return max(stretch.speech_began, stretch.speech_end - longest)


def _end(stretch: Stretch) -> int:
    """Where the phrase ends, or will end where it is still being said."""
    still_said = stretch.speech_end == stretch.end
    return stretch.speech_end + (_EARLY_MS * SAMPLES_PER_MS if still_said else 0)
