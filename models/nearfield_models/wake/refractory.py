"""The time after a detection in which nothing is reported, shared by the detectors."""

from __future__ import annotations

from typing import Final

from nearfield_models.pcm import HOP_MS
from nearfield_models.wake.engine import WakeDetection

REFRACTORY_MS: Final = 1_000


class Refractory:
    """Lets one detection through, then none for a while; asked once a hop."""

    def __init__(self, refractory_ms: int) -> None:
        self._hops = refractory_ms // HOP_MS
        self._silent_hops = 0

    @property
    def refractory_ms(self) -> int:
        """The while, in whole hops."""
        return self._hops * HOP_MS

    def admit(self, heard: WakeDetection | None) -> WakeDetection | None:
        """Give what was heard at this hop, unless the last detection is too recent."""
        if self._silent_hops:
            self._silent_hops -= 1
            return None
        if heard is not None:
            self._silent_hops = self._hops
        return heard

    def reset(self) -> None:
        """Forget the last detection."""
        self._silent_hops = 0
