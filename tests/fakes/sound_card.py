"""A sound card whose devices come, go and speak as a test says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nearfield_edge.audio.sound_card import Block
from nearfield_edge.errors import SinkError, SourceError


class ScriptedStream:
    """One direction of a device; the test turns its crank."""

    def __init__(self, *, rate_hz: int, channels: int) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self.faults = 0
        self.alive = False
        self.closed = False
        self.finished = False
        self._each_block: Callable[[Block], None] | None = None

    def start(self, each_block: Callable[[Block], None]) -> None:
        self._each_block = each_block
        self.alive = True

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None:
        self.alive = False
        self.closed = True

    def deliver(self, level: int, rows: int) -> None:
        """Let the microphone hear."""
        if self.alive and self._each_block is not None:
            self._each_block(np.full((rows, self.channels), level, np.int16))

    def ask(self, rows: int) -> Block:
        """Let the speaker ask for sound."""
        block = np.full((rows, self.channels), 9.0, np.float32)
        if self.alive and self._each_block is not None:
            self._each_block(block)
        return block


class ScriptedCard:
    """Has a microphone and a speaker as long as ``plugged_in``."""

    def __init__(self, *, rate_hz: int = 16_000, channels: int = 1, plugged_in: bool = True) -> None:
        self.plugged_in = plugged_in
        self.streams: list[ScriptedStream] = []
        self.looks = 0
        self._rate_hz = rate_hz
        self._channels = channels

    @property
    def stream(self) -> ScriptedStream:
        """The one opened last."""
        return self.streams[-1]

    def unplug(self) -> None:
        """Pull the device out."""
        self.plugged_in = False
        for stream in self.streams:
            stream.alive = False

    def open_input(self, device: str | None) -> ScriptedStream:
        if not self.plugged_in:
            raise SourceError("the default microphone cannot be opened: there is none")
        return self._opened()

    def open_output(self, device: str | None) -> ScriptedStream:
        if not self.plugged_in:
            raise SinkError("the default speaker cannot be opened: there is none")
        return self._opened()

    def look_again(self) -> None:
        self.looks += 1

    def _opened(self) -> ScriptedStream:
        self.streams.append(ScriptedStream(rate_hz=self._rate_hz, channels=self._channels))
        return self.streams[-1]
