"""From frames to events: wake word, voice activity and the memory of sound.

Runs on the event loop: one hop costs well under a millisecond. What needs longer belongs to the inference
executor.
"""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn.events import HopHeard, InputEvent, WakeDetected
from nearfield_models.pcm import HOP_SAMPLES, to_float
from nearfield_models.segmentation import SpeechSegmenter
from nearfield_models.vad.engine import VadEngine
from nearfield_models.wake.engine import WakeEngine


class Ears:
    """Hears frames in order. The same sound always gives the same events."""

    def __init__(
        self,
        *,
        wake: Sequence[WakeEngine],
        vad: VadEngine | None,
        segmenter: SpeechSegmenter,
        memory: SoundMemory,
    ) -> None:
        """Take the parts; without a voice detector only time is heard."""
        self._wake = wake
        self._vad = vad
        self._segmenter = segmenter
        self.memory = memory

    def hear(self, frame: AudioFrame) -> list[InputEvent]:
        """Take 10 ms; give what the turn engine should know of it."""
        self.memory.remember(frame)
        at = frame.first_sample + HOP_SAMPLES
        events: list[InputEvent] = []
        for engine in self._wake:
            detection = engine.accept(frame.pcm)
            if detection is not None:
                events.append(WakeDetected(at=at, phrase=detection.phrase, score=detection.score))
        if self._vad is None:
            return [HopHeard(at=at, speech=False)]
        heard = self._segmenter.accept(frame.first_sample, self._vad.accept(to_float(frame.pcm)))
        events.append(HopHeard(at=at, speech=heard.speaking and heard.last_heard == at))
        return events
