"""One call's voice: sentences in, sound out, on the call's track or in events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from nearfield_cloud.errors import CloudError
from nearfield_cloud.realtime.compute import FairExecutor
from nearfield_cloud.realtime.session import reports
from nearfield_cloud.realtime.session.commands import Speak
from nearfield_cloud.realtime.sound.formats import SoundWriter
from nearfield_cloud.realtime.sound.opus import OpusWriter
from nearfield_cloud.realtime.sound.track import VoiceTrack
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, ModelsError
from nearfield_models.pcm import Samples
from nearfield_models.tts.engine import TtsEngine
from nearfield_models.tts.phrase import Phrase
from nearfield_sync.messages.realtime.session import AudioFormat

_BETWEEN_SENTENCES_MS: Final = 120


class Outlet(Protocol):
    """Where the sound of one response goes; ``convert`` and ``rest`` compute, the others are for the loop."""

    def convert(self, samples: Samples) -> Any:
        """Turn ``float32[n]`` at the voice's rate into what `give` takes."""
        ...

    def rest(self) -> Any:
        """What is left at the end."""
        ...

    async def give(self, made: Any) -> None:
        """Pass sound on; waits while enough waits to be played."""
        ...

    def finish(self) -> None:
        """Nothing more comes."""
        ...


class EventOutlet:
    """Sound in events, as fast as it is made."""

    def __init__(
        self,
        response_id: str,
        format: AudioFormat,  # noqa: A002 - the protocol's word
        from_hz: int,
        report: Callable[[reports.Report], None],
    ) -> None:
        self._response_id = response_id
        self._writer = SoundWriter(format, from_hz)
        self._report = report

    def convert(self, samples: Samples) -> str:
        """Give base64."""
        return self._writer.accept(samples)

    def rest(self) -> str:
        """Give the last of it."""
        return self._writer.finish()

    async def give(self, made: str) -> None:
        """Tell the client."""
        if made:
            self._report(reports.SoundMade(response_id=self._response_id, audio=made))

    def finish(self) -> None:
        """Nothing is kept."""


class TrackOutlet:
    """Sound on the call's track, not too far ahead of what is heard."""

    def __init__(
        self, response_id: str, track: VoiceTrack, writer: OpusWriter, *, most_ahead_seconds: float
    ) -> None:
        self._response_id = response_id
        self._track = track
        self._writer = writer
        self._most_ahead_seconds = most_ahead_seconds

    def convert(self, samples: Samples) -> list[bytes]:
        """Give packets."""
        return self._writer.accept(samples)

    def rest(self) -> list[bytes]:
        """Give the last of them."""
        return self._writer.finish()

    async def give(self, made: list[bytes]) -> None:
        """Queue packets."""
        await self._track.room(self._most_ahead_seconds)
        self._track.push(self._response_id, made)

    def finish(self) -> None:
        """Let the track tell when all was played."""
        self._track.finish(self._response_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceParts:
    """What all calls' voices share."""

    tts: TtsEngine
    compute: FairExecutor


class Speaking:
    """Says the sentences of one response."""

    def __init__(
        self,
        parts: VoiceParts,
        outlet: Outlet,
        *,
        call_id: str,
        response_id: str,
        report: Callable[[reports.Report], None],
    ) -> None:
        self._parts = parts
        self._outlet = outlet
        self._call_id = call_id
        self._response_id = response_id
        self._report = report
        self._sentences: asyncio.Queue[Speak | None] = asyncio.Queue()
        self._cancellation = Cancellation()
        self._task = asyncio.create_task(self._run(), name=f"speaking {response_id}")

    def say(self, sentence: Speak) -> None:
        """Say this behind the others."""
        self._sentences.put_nowait(sentence)

    def finish(self) -> None:
        """No more sentences come."""
        self._sentences.put_nowait(None)

    def stop(self) -> None:
        """Say nothing more."""
        self._cancellation.cancel()
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while (sentence := await self._sentences.get()) is not None:
                await self._say(sentence)
            await self._outlet.give(await self._compute(self._outlet.rest))
            self._outlet.finish()
            self._report(reports.AllSpoken(response_id=self._response_id))
        except CancelledWorkError:
            return
        except (ModelsError, CloudError) as error:
            self._report(
                reports.NotSpoken(response_id=self._response_id, code=error.code, message=str(error))
            )

    async def _say(self, sentence: Speak) -> None:
        rate_hz = self._parts.tts.capabilities.sample_rate_hz
        phrase = Phrase(runs=(sentence.text,), rate=sentence.speed)
        chunks = self._parts.tts.synthesise(phrase, cancellation=self._cancellation)
        samples = 0
        if sentence.index:
            pause = np.zeros(rate_hz * _BETWEEN_SENTENCES_MS // 1000, np.float32)
            await self._outlet.give(await self._compute(lambda: self._outlet.convert(pause)))
            samples += pause.size
        while (made := await self._compute(lambda: self._next(chunks))) is not None:
            count, sound = made
            samples += count
            await self._outlet.give(sound)
        self._report(
            reports.SentenceSpoken(
                response_id=self._response_id, index=sentence.index, duration_ms=samples * 1000 // rate_hz
            )
        )

    def _next(self, chunks: Iterator[Samples]) -> tuple[int, Any] | None:
        chunk = next(chunks, None)
        return None if chunk is None else (chunk.size, self._outlet.convert(chunk))

    async def _compute(self, work: Callable[[], Any]) -> Any:
        return await self._parts.compute.run(self._call_id, work)
