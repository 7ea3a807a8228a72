"""Utterances being decoded: partials while the person speaks, the whole once it may be over.

As soon as speech is followed by a little silence, the utterance is decoded as if it had ended. If it has, its
transcript is there, or nearly, when the turn engine asks for it; if the person speaks on, it is dropped.

A recording that is read as fast as possible waits for the computing before its time goes on, so there the
transcript is always there when it is asked for. What the computing took beyond the time that passed in the
recording is told with it, so that nobody takes a slow device for a fast one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.hearing import Heard, HeardSoFar, Hearing
from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn import commands as do
from nearfield_edge.turn.content import Transcript
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import SAMPLES_PER_MS, Samples
from nearfield_sync.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """An utterance that was decoded."""

    transcript: Transcript
    unpassed_ms: float
    """By how much the computing took longer than the input's time from its begin until the transcript was
    asked for; zero where that time cannot be held, and where somebody waited for the computing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoding:
    """An utterance being decoded, or decoded."""

    asked: tuple[object, ...]
    """Everything that the result depends on."""
    cancellation: Cancellation
    begun_at: int
    """Sample of the input's time."""
    result: Future[tuple[Heard, float]]
    """With the milliseconds that it took to compute."""


class Recognition:
    """Decodes what the turn engine asks for, and nothing twice.

    Args:
        hearing: None where nobody is listened to.
        memory: The sound of the last seconds.
        executor: Where models compute.
        time: The input's time.
        clock: Measures computing.
    """

    def __init__(
        self,
        hearing: Hearing | None,
        memory: SoundMemory,
        executor: InferenceExecutor,
        *,
        time: PlaybackClock,
        clock: Clock,
    ) -> None:
        self._hearing = hearing
        self._memory = memory
        self._executor = executor
        self._time = time
        self._clock = clock
        self._so_far: tuple[tuple[str, int], HeardSoFar] | None = None
        """Of the latest utterance; it is known by its turn and by where it began."""
        self._guessing = Cancellation()
        self._decoding: _Decoding | None = None

    async def whole(self, command: do.Recognise, cancellation: Cancellation) -> Decoded:
        """Decode an utterance that is over, or wait for what is being made of it.

        Raises:
            EngineError: There is no recogniser, or it failed.
            CancelledWorkError: Nobody wants it any more.
        """
        decoding = self._begin(command, Priority.LIVE, cancellation)
        was_done = decoding.result.done()
        passed_ms = (self._time.now() - decoding.begun_at) / SAMPLES_PER_MS
        heard, computing_ms = await asyncio.wrap_future(decoding.result)
        unpassed_ms = max(0.0, computing_ms - passed_ms) if was_done else 0.0
        return Decoded(transcript=heard.transcript, unpassed_ms=unpassed_ms)

    async def speculate(self, command: do.Speculate) -> Transcript | None:
        """Decode an utterance that may be over.

        What goes wrong is told to whoever asks for the whole; if the person speaks on, nobody does. Here it
        gives None.
        """
        decoding = self._begin(command, Priority.SPECULATIVE, Cancellation())
        with suppress(CancelledWorkError, EngineError):
            heard, _ = await asyncio.wrap_future(decoding.result)
            self._learn(command, heard)
            return heard.transcript
        return None

    async def partial(self, command: do.RecognisePartial) -> Transcript:
        """Write down an utterance so far.

        Raises:
            EngineError: There is no recogniser, or it failed.
            CancelledWorkError: The utterance is over.
        """
        recogniser, self._guessing = self._recogniser(), Cancellation()
        work = partial(
            recogniser.hear,
            self._sound_of(command),
            recogniser.expected(),
            so_far=self._known_of(command),
            is_whole=False,
            wake_phrase=None,
            cancellation=self._guessing,
        )
        heard = await self._executor.run(Priority.SPECULATIVE, work, self._guessing)
        self._learn(command, heard)
        return heard.transcript

    def drop(self) -> None:
        """Give up what is being decoded: it would only be waited for. What is decoded stays."""
        self._guessing.cancel()
        if self._decoding is not None and not self._decoding.result.done():
            self._decoding.cancellation.cancel()
            self._decoding = None

    def forget(self, turn_id: str) -> None:
        """Let go of a closed turn."""
        if self._so_far is not None and self._so_far[0][0] == turn_id:
            self._so_far = None

    def _learn(self, command: do.Speculate | do.RecognisePartial, heard: Heard) -> None:
        self._so_far = ((command.turn_id, command.first_sample), heard.so_far)

    def _known_of(self, command: do.Recognise | do.Speculate | do.RecognisePartial) -> HeardSoFar | None:
        """What earlier decodings are worth to one of more of the same utterance."""
        asked = (command.turn_id, command.first_sample)
        return self._so_far[1] if self._so_far is not None and self._so_far[0] == asked else None

    def _begin(
        self, command: do.Recognise | do.Speculate, priority: Priority, cancellation: Cancellation
    ) -> _Decoding:
        recogniser = self._recogniser()
        expected = recogniser.expected()
        asked = (command.first_sample, command.end_sample, command.wake_phrase, expected)
        if self._decoding is not None and self._decoding.asked == asked:
            return self._decoding
        self.drop()
        work = partial(
            recogniser.hear,
            self._sound_of(command),
            expected,
            so_far=self._known_of(command),
            is_whole=True,
            wake_phrase=command.wake_phrase,
            cancellation=cancellation,
        )
        self._decoding = _Decoding(
            asked=asked,
            cancellation=cancellation,
            begun_at=self._time.now(),
            result=self._executor.submit(priority, partial(self._timed, work), cancellation),
        )
        return self._decoding

    def _timed(self, work: Callable[[], Heard]) -> tuple[Heard, float]:
        began_ms = self._clock.monotonic_ms()
        return work(), self._clock.monotonic_ms() - began_ms

    def _recogniser(self) -> Hearing:
        if self._hearing is None:
            raise EngineError("this device was started without a recogniser")
        return self._hearing

    def _sound_of(self, command: do.Recognise | do.Speculate | do.RecognisePartial) -> Samples:
        return self._memory.recall(command.first_sample, command.end_sample)
