"""One call's hearing: sound from a track or from events to the ear, its turns to the recogniser."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from av import AudioFrame

from nearfield_cloud.configuration.realtime import Engines
from nearfield_cloud.errors import CloudError
from nearfield_cloud.realtime.compute import FairExecutor
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_cloud.realtime.session import reports
from nearfield_cloud.realtime.sound.ear import Ear, Found, PauseFound, SpeechFound, TurnFound
from nearfield_cloud.realtime.sound.formats import SoundReader, TrackReader, from_base64
from nearfield_models.asr.engine import Hypothesis
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import CancelledWorkError, ModelsError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_sync.messages.realtime.session import RealtimeSession
from nearfield_sync.telemetry import Counters

_MOST_PIECES: Final = 500
"""Ten seconds of a track: what is not heard by then is lost."""
_GAP_MS: Final = 300.0
"""Without a packet for so long, a client that sends nothing in silence is silent. Browsers send one every
400 ms then; packets that are merely late come sooner."""
_LONGEST_GAP_MS: Final = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingParts:
    """What all calls' hearing shares."""

    engines: CallEngines
    hearing: FairExecutor
    """Detects speech; little work, often."""
    speech: FairExecutor
    """Recognises and speaks; much work, seldom."""
    settings: Engines
    counters: Counters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A piece of sound as it came."""

    sound: AudioFrame | str | float
    """A track's frame, base64 of an event, or seconds of silence."""
    event_id: str | None = None


