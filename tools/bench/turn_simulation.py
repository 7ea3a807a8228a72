"""One recording heard by the real turn engine and the real models, in virtual time.

Time is the position in the sound. What a model computes is measured, and its outcome reaches the engine so
much later; one thread recognises, another judges how finished the speaker sounds, as on the device. So the
engine decides as it would live on this machine, and a curve over settings takes no longer than the computing,
which is done once for each stretch of sound.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.reducer import reduce
from nearfield_edge.turn.state import State, TurnSettings
from nearfield_edge.understanding.sentences import sentence_in
from nearfield_models.asr.moonshine import MoonshineAsr
from nearfield_models.decoding.readings import Reading
from nearfield_models.decoding.recogniser import SentenceListener, SoFar
from nearfield_models.grammar import Grammar
from nearfield_models.nearness import Nearness
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS, Samples
from nearfield_models.segmentation import SegmentationSettings
from nearfield_models.turn.engine import TurnEngine
from nearfield_models.vad.engine import VadEngine
from nearfield_sync.messages.turn_record import RouteDecision, Understanding
from tools.bench.speech_hops import speech_hops

SKILL_MS: Final = 5.0
"""For understanding, route and skill together; ``make demo`` shows 3 to 6."""
REPLY_MS: Final = 2_500
_SEGMENTATION: Final = SegmentationSettings(onset_ms=64)
_SURE: Final = 0.78
_NEAR: Final = 0.30
_NEAR_MS: Final = 150
_STEP_MS: Final = 8.0
_UNDERSTANDING: Final = Understanding(intent="orderDrink", skill="coffee", confidence=1.0, source="grammar")
_DECISION: Final = RouteDecision(route="skill", reason="", confidence=1.0, policy_version="")
_REPLY: Final = "One order."


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnModels:
    """What listens."""

    listener: SentenceListener
    asr: MoonshineAsr
    vad: VadEngine
    judge: TurnEngine
    grammar: Grammar
    first_sound_ms: float
    """What the voice takes to the first sound of a reply."""


@dataclass(slots=True)
class Heard:
    """A recording, and all that was computed of it so far."""

    name: str
    samples: Samples
    speech_end: int
    speech: list[bool] = field(default_factory=list)
    computed: dict[tuple[object, ...], tuple[Any, float]] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What became of a recording."""

    decided_ms: float = 0.0
    """From the end of speech to the decision that counted."""
    computing_left_ms: float = 0.0
    """From that decision until it was known what had been said."""
    first_sound_ms: float = 0.0
    """From the end of speech to the first sound of the reply that was not taken back."""
    transcript: Transcript | None = None
    """Of the last turn."""
    turns: int = 0
    reopened: int = 0
    taken_back: int = 0
    """Replies that had begun to sound when the speaker went on."""
    guesses: int = 0
    dropped_guesses: int = 0
    computing_ms: float = 0.0
    looks: list[tuple[ev.Guessed | None, float | None, bool]] = field(default_factory=list)


class _Told(NamedTuple):
    text: str
    readings: tuple[Reading, ...] | None
    so_far: SoFar | None


class Simulation:
    """Plays recordings to the turn engine under given settings."""

    def __init__(self, models: TurnModels, settings: TurnSettings) -> None:
        self._models = models
        self._settings = settings

    def play(self, heard: Heard) -> Outcome:
        """Let the engine hear a recording to its end."""
        if not heard.speech:
            heard.speech = speech_hops(
                heard.samples, self._models.vad, _SEGMENTATION, nearness=Nearness()
            ).tolist()
        play = _Play(self._models, self._settings, heard)
        for number, speech in enumerate(heard.speech, start=1):
            play.hop(number * HOP_SAMPLES, speech)
        return play.outcome


