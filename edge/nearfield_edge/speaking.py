"""Replies being said: synthesised piece by piece, the first piece ahead where that can be had.

A reply that may be needed soon is begun while the person may still speak on. If it is said, it starts at
once; if not, its computing is cancelled with the rest of the guess. A reply may be held, and go on later from
the very sample at which it fell silent: to the sink these are two sounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from nearfield_edge.audio.clock import InputClock, PlaybackClock
from nearfield_edge.audio.fading import risen
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_edge.reply_sound import ReplySound
from nearfield_edge.reply_text import ReplyText
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.tts.engine import TtsEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How much of a reply was heard."""

    ms: int
    text: str
    """To about a word."""


class _Saying:
    """A reply under way, and whether it shall go on after it fell silent."""

    def __init__(
        self, reply: ReplySound, on_first_sound: Callable[[], None], on_time_passing: Callable[[], None]
    ) -> None:
        self.reply = reply
        self._on_first_sound = on_first_sound
        self._on_time_passing = on_time_passing
        self._sounded = False
        self._going_on: asyncio.Future[bool] | None = None
        """Set from the first hold until it took effect."""

    def began(self) -> None:
        """Its first sample leaves, or the first after a hold."""
        if not self._sounded:
            self._sounded = True
            self._on_first_sound()
        self._on_time_passing()

    def hold(self) -> None:
        """It shall wait."""
        if self._going_on is None or self._going_on.done():
            self._going_on = asyncio.get_running_loop().create_future()

    def decide(self, *, goes_on: bool) -> None:
        """It shall go on, or not."""
        if self._going_on is None:
            return
        if self._going_on.done():
            self._going_on = asyncio.get_running_loop().create_future()
        self._going_on.set_result(goes_on)

    async def goes_on(self) -> bool:
        """Whether it goes on, now that it is silent; nobody knows until it is decided."""
        if self._going_on is None:
            return False
        self._on_time_passing()
        while not (decided := self._going_on).done():
            await asyncio.wait([decided])
        self._going_on = None
        return decided.result()


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
        self._begun: ReplySound | None = None
        self._silent: dict[str, asyncio.Future[Heard]] = {}
        self._saying: _Saying | None = None

    async def prepare(self, text: str, cancellation: Cancellation) -> None:
        """Compute the first piece of a reply; what goes wrong is told to whoever says it.

        Not where the input's time stands still meanwhile: what is computed ahead would count for nothing.
        """
        if self._tts is None or isinstance(self._time, InputClock):
            return
        words = ReplyText(text, whole=False)  # whoever says it knows whether there is more
        self._begun = ReplySound(self._tts, words, self._executor, Priority.SPECULATIVE, cancellation)
        with suppress(CancelledWorkError, EngineError):
            await self._begun.prepared()

    async def say(
        self,
        turn_id: str,
        words: ReplyText,
        cancellation: Cancellation,
        *,
        on_first_sound: Callable[[], None],
        on_time_passing: Callable[[], None] = lambda: None,
    ) -> Heard:
        """Say a reply to its end, or until it is stopped; gives how much was heard.

        Args:
            turn_id: Whose reply it is.
            words: What to say; it may grow meanwhile.
            cancellation: Stops the computing.
            on_first_sound: Called once, when the first sample leaves.
            on_time_passing: Called when this begins to wait for time to pass.

        Raises:
            EngineError: The voice failed.
            SinkError: It cannot be heard.
            CancelledWorkError: It is not wanted any more.
        """
        if self._tts is None:
            await words.until_whole()
            return Heard(ms=0, text="")
        silent = asyncio.get_running_loop().create_future()
        self._silent[turn_id] = silent
        reply = self._prepared(words, cancellation)
        if reply is None:
            reply = ReplySound(self._tts, words, self._executor, Priority.LIVE, cancellation)
        heard = Heard(ms=0, text="")
        self._saying = _Saying(reply, on_first_sound, on_time_passing)
        try:
            heard = await self._said(self._saying)
        finally:
            self._saying = None
            silent.set_result(heard)
        return heard

    async def heard(self, turn_id: str) -> Heard | None:
        """How much of the turn's latest reply was heard, once silent; None without a reply."""
        silent = self._silent.get(turn_id)
        return None if silent is None else await silent

    def hold(self) -> None:
        """Be silent now; the reply goes on when told to, or is stopped."""
        if self._saying is not None:
            self._saying.hold()
            self._sink.stop()

    def resume(self) -> None:
        """Go on with a reply that is held."""
        if self._saying is not None:
            self._saying.decide(goes_on=True)

    def stop(self) -> None:
        """Be silent now, and for good."""
        if self._saying is not None:
            self._saying.decide(goes_on=False)
        self._sink.stop()

    def forget(self, turn_id: str) -> None:
        """Let go of a closed turn."""
        self._silent.pop(turn_id, None)
        self._begun = None

    def _prepared(self, words: ReplyText, cancellation: Cancellation) -> ReplySound | None:
        """What was begun of this reply, if it was; no longer begun for anything else."""
        begun, self._begun = self._begun, None
        if begun is None or begun.cancellation is not cancellation or begun.words.text != words.first:
            return None
        begun.words = words
        return begun

    async def _said(self, saying: _Saying) -> Heard:
        heard, reply = 0, saying.reply
        while True:
            at = heard * reply.rate_hz // SAMPLE_RATE_HZ
            async with aclosing(self._sounds(reply, at)) as sounds:
                played = await self._sink.play(sounds, reply.rate_hz, on_first_sound=saying.began)
            heard += played.samples
            if not played.stopped or not await saying.goes_on():
                break
        ms = heard * 1000 // SAMPLE_RATE_HZ
        return Heard(ms=ms, text=reply.text_until(ms))

    async def _sounds(self, reply: ReplySound, at: int) -> AsyncGenerator[Samples]:
        """What is left of a reply from a sample on, piece by piece."""
        index, begin = 0, 0
        while True:
            with self._time.held():
                piece = await reply.piece(index)
            if piece is None:
                return
            if begin + piece.size > at:
                yield piece if begin >= at else risen(piece[at - begin :], reply.rate_hz)
            index, begin = index + 1, begin + piece.size
