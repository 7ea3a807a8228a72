"""Scripted wake word."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.errors import EngineError
from nearfield_models.pcm import HOP_BYTES, HOP_MS
from nearfield_models.wake.engine import WakeCapabilities, WakeDetection


class ScriptedWake:
    """Hears its phrase at the given hops, counted from 0 since the last reset; can fail at a hop."""

    def __init__(
        self,
        hops: Iterable[int] = (),
        *,
        phrase: str = "Alexa",
        refractory_ms: int = 1_000,
        fails_at: int | None = None,
    ) -> None:
        self._hears_at = frozenset(hops)
        self._capabilities = WakeCapabilities(phrases=(phrase,), refractory_ms=refractory_ms)
        self._fails_at = fails_at
        self._hop = 0
        self._deaf_until = 0
        self.resets = 0

    @property
    def capabilities(self) -> WakeCapabilities:
        return self._capabilities

    def accept(self, hop: bytes) -> WakeDetection | None:
        if len(hop) != HOP_BYTES or self._hop == self._fails_at:
            raise EngineError("the scripted wake word was told to fail, or was given another length")
        present, self._hop = self._hop, self._hop + 1
        if present not in self._hears_at or present < self._deaf_until:
            return None
        self._deaf_until = present + 1 + self._capabilities.refractory_ms // HOP_MS
        return WakeDetection(phrase=self._capabilities.phrases[0], score=1.0)

    def reset(self) -> None:
        self._hop = 0
        self._deaf_until = 0
        self.resets += 1
