"""What workers tell a session; beside the client's own events, all that moves it."""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_cloud.orchestrator.answer import AnswerEvent
from nearfield_models.pcm import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechBegan:
    """Somebody began to speak."""

    at_ms: int
    """In the sound of the session, its prefix included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """Somebody has spoken."""

    at_ms: int
    sound: Samples
    """All of it: ``float32[n]`` at 16 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundCommitted:
    """The client ended its input by itself."""

    item_id: str
    sound: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCommitted:
    """The client ended its input, and there was none."""

    item_id: str
    code: str
    message: str
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StayedSilent:
    """Nobody spoke for the session's ``idle_timeout_ms`` after an answer."""

    from_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartlyHeard:
    """What somebody has said so far."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """What somebody has said."""

    item_id: str
    text: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTranscribed:
    """What somebody has said could not be recognised."""

    item_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The orchestrator went on with an answer."""

    response_id: str
    event: AnswerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundMade:
    """A piece of an answer's sound, for a client without a track."""

    response_id: str
    audio: str
    """Base64 of the session's output format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceSpoken:
    """All sound of a sentence was made."""

    response_id: str
    index: int
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSpoken:
    """All sound of an answer was made."""

    response_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSpoken:
    """The voice failed."""

    response_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackBegan:
    """The first sound of an answer went out on the track."""

    response_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded:
    """No more sound of an answer goes out on the track."""

    response_id: str
    cut: bool
    """Whether there was more."""
    played_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something that the client asked for could not be done."""

    code: str
    message: str
    event_id: str | None = None
    theirs: bool = True
    """Whether the client asked for something impossible, or the server failed."""


Report = (
    SpeechBegan
    | SpeechEnded
    | SoundCommitted
    | NotCommitted
    | StayedSilent
    | PartlyHeard
    | Transcribed
    | NotTranscribed
    | Answered
    | SoundMade
    | SentenceSpoken
    | AllSpoken
    | NotSpoken
    | PlaybackBegan
    | PlaybackEnded
    | Failed
)
