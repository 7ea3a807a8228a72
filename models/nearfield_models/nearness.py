"""Whether a voice is the one that speaks to the device, or one in the background, such as a television.

Told by loudness alone. People who speak to the device are near it, and every second or so of what they say
comes close to the loudest that they said; a voice of which nothing did for that long is another one. So a
voice in the background keeps no turn open, and interrupts no reply; one as loud as the person does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.pcm import HOP_SAMPLES, Samples

_HOP_MS: Final = 10
_SILENCE_DB: Final = -100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NearnessSettings:
    """What tells near from far.

    Chosen in a one-off trial over every second real order as it was recorded (159): from 10 dB on none had
    speech that was far, with 8 dB the end of six was.
    """

    below_db: float = 12.0
    """Close to the loudest is no more below it."""
    over_ms: int = 200
    """Loudness is the mean over so much."""
    far_after_ms: int = 1_000
    """Speech that did not come close to the loudest for so long is far."""
    forget_ms: int = 1_500
    """After so much silence a voice counts as far until it comes close to the loudest."""
    reset_ms: int = 10_000
    """After so long without a near voice any voice counts as near."""
    wake_margin_db: float = 6.0
    """By how much softer than a wake word people may go on."""


class Nearness:
    """Follows one stream, hop by hop."""

    def __init__(self, settings: NearnessSettings | None = None) -> None:
        self._settings = settings or NearnessSettings()
        self._energies = np.zeros(self._settings.over_ms // _HOP_MS)
        self.reset()

    def reset(self) -> None:
        """Forget everything: whoever speaks next is near."""
        self._energies[:] = 0.0
        self._hops = 0
        self._loudest_db = _SILENCE_DB
        self._far_hops = self._silent_hops = self._idle_hops = 0

    def soften(self) -> None:
        """What was heard so far was a wake word, which people say louder than what follows."""
        self._loudest_db -= self._settings.wake_margin_db
        self._energies[:] = 0.0
        self._hops = 0

    def accept(self, hop: Samples, *, speech: bool) -> bool:
        """Take ``float32[160]`` and whether it holds speech; give whether it holds near speech."""
        settings = self._settings
        self._energies[self._hops % self._energies.size] = float(np.dot(hop, hop)) / HOP_SAMPLES
        self._hops += 1
        if not speech:
            self._silent_hops += 1
            self._idle_hops += 1
            if self._idle_hops * _HOP_MS >= settings.reset_ms:
                self.reset()
            return False
        if self._silent_hops * _HOP_MS >= settings.forget_ms:
            self._far_hops = settings.far_after_ms // _HOP_MS
        self._silent_hops = 0
        level_db = self._level_db()
        self._far_hops = 0 if level_db >= self._loudest_db - settings.below_db else self._far_hops + 1
        self._loudest_db = max(self._loudest_db, level_db)
        near = self._far_hops * _HOP_MS < settings.far_after_ms
        self._idle_hops = 0 if near else self._idle_hops + 1
        if self._idle_hops * _HOP_MS >= settings.reset_ms:
            self.reset()
        return near

    def _level_db(self) -> float:
        energy = float(self._energies.sum()) / min(self._hops, self._energies.size)
        return 10 * float(np.log10(energy)) if energy > 1e-10 else _SILENCE_DB
