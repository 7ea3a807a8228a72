"""What the turn engine wants done. Workers report with the same ``turn_id`` and ``revision``."""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_edge.turn.content import Answer, Transcript
from nearfield_sync.messages.turn_record import RouteDecision, Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTurn:
    """A turn began; the device shows that it listens."""

    turn_id: str
    opened_by: str
    """``wake``, ``talk``, ``speech``, ``follow_up``, ``interruption``, ``text`` or ``later``."""
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenTurn:
    """The person speaks on: what was made of the first part is void."""

    turn_id: str
    revision: int
    """The new revision."""
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisePartial:
    """Decode the utterance so far; worth nothing once the turn has ended."""

    turn_id: str
    revision: int
    first_sample: int
    end_sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Speculate:
    """Decode the utterance as it will be, should the silence that has begun end the turn."""

    turn_id: str
    revision: int
    first_sample: int
    end_sample: int
    speech_end: int
    """Where the silence began."""
    wake_phrase: str | None
    """Set when the utterance may begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTurn:
    """Find out by its sound whether the person has finished."""

    turn_id: str
    revision: int
    first_sample: int
    end_sample: int
    speech_end: int
    """Where the silence began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropGuess:
    """The person spoke on before the turn had ended: what was made of the first part is void."""

    turn_id: str
    revision: int
    """The new revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognise:
    """Decode the utterance from ``first_sample`` up to ``end_sample``."""

    turn_id: str
    revision: int
    first_sample: int
    end_sample: int
    heard_until: int
    """Where listening ended: the turn's sound goes up to here, with silence that nothing is made of."""
    speech_end: int
    """Where speech was last heard; every timing counts from here."""
    reason: str
    """Why the turn ended: ``silence``, ``released`` or ``longest``."""
    wake_phrase: str | None
    """Set when the utterance may begin with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understand:
    """Find what the words mean."""

    turn_id: str
    revision: int
    transcript: Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseRoute:
    """Decide who answers."""

    turn_id: str
    revision: int
    transcript: Transcript
    understanding: Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Let the chosen route answer and stage its effects."""

    turn_id: str
    revision: int
    transcript: Transcript
    understanding: Understanding
    decision: RouteDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Give an answer that is there already."""

    turn_id: str
    revision: int
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Apologise:
    """Something failed or took too long: answer with a fixed phrase."""

    turn_id: str
    revision: int
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say the reply."""

    turn_id: str
    revision: int
    text: str
    more: tuple[str, ...] = ()
    """What is said after it, part by part."""
    goes_on: bool = False
    """Whether still more may come; `SpeakOn` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOn:
    """Say more of the reply, or let it end where it ends."""

    turn_id: str
    revision: int
    text: str
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareSpeech:
    """Compute the beginning of a reply that may be said soon."""

    turn_id: str
    revision: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSpeech:
    """Be silent at once; the reply may go on where it stopped."""

    turn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSpeech:
    """Go on with the reply that is held."""

    turn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSpeaking:
    """Silence, at once."""

    turn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelWork:
    """Nothing that computes for this revision is wanted any more."""

    turn_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitEffects:
    """The turn is settled: what it staged shall happen."""

    turn_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEffects:
    """The turn was reopened or given up: what this revision staged shall not happen."""

    turn_id: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseTurn:
    """The turn is over; nothing more will be said or done for it."""

    turn_id: str
    outcome: str
    """``answered``, ``no_speech``, ``interrupted``, ``cancelled``, ``muted`` or ``failed``."""


Command = (
    OpenTurn
    | ReopenTurn
    | RecognisePartial
    | Speculate
    | JudgeTurn
    | DropGuess
    | Recognise
    | Understand
    | ChooseRoute
    | Act
    | Tell
    | Apologise
    | PrepareSpeech
    | Speak
    | SpeakOn
    | HoldSpeech
    | ResumeSpeech
    | StopSpeaking
    | CancelWork
    | CommitEffects
    | DropEffects
    | CloseTurn
)