class Hearing:
    """Hears for one call."""

    def __init__(
        self, parts: HearingParts, *, call_id: str, report: Callable[[reports.Report], None]
    ) -> None:
        self._parts = parts
        self._call_id = call_id
        self._report = report
        self._pieces: deque[_Given] = deque()
        self._session: RealtimeSession | None = None
        self._ear: Ear | None = None
        self._reader: SoundReader | None = None
        self._track = TrackReader()
        self._pump: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._partial: asyncio.Task[None] | None = None
        self._partial_cancellation = Cancellation()
        self._earlier: Hypothesis | None = None
        self._partial_at_ms = 0
        self._frame_at_ms: float | None = None
        self._closed = False

    @property
    def speaking(self) -> bool:
        """Whether somebody is speaking."""
        return self._ear is not None and self._ear.speaking

    @property
    def position_ms(self) -> int:
        """How much was heard."""
        return 0 if self._ear is None else self._ear.position_ms

    def set(self, session: RealtimeSession) -> None:
        """Hear by these settings, from the sound that comes next."""
        before, self._session = self._session, session
        detection = session.audio.input.turn_detection
        if before is None:
            return
        if before.audio.input.format != session.audio.input.format:
            self._reader = None
        if self._ear is not None and before.audio.input.turn_detection != detection:
            ear = self._ear
            self._spawn(self._computed(lambda: ear.set(detection)))

    def frame(self, frame: AudioFrame, now_ms: float) -> None:
        """Take a frame of the track."""
        self._frame_at_ms = now_ms
        self._take(_Given(sound=frame))

    def take(self, audio: str, event_id: str | None) -> None:
        """Take sound of an event."""
        self._take(_Given(sound=audio, event_id=event_id))

    def tick(self, now_ms: float) -> None:
        """Notice that a track gives nothing, which is silence."""
        if self._frame_at_ms is None or not self.speaking:
            return
        gap_ms = now_ms - self._frame_at_ms
        if gap_ms >= _GAP_MS:
            self._frame_at_ms = now_ms
            self._take(_Given(sound=min(gap_ms, _LONGEST_GAP_MS) / 1000))

    def commit(self, item_id: str, event_id: str | None) -> None:
        """End the client's input here."""
        self._spawn(self._commit(item_id, event_id))

    def clear(self) -> None:
        """Forget the input."""
        self._pieces.clear()
        ear = self._ear
        if ear is not None:
            self._spawn(self._computed(ear.clear))

    def transcribe(self, item_id: str, sound: Samples) -> None:
        """Recognise what was said."""
        self._spawn(self._transcribe(item_id, sound))

    def close(self) -> None:
        """Hear nothing more."""
        self._closed = True
        self._partial_cancellation.cancel()
        for task in self._tasks:
            task.cancel()

    def _take(self, given: _Given) -> None:
        if len(self._pieces) >= _MOST_PIECES:
            self._pieces.popleft()
            self._parts.counters.add("nearfield_call_sound_dropped_total")
        self._pieces.append(given)
        if self._pump is None or self._pump.done():
            self._pump = self._spawn(self._pump_pieces())

    def _spawn(self, work: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _computed(self, work: Callable[[], None]) -> None:
        await self._parts.hearing.run(self._call_id, work)

    async def _pump_pieces(self) -> None:
        """Hear all that waits, as much at once as has come."""
        while self._pieces and not self._closed:
            pieces = list(self._pieces)
            self._pieces.clear()
            try:
                found = await self._parts.hearing.run(self._call_id, lambda taken=pieces: self._heard(taken))  # type: ignore[misc]
            except (ModelsError, CloudError) as error:
                self._fail(error, pieces[-1].event_id)
                continue
            for one in found:
                self._found(one)
            if self.speaking:
                await self._look_for_partial()

    def _fail(self, error: ModelsError | CloudError, event_id: str | None) -> None:
        theirs = isinstance(error, CloudError)
        self._report(reports.Failed(code=error.code, message=str(error), event_id=event_id, theirs=theirs))

    def _heard(self, pieces: list[_Given]) -> list[Found]:
        """Compute: convert and hear."""
        ear = self._made_ear()
        sounds: list[Samples] = []
        for piece in pieces:
            if isinstance(piece.sound, str):
                sounds.append(self._made_reader().accept(from_base64(piece.sound)))
            elif isinstance(piece.sound, float):
                sounds.append(np.zeros(int(piece.sound * SAMPLE_RATE_HZ), np.float32))
            else:
                sounds.append(self._track.accept(piece.sound))
        return ear.accept(np.concatenate(sounds))

    def _made_ear(self) -> Ear:
        if self._ear is None:  # a call that never hears anything has none
            session = self._session or RealtimeSession()
            self._ear = Ear(
                self._parts.engines.new_vad(),
                session.audio.input.turn_detection,
                longest_seconds=self._parts.settings.longest_utterance_seconds,
            )
        return self._ear

    def _made_reader(self) -> SoundReader:
        if self._reader is None:
            session = self._session or RealtimeSession()
            self._reader = SoundReader(session.audio.input.format)
        return self._reader

    def _found(self, found: Found) -> None:
        if isinstance(found, SpeechFound):
            self._earlier = None
            self._partial_at_ms = found.at_ms
            self._report(reports.SpeechBegan(at_ms=found.at_ms))
        elif isinstance(found, PauseFound):
            self._spawn(self._judge(found))
        else:
            self._partial_cancellation.cancel()
            self._report(reports.SpeechEnded(at_ms=found.at_ms, sound=found.sound))

    async def _judge(self, pause: PauseFound) -> None:
        """Ask how finished the person sounded, and end the turn if it was."""
        ear, turn = self._ear, self._parts.engines.turn
        if ear is None:
            return
        try:
            completeness = await self._parts.speech.run(self._call_id, lambda: turn.completeness(pause.sound))
            ended = await self._parts.hearing.run(
                self._call_id, lambda: ear.judge(pause.number, completeness)
            )
        except (ModelsError, CloudError) as error:  # silence ends the turn then
            self._fail(error, None)
            return
        if isinstance(ended, TurnFound):
            self._found(ended)

    async def _look_for_partial(self) -> None:
        """Recognise what is being said, now and then, if that is not under way."""
        every_ms, ear = self._parts.settings.partial_every_ms, self._ear
        if not every_ms or ear is None or (self._partial is not None and not self._partial.done()):
            return
        if ear.position_ms - self._partial_at_ms < every_ms:
            return
        self._partial_at_ms = ear.position_ms
        sound = await self._parts.hearing.run(self._call_id, ear.so_far)
        self._partial_cancellation = Cancellation()
        self._partial = self._spawn(self._recognise_partial(sound, self._partial_cancellation))

    async def _recognise_partial(self, sound: Samples, cancellation: Cancellation) -> None:
        asr, earlier = self._parts.engines.asr, self._earlier
        try:
            heard = await self._parts.speech.run(
                self._call_id,
                lambda: asr.transcribe(sound, earlier=earlier, cancellation=cancellation),
            )
        except (CancelledWorkError, CloudError):  # nobody waits for a partial
            return
        except ModelsError as error:
            self._fail(error, None)
            return
        self._earlier = heard
        if not cancellation.is_cancelled:
            self._report(reports.PartlyHeard(text=heard.text))

    async def _commit(self, item_id: str, event_id: str | None) -> None:
        while self._pump is not None and not self._pump.done():
            await asyncio.shield(self._pump)
        ear = self._ear
        sound = np.zeros(0, np.float32)
        try:
            if ear is not None:
                sound = await self._parts.hearing.run(self._call_id, ear.commit)
        except CloudError as error:
            self._report(
                reports.NotCommitted(item_id=item_id, code=error.code, message=str(error), event_id=event_id)
            )
            return
        if sound.size < SAMPLE_RATE_HZ // 10:
            self._report(
                reports.NotCommitted(
                    item_id=item_id,
                    code="input_audio_buffer_commit_empty",
                    message="the input holds less than 100 ms of sound",
                    event_id=event_id,
                )
            )
            return
        self._report(reports.SoundCommitted(item_id=item_id, sound=sound))

    async def _transcribe(self, item_id: str, sound: Samples) -> None:
        asr, earlier = self._parts.engines.asr, self._earlier
        self._earlier = None
        try:
            heard = await self._parts.speech.run(
                self._call_id, lambda: asr.transcribe(sound, earlier=earlier)
            )
        except (ModelsError, CloudError) as error:
            self._report(reports.NotTranscribed(item_id=item_id, code=error.code, message=str(error)))
            return
        seconds = sound.size / SAMPLE_RATE_HZ
        self._report(reports.Transcribed(item_id=item_id, text=heard.text.strip(), seconds=seconds))
