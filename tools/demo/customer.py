"""A customer who waits for the device to be ready, speaks a line, and listens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_edge.audio.riff import WavFile
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.turn.state import State
from nearfield_models.pcm import (
    HOP_BYTES,
    HOP_SAMPLES,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_MS,
    Samples,
    to_bytes,
    to_float,
)
from nearfield_models.resampling import resample
from nearfield_models.runtime.session import RuntimeOptions
from nearfield_models.store import ModelStore
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.piper import PiperVoice, VoiceScales

_PAUSE_MS: Final = 600
_LONGEST_WAIT_MS: Final = 30_000
_SILENCE: Final = bytes(HOP_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something the customer says."""

    text: str
    intent: str | None
    slots: dict[str, object]
    """What must be understood; further slots are allowed."""
    reply_has: str
    """What the answer must contain, in small letters."""
    follows_up: bool = False
    """Said without the wake word, when the device has asked something."""
    route: str = "skill"
    """Who must answer."""
    before: Callable[[], Awaitable[None]] | None = None
    """What happens before it is said."""


def customer_voice(pack: str) -> TtsEngine:
    """The voice pack once more, a little slower and without its random melody: the same words each time."""
    scales = VoiceScales(noise=0.0, length=1.1, noise_width=0.0)
    return PiperVoice(ModelStore.default().installed(pack), RuntimeOptions(), scales=scales)


def spoken(voice: TtsEngine, text: str) -> Samples:
    """``float32[n]`` at 16 kHz."""
    chunks = list(voice.synthesise(text))
    return resample(np.concatenate(chunks), voice.capabilities.sample_rate_hz, SAMPLE_RATE_HZ)


class Customer:
    """An audio source that behaves like a person in front of the device."""

    paced: Final = False
    lost_samples: Final = 0

    def __init__(
        self, lines: Sequence[tuple[Line, Samples]], device: Callable[[], State], track: WavFile
    ) -> None:
        """Take what to say.

        Args:
            lines: Each with its sound.
            device: What the device is doing at the moment.
            track: Gets what is said, on the left.
        """
        self._lines = lines
        self._device = device
        self._track = track
        self._at = 0
        self._spoken_into = ""

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield silence until the device is ready, then the next line; end when all is said and answered."""
        for line, sound in self._lines:
            waited_ms = 0
            while not self._is_ready(line) and waited_ms < _LONGEST_WAIT_MS:
                waited_ms += 10
                yield self._frame(_SILENCE)
            if line.before is not None:
                await line.before()
            pause = np.zeros(_PAUSE_MS * SAMPLES_PER_MS, dtype=np.float32)
            pcm = to_bytes(np.concatenate([pause, sound]))
            for start in range(0, len(pcm), HOP_BYTES):
                yield self._frame(pcm[start : start + HOP_BYTES].ljust(HOP_BYTES, b"\0"))
        yield self._frame(_SILENCE)

    async def close(self) -> None:
        """Nothing is held."""

    def _is_ready(self, line: Line) -> bool:
        turn = self._device().turn
        if not line.follows_up or turn is None:
            return turn is None and not line.follows_up
        ready = turn.opened_by == "follow_up" and turn.turn_id != self._spoken_into
        if ready:
            self._spoken_into = turn.turn_id
        return ready

    def _frame(self, pcm: bytes) -> AudioFrame:
        frame = AudioFrame(stream_id="customer", first_sample=self._at, pcm=pcm)
        self._track.write(0, self._at, to_float(pcm))
        self._at += HOP_SAMPLES
        return frame
