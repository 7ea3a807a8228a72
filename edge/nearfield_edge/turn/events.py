"""What the turn engine is told.

``at`` is always a position in the input sound, in samples at 16 kHz. Events of workers name the turn and
the revision they worked for, so that what comes late for a dropped guess is recognised and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_edge.turn.content import Answer, AnswerPart, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_sync.messages.turn_record import RouteDecision, Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class HopHeard:
    """10 ms of sound ended at ``at``; this is also the engine's only clock."""

    at: int
    speech: bool
    """Whether somebody near speaks, after hysteresis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeDetected:
    """The wake phrase was noticed at ``at``; it may have ended a moment before."""

    at: int
    phrase: str
    score: float
    began: int | None = None
    """Where the phrase began; None where its detector does not know."""
    ended: int | None = None
    """Where it ended; None for about ``at``."""
    spoken_until: int | None = None
    """Where speech was last heard by now, the phrase's own or of a request after it; None where unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkPressed:
    """Somebody pressed the talk button. Held, only the release ends the turn; tapped, silence does."""

    at: int
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkReleased:
    """The talk button came up."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGiven:
    """Somebody typed instead of speaking."""

    at: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteChanged:
    """The microphone was muted or opened again."""

    at: int
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody wants silence: the reply stops and the turn ends."""

    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDue:
    """An answer that was promised for later is there; while anything else goes on it is not said."""

    at: int
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialRecognised:
    """What was said so far, while the person still speaks."""

    turn_id: str
    revision: int
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessed:
    """What was said, if the present silence ends the turn."""

    turn_id: str
    revision: int
    speech_end: int
    """Where that silence began."""
    transcript: Transcript
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnJudged:
    """How finished the person sounds."""

    turn_id: str
    revision: int
    speech_end: int
    """Where the silence began in which it was judged."""
    completeness: float
    """A probability, 0..1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What was said, whole."""

    turn_id: str
    revision: int
    transcript: Transcript
    unpassed_ms: float = 0.0
    """Computing while the input's time stood still; it belongs to all times of the turn from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What the words mean."""

    turn_id: str
    revision: int
    understanding: Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteChosen:
    """Who answers, and why."""

    turn_id: str
    revision: int
    understanding: Understanding
    decision: RouteDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the device will say; its effects, if any, are staged."""

    turn_id: str
    revision: int
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWentOn:
    """More of an answer that goes on, or its end."""

    turn_id: str
    revision: int
    part: AnswerPart


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """The first sample of the reply left the device."""

    turn_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """The reply was played to its end or was stopped."""

    turn_id: str
    revision: int
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFailed:
    """A worker could not carry out its command."""

    turn_id: str
    revision: int
    stage: str
    code: str


InputEvent = (
    HopHeard | WakeDetected | TalkPressed | TalkReleased | TextGiven | MuteChanged | StopAsked | AnswerDue
)
WorkEvent = (
    PartialRecognised
    | Guessed
    | TurnJudged
    | Recognised
    | Understood
    | RouteChosen
    | Answered
    | AnswerWentOn
    | SpeechBegan
    | SpeechEnded
    | WorkFailed
)
Event = InputEvent | WorkEvent
