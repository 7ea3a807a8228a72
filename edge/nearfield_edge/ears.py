"""From frames to events: wake word, voice activity and the memory of sound.

Runs on the event loop: one hop costs well under a millisecond. What needs longer belongs to the inference
executor.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.events import HopHeard, InputEvent, WakeDetected
from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_SAMPLES, to_float
from nearfield_models.segmentation import SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeDetection, WakeEngine
from nearfield_sync.telemetry import Counters, Log


class Ears:
    """Hears frames in order. The same sound always gives the same events.

    A detector that fails begins anew and is counted; the others and time go on.
    """

    def __init__(
        self,
        *,
        wake: Sequence[WakeEngine],
        vad: VadEngine | None,
        segmenter: SpeechSegmenter,
        memory: SoundMemory,
        counters: Counters,
    ) -> None:
        """Take the parts; without a voice detector only time is heard."""
        self._wake = wake
        self._vad = vad
        self._segmenter = segmenter
        self._counters = counters
        self._log: Log = structlog.get_logger()
        self.memory = memory

    def hear(self, frame: AudioFrame) -> list[InputEvent]:
        """Take 10 ms; give what the turn engine should know of it."""
        self.memory.remember(frame)
        at = frame.first_sample + HOP_SAMPLES
        events: list[InputEvent] = []
        for engine in self._wake:
            detection = self._detection(engine, frame.pcm)
            if detection is not None:
                events.append(WakeDetected(at=at, phrase=detection.phrase, score=detection.score))
        heard = self._segmenter.accept(frame.first_sample, self._probability(frame.pcm))
        events.append(HopHeard(at=at, speech=heard.speaking and heard.last_heard == at))
        return events

    def _detection(self, engine: WakeEngine, pcm: bytes) -> WakeDetection | None:
        try:
            return engine.accept(pcm)
        except EngineError as error:
            self._begin_anew(engine, error)
            return None

    def _probability(self, pcm: bytes) -> float:
        if self._vad is None:
            return 0.0
        try:
            return self._vad.accept(to_float(pcm))
        except EngineError as error:
            self._begin_anew(self._vad, error)
            return 0.0

    def _begin_anew(self, engine: WakeEngine | VadEngine, error: EngineError) -> None:
        self._counters.add("nearfield_hearing_failures_total", engine=type(engine).__name__)
        self._log.error("hearing_failed", engine=type(engine).__name__, exc_info=error)
        engine.reset()
