"""The workers: what carries out the turn engine's commands and reports back.

Each command becomes a coroutine; models run on the inference executor, skills in threads of their own. A
worker knows nothing of what comes next: that is the reducer's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from nearfield_edge.asking import Asking
from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.sink import AudioSink
from nearfield_edge.dialogue import Dialogue
from nearfield_edge.escalation.beyond import Beyond
from nearfield_edge.hearing import Hearing
from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.judging import TurnJudge
from nearfield_edge.recognition import Recognition
from nearfield_edge.reply_text import ReplyText
from nearfield_edge.sound import SoundMemory
from nearfield_edge.speaking import Heard, Speaking
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer
from nearfield_models.cancellation import Cancellation
from nearfield_models.errors import EngineError
from nearfield_models.pcm import SAMPLES_PER_MS, Samples
from nearfield_models.tts.engine import TtsEngine
from nearfield_sync.clock import Clock
from nearfield_sync.messages.turn_record import TurnRecord

_NO_SOUND: Samples = np.zeros(0, dtype=np.float32)

RECORDED_LEAD_MS: Final = 2_000
"""Sound kept with a recorded utterance from before it: enough for the wake word to be found again."""
_WINDOWS: Final = 2_560
"""Samples after which 10 ms hops and the voice detector's windows of 512 begin together."""

Work = Coroutine[Any, Any, None]