class _Play:
    def __init__(self, models: TurnModels, settings: TurnSettings, heard: Heard) -> None:
        self._models = models
        self._heard = heard
        self._state = State(settings=settings, session="s")
        self._now = 0.0
        self._coming: list[tuple[float, int, ev.Event]] = []
        self._order = itertools.count()
        self._free_at = {"recogniser": 0.0, "judge": 0.0}
        self._prepared_at: float | None = None
        self._decoding: tuple[tuple[object, ...], Transcript, float] | None = None
        self._sounds = False
        self._learnt: list[tuple[float, int, SoFar | None]] = []
        """What searches so far are worth to later ones: when it is there, where its utterance began."""
        self.outcome = Outcome()

    def hop(self, at: int, speech: bool) -> None:
        """10 ms of sound; what was computed by their end is told first."""
        end_ms = at / SAMPLES_PER_MS
        while self._coming and self._coming[0][0] <= end_ms:
            self._now, _, event = heapq.heappop(self._coming)
            self._tell(event)
        self._now = end_ms
        self._tell(ev.HopHeard(at=at, speech=speech))

    def _tell(self, event: ev.Event) -> None:
        turn = self._state.turn
        if isinstance(event, ev.SpeechBegan) and turn is not None and event.revision == turn.revision:
            self._sounds = True
            self.outcome.first_sound_ms = self._now - self._zero_ms
        self._state, commands = reduce(self._state, event)
        for command in commands:
            self._carry_out(command)

    def _is_end(self, sample: int) -> bool:
        """Whether no speech follows, as far as a voice detector can tell."""
        return sample >= self._heard.speech_end - _NEAR_MS * SAMPLES_PER_MS

    @property
    def _zero_ms(self) -> float:
        return self._heard.speech_end / SAMPLES_PER_MS

    def _carry_out(self, command: do.Command) -> None:
        match command:
            case do.OpenTurn():
                self.outcome.turns += 1
            case do.Speculate():
                self.outcome.guesses += 1
                self._guess(command)
            case do.JudgeTurn():
                self._judge(command)
            case do.RecognisePartial():
                self._partial(command)
            case do.Recognise():
                self._recognise(command)
            case do.CancelWork():
                self._free_at["recogniser"] = min(self._free_at["recogniser"], self._now)
            case do.DropGuess():
                self.outcome.dropped_guesses += 1
                self._prepared_at = None
            case do.ReopenTurn():
                self.outcome.reopened += 1
                self.outcome.taken_back += self._sounds
                self._sounds, self._prepared_at = False, None
            case _:
                self._answer(command)

    def _answer(self, command: do.Command) -> None:
        match command:
            case do.Understand(turn_id=turn_id, revision=revision):
                understood = ev.Understood(turn_id=turn_id, revision=revision, understanding=_UNDERSTANDING)
                self._later(SKILL_MS, understood)
            case do.ChooseRoute(turn_id=turn_id, revision=revision):
                self._later(
                    0.0,
                    ev.RouteChosen(
                        turn_id=turn_id, revision=revision, understanding=_UNDERSTANDING, decision=_DECISION
                    ),
                )
            case do.Act(turn_id=turn_id, revision=revision):
                answer = Answer(text=_REPLY, source="skill:coffee")
                self._later(0.0, ev.Answered(turn_id=turn_id, revision=revision, answer=answer))
            case do.PrepareSpeech():
                self._prepared_at = self._compute("recogniser", lambda: None, self._models.first_sound_ms)[1]
            case do.Speak(turn_id=turn_id, revision=revision):
                ready = self._now + self._models.first_sound_ms
                ready = ready if self._prepared_at is None else max(self._now, self._prepared_at)
                self._at(ready, ev.SpeechBegan(turn_id=turn_id, revision=revision))
                self._at(
                    ready + REPLY_MS, ev.SpeechEnded(turn_id=turn_id, revision=revision, heard_ms=REPLY_MS)
                )

    def _guess(self, command: do.Speculate) -> None:
        transcript, ready = self._decoded(command)
        sentence = sentence_in(transcript, self._models.grammar, ({},), sure=_SURE, near=_NEAR)
        guessed = ev.Guessed(
            turn_id=command.turn_id,
            revision=command.revision,
            speech_end=command.speech_end,
            transcript=transcript,
            sentence=sentence,
        )
        self.outcome.looks.append((guessed, None, self._is_end(command.speech_end)))
        self._at(ready, guessed)

    def _judge(self, command: do.JudgeTurn) -> None:
        samples = self._heard.samples[command.first_sample : command.end_sample]
        key = ("judge", command.first_sample, command.end_sample)
        completeness, ready = self._compute(
            "judge", lambda: self._models.judge.completeness(samples), key=key
        )
        self.outcome.looks.append((None, completeness, self._is_end(command.speech_end)))
        self._at(
            ready,
            ev.TurnJudged(
                turn_id=command.turn_id,
                revision=command.revision,
                speech_end=command.speech_end,
                completeness=completeness,
            ),
        )

    def _partial(self, command: do.RecognisePartial) -> None:
        samples = self._heard.samples[command.first_sample : command.end_sample]
        before = self._so_far_of(command.first_sample)
        key = ("partial", command.first_sample, command.end_sample, id(before))
        told, ready = self._compute(
            "recogniser", lambda: self._listened(samples, before, is_whole=False), key=key
        )
        self._learnt.append((ready, command.first_sample, told.so_far))
        self._at(
            ready,
            ev.PartialRecognised(
                turn_id=command.turn_id, revision=command.revision, transcript=Transcript(text=told.text)
            ),
        )

    def _so_far_of(self, first_sample: int) -> SoFar | None:
        """The latest that is known of the utterance by now."""
        known = [
            so_far for ready, first, so_far in self._learnt if ready <= self._now and first == first_sample
        ]
        return known[-1] if known else None

    def _recognise(self, command: do.Recognise) -> None:
        self.outcome.decided_ms = self._now - self._zero_ms
        transcript, ready = self._decoded(command)
        self.outcome.computing_left_ms = ready - self._now
        self.outcome.transcript = transcript
        self._at(
            ready,
            ev.Recognised(turn_id=command.turn_id, revision=command.revision, transcript=transcript),
        )

    def _decoded(self, command: do.Speculate | do.Recognise) -> tuple[Transcript, float]:
        """The transcript of a stretch and when it is there; one that was begun before is not begun again."""
        stretch = ("whole", command.first_sample, command.end_sample, command.revision)
        if self._decoding is not None and self._decoding[0] == stretch:
            return self._decoding[1], max(self._now, self._decoding[2])
        samples = self._heard.samples[command.first_sample : command.end_sample]
        # what is decoded already is given up, between two steps of the decoder
        self._free_at["recogniser"] = min(self._free_at["recogniser"], self._now + _STEP_MS)
        # a partial that is cut short tells nothing
        self._learnt = [known for known in self._learnt if known[0] <= self._now]
        before = self._so_far_of(command.first_sample)
        told, ready = self._compute(
            "recogniser", lambda: self._listened(samples, before), key=(*stretch[:3], id(before))
        )
        transcript = Transcript(text=told.text, readings=told.readings)
        self._learnt.append((ready, command.first_sample, told.so_far))
        self._decoding = (stretch, transcript, ready)
        return transcript, ready

    def _listened(self, samples: Samples, before: SoFar | None, *, is_whole: bool = True) -> _Told:
        found = self._models.listener.listen(samples, so_far=before, is_whole=is_whole)
        if found is None:
            return _Told(self._models.asr.transcribe(samples).text, None, None)
        return _Told(found.transcript.text, found.readings, found.so_far)

    def _compute(
        self,
        thread: str,
        work: Callable[[], Any],
        took_ms: float | None = None,
        *,
        key: tuple[object, ...] | None = None,
    ) -> tuple[Any, float]:
        """Compute once; gives the result and when it is there, behind what the thread does already."""
        known = self._heard.computed.get(key) if key is not None else None
        if known is None:
            began = time.perf_counter()
            result = work()
            known = (result, (time.perf_counter() - began) * 1e3 if took_ms is None else took_ms)
            if key is not None:
                self._heard.computed[key] = known
        ready = max(self._now, self._free_at[thread]) + known[1]
        self._free_at[thread] = ready
        self.outcome.computing_ms += known[1]
        return known[0], ready

    def _later(self, ms: float, event: ev.Event) -> None:
        self._at(self._now + ms, event)

    def _at(self, when_ms: float, event: ev.Event) -> None:
        heapq.heappush(self._coming, (when_ms, next(self._order), event))
