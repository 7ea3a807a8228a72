"""Replies being said: synthesised piece by piece, the first piece ahead where that can be had.

A reply that may be needed soon is begun while the person may still speak on. If it is said, it starts at
once; if not, its computing is cancelled with the rest of the guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from contextlib import aclosing, suppress
from dataclasses import dataclass

from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.tts.engine import TtsEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A reply whose first piece is computed, or soon will be."""

    text: str
    cancellation: Cancellation
    pieces: Iterator[Samples]
    first: Future[Samples | None]


class Speaking:
    """Says one reply at a time.

    Args:
        tts: None where replies are only read.
        sink: Where they are heard.
        executor: Where models compute.
        time: The time that the sink plays by.
    """

    def __init__(
        self, tts: TtsEngine | None, sink: AudioSink, executor: InferenceExecutor, time: PlaybackClock
    ) -> None:
        self._tts = tts
        self._sink = sink
        self._executor = executor
        self._time = time
        self._begun: _Begun | None = None
        self._silent: dict[str, asyncio.Future[int]] = {}

    async def prepare(self, text: str, cancellation: Cancellation) -> None:
        """Compute the first piece of a reply; what goes wrong is told to whoever says it.

        Not where the input's time stands still meanwhile: what is computed ahead would count for nothing.
        """
        if self._tts is None or isinstance(self._time, InputClock):
            return
        self._begun = self._begin(self._tts, text, Priority.SPECULATIVE, cancellation)
        with suppress(CancelledWorkError, EngineError):
            await asyncio.wrap_future(self._begun.first)

    async def say(
        self, turn_id: str, text: str, cancellation: Cancellation, *, on_first_sound: Callable[[], None]
    ) -> int:
        """Say a reply to its end, or until it is stopped; gives the milliseconds that were heard.

        Raises:
            EngineError: The voice failed.
            SinkError: It cannot be heard.
            CancelledWorkError: It is not wanted any more.
        """
        if self._tts is None:
            return 0
        silent = asyncio.get_running_loop().create_future()
        self._silent[turn_id] = silent
        heard_ms = 0
        try:
            async with aclosing(self._pieces(self._tts, text, cancellation)) as pieces:
                rate_hz = self._tts.capabilities.sample_rate_hz
                played = await self._sink.play(pieces, rate_hz, on_first_sound=on_first_sound)
            heard_ms = played.samples * 1000 // SAMPLE_RATE_HZ
        finally:
            silent.set_result(heard_ms)
        return heard_ms

    async def heard(self, turn_id: str) -> int | None:
        """Milliseconds of the turn's latest reply that were heard, once silent; None without a reply."""
        silent = self._silent.get(turn_id)
        return None if silent is None else await silent

    def stop(self) -> None:
        """Be silent now."""
        self._sink.stop()

    def forget(self, turn_id: str) -> None:
        """Let go of a closed turn."""
        self._silent.pop(turn_id, None)
        self._begun = None

    def _begin(self, tts: TtsEngine, text: str, priority: Priority, cancellation: Cancellation) -> _Begun:
        pieces = tts.synthesise(text, cancellation=cancellation)
        first = self._executor.submit(priority, lambda: next(pieces, None), cancellation)
        return _Begun(text=text, cancellation=cancellation, pieces=pieces, first=first)

    async def _pieces(self, tts: TtsEngine, text: str, cancellation: Cancellation) -> AsyncGenerator[Samples]:
        begun, self._begun = self._begun, None
        if begun is None or begun.text != text or begun.cancellation is not cancellation:
            begun = self._begin(tts, text, Priority.LIVE, cancellation)
        coming, pieces = begun.first, begun.pieces
        while True:
            with self._time.held():
                piece = await asyncio.wrap_future(coming)
            if piece is None:
                return
            yield piece
            coming = self._executor.submit(Priority.LIVE, lambda: next(pieces, None), cancellation)