class TurnKeeper(Protocol):
    """Where finished turns go."""

    async def keep(self, record: TurnRecord, sound: Samples) -> None:
        """Store the record, and the turn's ``float32[n]`` where the site records sound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParts:
    """What the workers work with."""

    memory: SoundMemory
    hearing: Hearing | None
    """None where nobody is listened to."""
    tts: TtsEngine | None
    """None where replies are only read."""
    dialogue: Dialogue
    sink: AudioSink
    executor: InferenceExecutor
    judge: TurnJudge | None
    """None where only silence and sentences tell that a turn has ended."""
    time: PlaybackClock
    clock: Clock
    beyond: Beyond | None = None
    """None where only skills answer."""


class Workers:
    """Makes work of commands."""

    def __init__(
        self,
        parts: WorkerParts,
        *,
        report: Callable[[ev.Event], None],
        is_current: Callable[[str, int], bool],
    ) -> None:
        self._parts = parts
        self._report = report
        self._is_current = is_current
        self._wanted: dict[tuple[str, int], Cancellation] = {}
        self._asking = None if parts.beyond is None else Asking(parts.beyond, parts.dialogue, report)
        self._words: dict[str, ReplyText] = {}
        """Of each open turn's latest reply."""
        self._recognition = Recognition(
            parts.hearing, parts.memory, parts.executor, time=parts.time, clock=parts.clock
        )
        self._utterances: dict[str, Samples] = {}
        self._speaking = Speaking(parts.tts, parts.sink, parts.executor, parts.time)

    def work(self, command: do.Command) -> Work | None:
        """The coroutine that carries a command out; None where nothing remains to be awaited.

        Input time stands still from now until the work is done, or until speech has begun.
        """
        hold = ExitStack()
        hold.enter_context(self._parts.time.held())
        work = self._begun(command, hold)
        if work is None:
            hold.close()
            return None
        return self._holding(work, hold)

    async def heard(self, turn_id: str) -> Heard | None:
        """How much of the turn's latest reply was heard, once silent; None without a reply."""
        return await self._speaking.heard(turn_id)

    async def _holding(self, work: Work, hold: ExitStack) -> None:
        with hold:
            await work

    def _begun(self, command: do.Command, hold: ExitStack) -> Work | None:
        work = self._listening_work(command) or self._answering_work(command, hold)
        if work is None:
            self._at_once(command)
        return work

    def _listening_work(self, command: do.Command) -> Work | None:
        match command:
            case do.Recognise():
                return self._recognise(command)
            case do.RecognisePartial():
                return self._recognise_partial(command)
            case do.Speculate():
                return self._speculate(command)
            case do.JudgeTurn():
                return self._judge(command)
        return None

    def _answering_work(self, command: do.Command, hold: ExitStack) -> Work | None:
        match command:
            case do.Understand():
                return self._understand(command)
            case do.ChooseRoute():
                return self._choose_route(command)
            case do.Act():
                return self._act(command)
            case do.PrepareSpeech(turn_id=turn_id, revision=revision, text=text):
                return self._speaking.prepare(text, self._cancellation(turn_id, revision))
            case do.Speak():
                words = ReplyText(command.text, *command.more, whole=not command.goes_on)
                self._words[command.turn_id] = words
                return self._speak(command, words, hold.close)
            case do.CommitEffects():
                return self._parts.dialogue.commit(command.turn_id)
            case do.DropEffects():
                return self._parts.dialogue.drop(command.turn_id, command.revision)
        return None

    def forget(self, turn_id: str) -> Samples:
        """Let go of a closed turn; gives the sound of its utterance with what came before."""
        self._recognition.forget(turn_id)
        self._speaking.forget(turn_id)
        self._end_words(turn_id)
        self._words.pop(turn_id, None)
        self._wanted = {key: value for key, value in self._wanted.items() if key[0] != turn_id}
        if self._asking is not None:
            self._asking.forget(turn_id)
        return self._utterances.pop(turn_id, _NO_SOUND)

    def stop(self) -> None:
        """Want nothing any more, and be silent."""
        self._recognition.drop()
        for cancellation in self._wanted.values():
            cancellation.cancel()
        for turn_id in self._words:
            self._end_words(turn_id)
        if self._asking is not None:
            self._asking.cancel_all()
        self._speaking.stop()

    def _at_once(self, command: do.Command) -> None:
        match command:
            case do.Tell(answer=answer):
                self._answered(command, answer)
            case do.Apologise():
                self._answered(command, self._parts.dialogue.apology(command.fault))
            case do.HoldSpeech():
                self._speaking.hold()
            case do.ResumeSpeech():
                self._speaking.resume()
            case do.StopSpeaking():
                self._speaking.stop()
            case do.SpeakOn(turn_id=turn_id, text=text, last=last) if turn_id in self._words:
                self._words[turn_id].go_on(text, last=last)
            case do.CancelWork():
                self._recognition.drop()
                self._cancellation(command.turn_id, command.revision).cancel()
                self._end_words(command.turn_id)
                if self._asking is not None:
                    self._asking.cancel(command.turn_id, command.revision)

    def _end_words(self, turn_id: str) -> None:
        """Nothing more comes of the turn's reply: nobody waits for it."""
        if turn_id in self._words:
            self._words[turn_id].go_on("", last=True)

    def _cancellation(self, turn_id: str, revision: int) -> Cancellation:
        return self._wanted.setdefault((turn_id, revision), Cancellation())

    async def _recognise(self, command: do.Recognise) -> None:
        cancellation = self._cancellation(command.turn_id, command.revision)
        self._utterances[command.turn_id] = self._with_lead(command)
        decoded = await self._recognition.whole(command, cancellation)
        self._report(
            ev.Recognised(
                turn_id=command.turn_id,
                revision=command.revision,
                transcript=decoded.transcript,
                unpassed_ms=decoded.unpassed_ms,
            )
        )

    async def _speculate(self, command: do.Speculate) -> None:
        transcript = await self._recognition.speculate(command)
        if transcript is None:
            return
        self._report(
            ev.Guessed(
                turn_id=command.turn_id,
                revision=command.revision,
                speech_end=command.speech_end,
                transcript=transcript,
                sentence=self._parts.dialogue.sentence(transcript),
            )
        )

    async def _judge(self, command: do.JudgeTurn) -> None:
        if self._parts.judge is None:
            raise EngineError("this device was started without an end-of-turn detector")
        samples = self._parts.memory.recall(command.first_sample, command.end_sample)
        completeness = await self._parts.judge.completeness(samples)
        self._report(
            ev.TurnJudged(
                turn_id=command.turn_id,
                revision=command.revision,
                speech_end=command.speech_end,
                completeness=completeness,
            )
        )

    async def _recognise_partial(self, command: do.RecognisePartial) -> None:
        transcript = await self._recognition.partial(command)
        self._report(
            ev.PartialRecognised(turn_id=command.turn_id, revision=command.revision, transcript=transcript)
        )

    def _with_lead(self, command: do.Recognise) -> Samples:
        """The utterance and what came before it, cut where the detectors' windows begin: it replays alike."""
        start = command.first_sample - RECORDED_LEAD_MS * SAMPLES_PER_MS
        return self._parts.memory.recall(max(0, start) // _WINDOWS * _WINDOWS, command.heard_until)

    async def _understand(self, command: do.Understand) -> None:
        understanding = await self._parts.dialogue.understand(command.transcript)
        self._report(
            ev.Understood(turn_id=command.turn_id, revision=command.revision, understanding=understanding)
        )

    async def _choose_route(self, command: do.ChooseRoute) -> None:
        dialogue = self._parts.dialogue
        decision = dialogue.choose_route(command.understanding)
        if self._asking is not None and decision.route != "skill":
            reach = await self._asking.reach(command.transcript.text)
            decision = dialogue.choose_route(command.understanding, reach)
        self._report(
            ev.RouteChosen(
                turn_id=command.turn_id,
                revision=command.revision,
                understanding=command.understanding,
                decision=decision,
            )
        )

    async def _act(self, command: do.Act) -> None:
        if self._asking is not None and self._asking.takes(command):
            await self._asking.ask(command)
            return
        answer = await self._parts.dialogue.answer(
            command.turn_id, command.revision, command.understanding, command.decision
        )
        if self._is_current(command.turn_id, command.revision):
            self._answered(command, answer)
        else:  # the person spoke on while the skill worked
            await self._parts.dialogue.drop(command.turn_id, command.revision)

    def _answered(self, command: do.Act | do.Tell | do.Apologise, answer: Answer) -> None:
        self._report(ev.Answered(turn_id=command.turn_id, revision=command.revision, answer=answer))

    async def _speak(self, command: do.Speak, words: ReplyText, release: Callable[[], None]) -> None:
        def began() -> None:
            self._report(ev.SpeechBegan(turn_id=command.turn_id, revision=command.revision))

        cancellation = self._cancellation(command.turn_id, command.revision)
        heard = await self._speaking.say(
            command.turn_id, words, cancellation, on_first_sound=began, on_time_passing=release
        )
        self._report(ev.SpeechEnded(turn_id=command.turn_id, revision=command.revision, heard_ms=heard.ms))
