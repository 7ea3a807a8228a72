"""The track on which answers are heard: finished Opus packets, one every 20 ms, none while nobody speaks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.packet import Packet

from nearfield_cloud.realtime.session.reports import PlaybackBegan, PlaybackEnded
from nearfield_cloud.realtime.sound.opus import PACKET_MS

_CLOCK_HZ: Final = 48_000
_PACKET_TICKS: Final = _CLOCK_HZ * PACKET_MS // 1000
_PACKET_SECONDS: Final = PACKET_MS / 1000
_TIME_BASE: Final = Fraction(1, _CLOCK_HZ)


class VoiceTrack(MediaStreamTrack):
    """Plays answers in their order, in real time."""

    kind = "audio"

    def __init__(self, report: Callable[[PlaybackBegan | PlaybackEnded], None]) -> None:
        """Begin in silence.

        Args:
            report: Told when sound of an answer begins and ends to go out.
        """
        super().__init__()
        self._report = report
        self._packets: deque[tuple[str, bytes | None]] = deque()
        """Each with its response; None behind the last of a response."""
        self._changed = asyncio.Event()
        self._played: dict[str, int] = {}
        """Packets of the responses that began to play."""
        self._due: float | None = None
        self._ticks = 0

    def push(self, response_id: str, packets: list[bytes]) -> None:
        """Play these behind what waits."""
        self._packets.extend((response_id, packet) for packet in packets)
        self._changed.set()

    def finish(self, response_id: str) -> None:
        """Nothing more comes for this response."""
        self._packets.append((response_id, None))
        self._changed.set()

    def clear(self, response_id: str) -> None:
        """Drop what was not played of a response, and report how much was."""
        self._packets = deque(entry for entry in self._packets if entry[0] != response_id)
        played_ms = self._played.pop(response_id, 0) * PACKET_MS
        self._report(PlaybackEnded(response_id=response_id, cut=True, played_ms=played_ms))
        self._changed.set()

    async def room(self, most_seconds: float) -> None:
        """Wait until less than ``most_seconds`` wait to be played."""
        while len(self._packets) * _PACKET_SECONDS >= most_seconds and self.readyState == "live":
            self._changed.clear()
            await self._changed.wait()

    async def recv(self) -> Packet[Any]:
        """Give the next packet when it is due; waits while there is none.

        Raises:
            MediaStreamError: The track has ended.
        """
        loop = asyncio.get_running_loop()
        while True:
            response_id, sound = await self._next()
            if sound is None:
                played = self._played.pop(response_id, 0)
                self._report(PlaybackEnded(response_id=response_id, cut=False, played_ms=played * PACKET_MS))
                continue
            await self._paced(loop)
            if response_id not in self._played:
                self._played[response_id] = 0
                self._report(PlaybackBegan(response_id=response_id))
            self._played[response_id] += 1
            self._changed.set()
            packet = Packet(sound)
            packet.pts = self._ticks
            packet.time_base = _TIME_BASE
            return packet

    async def _next(self) -> tuple[str, bytes | None]:
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._changed.clear()
            await self._changed.wait()
        return self._packets.popleft()

    async def _paced(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until the next packet is due; after a pause the clock of the sound moves on by it."""
        now = loop.time()
        if self._due is None:
            self._due = now
        elif now - self._due > _PACKET_SECONDS * 4:
            skipped = int((now - self._due) / _PACKET_SECONDS)
            self._ticks += skipped * _PACKET_TICKS
            self._due += skipped * _PACKET_SECONDS
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._due += _PACKET_SECONDS
        self._ticks += _PACKET_TICKS

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._changed.set()
