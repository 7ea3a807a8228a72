"""Whether what the linear canceller leaves is more than the rest of an echo: somebody speaks.

While the loudspeaker plays, most of what is left is echo that no linear filter of finite length explains,
some 15 to 30 dB below the echo itself. Near speech is louder than that. Where several of the last hops are,
the gate opens, and it stays open over the pauses between words; else it turns the signal down.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from nearfield_models.pcm import HOP_SAMPLES, Samples

_QUIETEST_POWER: Final = 1e-6
"""-60 dBFS: an echo below it disturbs nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """When the gate opens."""

    rest_db: float = -11.0
    """What is left, over the echo, above which a hop speaks for somebody near."""
    decay: float = 0.8
    """Of the echo's power from hop to hop when it ends: a room dies away slower than the filter is long."""
    hops: int = 3
    """Of the last ``of_hops`` that must speak for it."""
    of_hops: int = 6
    hold_hops: int = 25
    """For which the gate stays open after the last of them."""
    closed_gain: float = 0.01


class ResidualGate:
    """Follows one microphone."""

    def __init__(self, settings: GateSettings | None = None) -> None:
        """Prepare."""
        self._settings = settings or GateSettings()
        self._least = 10 ** (self._settings.rest_db / 10)
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._echo_power = 0.0
        self._evidence: deque[bool] = deque(maxlen=self._settings.of_hops)
        self._open_for = 0
        self._gain = 1.0

    def accept(self, sound: Samples, *, echo: Samples, cleaned: Samples, may_open: bool) -> Samples:
        """Give ``sound``, or much less of it; each ``float32[160]``.

        Args:
            sound: What passes.
            echo: What the canceller took away.
            cleaned: What it left.
            may_open: Whether what was taken away says anything about the echo.
        """
        settings = self._settings
        self._echo_power = max(_power(echo), self._echo_power * settings.decay)
        is_silent = self._echo_power < _QUIETEST_POWER
        self._evidence.append(is_silent or _power(cleaned) > self._least * self._echo_power)
        self._open_for = max(0, self._open_for - 1)
        if not may_open:
            self._evidence.clear()
            self._open_for = 0
        elif sum(self._evidence) >= settings.hops:
            self._open_for = settings.hold_hops
        closed = settings.closed_gain if may_open else 0.0
        before, self._gain = self._gain, 1.0 if self._open_for else closed
        return sound * np.linspace(before, self._gain, HOP_SAMPLES, dtype=np.float32)


def _power(samples: Samples) -> float:
    return float(np.dot(samples, samples)) / samples.size
