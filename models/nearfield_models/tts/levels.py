"""One loudness for every voice: a gain that is fixed for the voice, and a knee for its loudest moments.

A voice's own sentences differ little (1 dB about its median), so one gain does, and nothing needs to be
known of a sentence before it begins. The gain comes from the pack's manifest; a voice whose loudness nobody
measured keeps its own level. Samples are shaped one by one, so chunks join as they did before.

Source: EBU R 128 (the target); ITU-R BS.1770 (how a voice's loudness is measured, ``tools.bench speech``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from nearfield_models.cancellation import Cancellation
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsCapabilities, TtsEngine
from nearfield_models.tts.phrase import Phrase

TARGET_LUFS: Final = -23.0
CEILING: Final = 0.891
"""What no sample exceeds: 1 dB below full scale, which leaves room for what lies between samples."""
_KNEE: Final = 0.7
"""Up to here a sample is as loud as the gain makes it."""


class LevelledVoice:
    """A voice at the common loudness."""

    def __init__(self, voice: TtsEngine, loudness_lufs: float | None) -> None:
        """Take a voice.

        Args:
            voice: Used by nobody else.
            loudness_lufs: The median integrated loudness of what it says; None where nobody measured it.
        """
        self._voice = voice
        self.gain = 1.0 if loudness_lufs is None else 10 ** ((TARGET_LUFS - loudness_lufs) / 20)
        """What its samples are multiplied by."""

    @property
    def capabilities(self) -> TtsCapabilities:
        """What the voice is; its fingerprint knows the gain."""
        own = self._voice.capabilities
        mark = f"{own.fingerprint} gain {self.gain:.4f} knee {_KNEE} {CEILING}" if own.fingerprint else ""
        return replace(own, fingerprint=mark)

    def synthesise(
        self, text: str | Phrase, *, cancellation: Cancellation | None = None
    ) -> Iterator[Samples]:
        """Yield ``float32[n]`` chunks within ``CEILING``; see `TtsEngine`.

        Raises:
            EngineError: The model failed.
            CancelledWorkError: ``cancellation`` was set.
        """
        for chunk in self._voice.synthesise(text, cancellation=cancellation):
            yield levelled(chunk, self.gain)

    def warm_up(self) -> None:
        """Warm the voice up."""
        self._voice.warm_up()


def levelled(sound: Samples, gain: float) -> Samples:
    """Give ``float32[n]`` times ``gain``, bent smoothly towards ``CEILING`` where it goes beyond the knee."""
    made: Samples = sound * np.float32(gain)
    loud = np.abs(made) > _KNEE
    if loud.any():
        room = CEILING - _KNEE
        beyond = np.tanh((np.abs(made[loud]) - _KNEE) / room) * room
        made[loud] = np.copysign(_KNEE + beyond, made[loud])
    return made
