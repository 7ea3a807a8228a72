"""Utterances being decoded: partials while the person speaks, the whole once it may be over.

As soon as speech is followed by a little silence, the utterance is decoded as if it had ended. If it has, its
transcript is there, or nearly, when the turn engine asks for it; if the person speaks on, it is dropped.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from nearfield_edge.hearing import Hearing
from nearfield_edge.inference import InferenceExecutor, Priority
from nearfield_edge.sound import SoundMemory
from nearfield_edge.turn import commands as do
from nearfield_edge.turn.content import Transcript
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, EngineError
from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoding:
    """An utterance being decoded, or decoded."""

    asked: tuple[object, ...]
    """Everything that the result depends on."""
    cancellation: Cancellation
    transcript: Future[Transcript]


class Recognition:
    """Decodes what the turn engine asks for, and nothing twice.

    Args:
        hearing: None where nobody is listened to.
        memory: The sound of the last seconds.
        executor: Where models compute.
    """

    def __init__(self, hearing: Hearing | None, memory: SoundMemory, executor: InferenceExecutor) -> None:
        self._hearing = hearing
        self._memory = memory
        self._executor = executor
        self._partials: dict[str, Hypothesis] = {}
        self._guessing = Cancellation()
        self._decoding: _Decoding | None = None

    async def whole(self, command: do.Recognise, cancellation: Cancellation) -> Transcript:
        """Decode an utterance that is over, or wait for what is being made of it.

        Raises:
            EngineError: There is no recogniser, or it failed.
            CancelledWorkError: Nobody wants it any more.
        """
        decoding = self._begin(command, Priority.LIVE, cancellation)
        return await asyncio.wrap_future(decoding.transcript)

    async def speculate(self, command: do.Speculate) -> None:
        """Decode an utterance that may be over.

        What goes wrong is told to whoever asks for the whole; if the person speaks on, nobody does.
        """
        decoding = self._begin(command, Priority.SPECULATIVE, Cancellation())
        with suppress(CancelledWorkError, EngineError):
            await asyncio.wrap_future(decoding.transcript)

    async def partial(self, command: do.RecognisePartial) -> Transcript:
        """Write down an utterance so far.

        Raises:
            EngineError: There is no recogniser, or it failed.
            CancelledWorkError: The utterance is over.
        """
        self._guessing = Cancellation()
        work = partial(
            self._recogniser().asr.transcribe,
            self._sound_of(command),
            earlier=self._partials.get(command.turn_id),
            cancellation=self._guessing,
        )
        hypothesis = await self._executor.run(Priority.SPECULATIVE, work, self._guessing)
        self._partials[command.turn_id] = hypothesis
        return Transcript(text=hypothesis.text, mean_log_probability=hypothesis.mean_log_probability)

    def drop(self) -> None:
        """Give up what is being decoded: it would only be waited for."""
        self._guessing.cancel()
        if self._decoding is not None:
            self._decoding.cancellation.cancel()
            self._decoding = None

    def forget(self, turn_id: str) -> None:
        """Let go of a closed turn."""
        self._partials.pop(turn_id, None)

    def _begin(
        self, command: do.Recognise | do.Speculate, priority: Priority, cancellation: Cancellation
    ) -> _Decoding:
        recogniser = self._recogniser()
        expected = recogniser.expected()
        asked = (command.turn_id, command.first_sample, command.end_sample, command.wake_phrase, expected)
        if self._decoding is not None and self._decoding.asked == asked:
            return self._decoding
        self.drop()
        work = partial(
            recogniser.hear,
            self._sound_of(command),
            expected,
            earlier=self._partials.get(command.turn_id),
            wake_phrase=command.wake_phrase,
            cancellation=cancellation,
        )
        transcript = self._executor.submit(priority, work, cancellation)
        self._decoding = _Decoding(asked=asked, cancellation=cancellation, transcript=transcript)
        return self._decoding

    def _recogniser(self) -> Hearing:
        if self._hearing is None:
            raise EngineError("this device was started without a recogniser")
        return self._hearing

    def _sound_of(self, command: do.Recognise | do.Speculate | do.RecognisePartial) -> Samples:
        return self._memory.recall(command.first_sample, command.end_sample)
