"""Between the microphone and the ears: the front end, and what was played for the same moment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from nearfield_edge.audio.reference import ReferenceReader
from nearfield_edge.audio.source import AudioFrame
from nearfield_models.errors import EngineError
from nearfield_models.frontend.engine import FrontEnd
from nearfield_models.pcm import Samples, to_bytes, to_float
from nearfield_sync.telemetry import Counters, Log


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedFrame:
    """A frame for either purpose."""

    suppressed: AudioFrame
    """For wake words and voice detection."""
    recogniser: AudioFrame
    """For the memory that utterances are cut from."""


class MicrophoneCleaning:
    """Cleans one stream; a front end that fails begins anew, is counted, and lets that sound pass."""

    def __init__(self, front_end: FrontEnd, played: ReferenceReader, counters: Counters) -> None:
        """Take the front end, and what is played."""
        self._front_end = front_end
        self._played = played
        self._counters = counters
        self._log: Log = structlog.get_logger()

    def accept(self, frame: AudioFrame) -> CleanedFrame:
        """Take the next frame."""
        microphone = to_float(frame.pcm)
        try:
            heard = self._front_end.accept(microphone, self._played.read(frame.first_sample))
        except EngineError as error:
            self._counters.add("nearfield_hearing_failures_total", engine=type(self._front_end).__name__)
            self._log.error("cleaning_failed", engine=type(self._front_end).__name__, exc_info=error)
            self._front_end.reset()
            return CleanedFrame(suppressed=frame, recogniser=frame)
        return CleanedFrame(
            suppressed=_with(frame, microphone, heard.suppressed),
            recogniser=_with(frame, microphone, heard.recogniser),
        )


def _with(frame: AudioFrame, microphone: Samples, heard: Samples) -> AudioFrame:
    return frame if heard is microphone else replace(frame, pcm=to_bytes(heard))
