"""Building the turn record: everything that happens in a turn, noted with its time as it happens.

Times come in as milliseconds of the input sound; the record counts them from the end of speech. What was
computed ahead while that sound stood still comes with the transcript, and belongs to all times from there on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_models.pcm import SAMPLES_PER_MS
from nearfield_sync.messages.turn_record import (
    ReplyRecord,
    RouteDecision,
    TimelineEntry,
    Timings,
    TurnRecord,
    Understanding,
)

_SPEECH: Final = {
    do.HoldSpeech: "speech_held",
    do.ResumeSpeech: "speech_resumed",
    do.StopSpeaking: "speech_stopped",
}


@dataclass(kw_only=True)
class TurnNotes:
    """What is known of an open turn so far. Reopening forgets the results, never the timeline."""

    turn_id: str
    opened_by: str
    started_at: str
    opened_ms: float
    revision: int = 0
    speech_end_ms: float | None = None
    guess_began_ms: float | None = None
    """When the utterance was last decoded as if it were over."""
    unpassed_ms: float = 0.0
    transcript: Transcript | None = None
    understanding: Understanding | None = None
    decision: RouteDecision | None = None
    answer: Answer | None = None
    heard_ms: int | None = None
    heard_text: str | None = None
    faults: list[str] = field(default_factory=list)
    marks: dict[str, float] = field(default_factory=dict)
    timeline: list[tuple[float, str, str]] = field(default_factory=list)

    def command(self, command: do.Command, now_ms: float) -> None:
        """Note what the engine decided."""
        match command:
            case do.Recognise():
                self.speech_end_ms = command.speech_end / SAMPLES_PER_MS
                self.marks["endpoint"] = command.heard_until / SAMPLES_PER_MS
                self._write(now_ms, "endpoint", command.reason)
            case do.Understand():
                self.transcript = command.transcript
            case do.Speculate():
                self.guess_began_ms = now_ms
            case do.DropGuess():
                self.understanding = self.decision = self.answer = None
                self.marks.pop("understood", None)
                self._write(now_ms, "guess_dropped")
            case do.ReopenTurn():
                self.revision += 1
                self.transcript = self.understanding = self.decision = self.answer = None
                self.marks.clear()
                self.unpassed_ms = 0.0
                self._write(now_ms, "reopened")
            case do.Apologise():
                self.revision += 1
                if command.fault not in self.faults:  # a deadline that passed is reported by nobody else
                    self.faults.append(command.fault)
                self._write(now_ms, "apologised", command.fault)
            case do.CommitEffects() | do.DropEffects() if self.answer is not None and self.answer.effects:
                committed = isinstance(command, do.CommitEffects)
                event = "effects_committed" if committed else "effects_dropped"
                self._write(now_ms, event, str(len(self.answer.effects)))
                self.answer = self.answer if committed else None
            case do.HoldSpeech() | do.ResumeSpeech() | do.StopSpeaking():
                self._write(now_ms, _SPEECH[type(command)])

    def report(self, event: ev.WorkEvent, now_ms: float) -> None:
        """Note what a worker reported."""
        match event:
            case ev.PartialRecognised() | ev.Guessed() | ev.TurnJudged():
                self._write(now_ms, *_so_far(event))
            case ev.Recognised():
                self.transcript = event.transcript
                self.unpassed_ms = event.unpassed_ms
                self._mark(now_ms, "transcript")
                self._keep_guess(now_ms)
            case ev.Understood():
                self.understanding = event.understanding
                self._mark(now_ms, "understood")
            case ev.RouteChosen():
                self.decision = event.decision
                self._write(now_ms, "route", event.decision.route)
            case ev.WorkFailed():
                self.faults.append(event.code)
                self._write(now_ms, "failed", f"{event.stage}: {event.code}")
            case _:
                self._report_reply(event, now_ms)

    def _report_reply(self, event: ev.WorkEvent, now_ms: float) -> None:
        match event:
            case ev.Answered(answer=answer):
                self.answer = answer
                self.faults += [answer.fault] if answer.fault else []
                self._write(now_ms, "answered", answer.source)
            case ev.AnswerWentOn(part=part) if self.answer is not None:
                self.answer = self.answer.gone_on(part)
                self.faults += [part.fault] if part.fault else []
                self._write(now_ms, "answer_ended" if part.last else "answer_went_on", part.fault or "")
            case ev.SpeechBegan():
                self._mark(now_ms, "first_audio")
            case ev.SpeechEnded():
                self.heard_ms = event.heard_ms
                self._mark(now_ms, "done")

    def record(self, outcome: str, *, device_id: str, versions: Mapping[str, str]) -> TurnRecord:
        """The finished record."""
        zero = self.opened_ms if self.speech_end_ms is None else self.speech_end_ms
        marks = {name: round(ms - zero, 1) for name, ms in self.marks.items()}
        return TurnRecord(
            turn_id=self.turn_id,
            device_id=device_id,
            started_at=self.started_at,
            opened_by=self.opened_by,
            outcome=outcome,
            transcript=self.transcript.text if self.transcript else "",
            understanding=self.understanding or Understanding(intent=None, skill=None),
            route=self.decision,
            reply=_reply(self.answer, self.heard_ms, self.heard_text),
            timings_ms=Timings(**marks),
            versions=dict(versions),
            revision=self.revision,
            effects=self.answer.effects if self.answer else (),
            faults=tuple(self.faults),
            escalation=self.answer.escalation if self.answer else None,
            timeline=tuple(
                TimelineEntry(at_ms=round(ms - zero, 1), event=name, detail=detail)
                for ms, name, detail in self.timeline
            ),
        )

    def _keep_guess(self, now_ms: float) -> None:
        """What was understood ahead counts from now on; the record says since when it had been under way."""
        if self.understanding is None or self.guess_began_ms is None:
            return
        began_ms = self.guess_began_ms
        self._write(now_ms, "guess_kept", f"begun {self.marks['endpoint'] - began_ms:.0f} ms before the end")
        self.marks["understood"] = now_ms + self.unpassed_ms

    def _mark(self, now_ms: float, name: str) -> None:
        self.marks[name] = now_ms + self.unpassed_ms
        self._write(now_ms, name)

    def _write(self, now_ms: float, name: str, detail: str = "") -> None:
        self.timeline.append((now_ms + self.unpassed_ms, name, detail))


def _so_far(event: ev.PartialRecognised | ev.Guessed | ev.TurnJudged) -> tuple[str, str]:
    match event:
        case ev.PartialRecognised():
            return "partial", event.transcript.text
        case ev.Guessed():
            return "guessed", f"{event.sentence.value}: {event.transcript.text}"
        case ev.TurnJudged():
            return "judged", f"{event.completeness:.2f}"


def _reply(answer: Answer | None, heard_ms: int | None, heard_text: str | None) -> ReplyRecord | None:
    if answer is None:
        return None
    return ReplyRecord(text=answer.whole_text, source=answer.source, heard_ms=heard_ms, heard_text=heard_text)
