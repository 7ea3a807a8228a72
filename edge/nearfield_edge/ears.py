"""From frames to events: wake word, voice activity and the memory of sound.

Runs on the event loop: one hop costs well under a millisecond. What needs longer belongs to the inference
executor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.cleaning import MicrophoneCleaning
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.events import HopHeard, InputEvent, WakeDetected
from nearfield_models.errors import EngineError
from nearfield_models.nearness import Nearness
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples, to_float
from nearfield_models.segmentation import SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from nearfield_sync.telemetry import Counters, Log

CATCH_UP_MS: Final = 480
"""Sound that the voice detector is given anew when it is needed again."""


class Ears:
    """Hears frames in order. The same sound always gives the same events.

    Wake words and voice are looked for in what the front end makes of the microphone's sound for them, while
    the memory keeps what it makes for the recogniser.

    Speech is what somebody near says; a voice in the background is none.

    While nobody is listened to, only the wake word is looked for; when somebody is, the voice detector first
    catches up on the latest sound. A detector that fails begins anew and is counted; the others go on.
    """

    def __init__(
        self,
        *,
        wake: Sequence[WakeEngine],
        vad: VadEngine | None,
        segmenter: SpeechSegmenter,
        memory: SoundMemory,
        counters: Counters,
        cleaning: MicrophoneCleaning | None = None,
    ) -> None:
        """Take the parts; without a voice detector only time is heard, without cleaning all that sounds."""
        self._wake = wake
        self._vad = vad
        self._segmenter = segmenter
        self._counters = counters
        self._cleaning = cleaning
        self._nearness = Nearness()
        self._is_behind = False
        self._log: Log = structlog.get_logger()
        self.memory = memory

    def hear(self, frame: AudioFrame, *, attentive: bool = True) -> list[InputEvent]:
        """Take 10 ms; give what the turn engine should know of it.

        Args:
            frame: The next one.
            attentive: Whether it matters now if somebody speaks; if not, speech is not looked for.
        """
        if self._cleaning is None:
            self.memory.remember(frame)
        else:
            cleaned = self._cleaning.accept(frame)
            self.memory.remember(cleaned.recogniser)
            frame = cleaned.suppressed
        at = frame.first_sample + HOP_SAMPLES
        events: list[InputEvent] = []
        for engine in self._wake:
            detection = self._detection(engine, frame.pcm)
            if detection is not None:
                events.append(_woken(at, detection))
        if events and not self._is_behind:  # whoever says the wake word may be another person
            self.expect_anyone()
        attentive = attentive or bool(events)
        events.append(HopHeard(at=at, speech=attentive and self._is_speech(frame)))
        self._is_behind = not attentive
        return events

    def expect_anyone(self) -> None:
        """Whoever speaks next is near, however softly: it may be another person than before."""
        self._nearness.reset()

    def _is_speech(self, frame: AudioFrame) -> bool:
        """Whether somebody near speaks in it."""
        if self._is_behind:
            self._catch_up(frame.first_sample)
        return self._is_near_speech(frame.first_sample, to_float(frame.pcm))

    def _is_near_speech(self, at: int, hop: Samples) -> bool:
        heard = self._segmenter.accept(at, self._probability(hop))
        speech = heard.speaking and heard.last_heard == at + HOP_SAMPLES
        return self._nearness.accept(hop, speech=speech)

    def _catch_up(self, now: int) -> None:
        """Let the voice detector hear what it missed just now, so that it knows the room and the person."""
        if self._vad is not None:
            self._vad.reset()
        self._segmenter.reset()
        self._nearness.reset()
        first = max(0, now - CATCH_UP_MS * SAMPLES_PER_MS)
        missed = self.memory.recall(first, now)
        for start in range(0, missed.size - HOP_SAMPLES + 1, HOP_SAMPLES):
            self._is_near_speech(first + start, missed[start : start + HOP_SAMPLES])
        self._nearness.soften()

    def _detection(self, engine: WakeEngine, pcm: bytes) -> WakeDetection | None:
        try:
            return engine.accept(pcm)
        except EngineError as error:
            self._begin_anew(engine, error)
            return None

    def _probability(self, hop: Samples) -> float:
        if self._vad is None:
            return 0.0
        try:
            return self._vad.accept(hop)
        except EngineError as error:
            self._begin_anew(self._vad, error)
            return 0.0

    def _begin_anew(self, engine: WakeEngine | VadEngine, error: EngineError) -> None:
        self._counters.add("nearfield_hearing_failures_total", engine=type(engine).__name__)
        self._log.error("hearing_failed", engine=type(engine).__name__, exc_info=error)
        engine.reset()


def _woken(at: int, detection: WakeDetection) -> WakeDetected:
    began_ago, spoke_ago = detection.began_ago_samples, detection.spoke_ago_samples
    return WakeDetected(
        at=at,
        phrase=detection.phrase,
        score=detection.score,
        began=None if began_ago is None else max(0, at - began_ago),
        ended=max(0, at - detection.ended_ago_samples),
        spoken_until=None if spoke_ago is None else max(0, at - spoke_ago),
    )
