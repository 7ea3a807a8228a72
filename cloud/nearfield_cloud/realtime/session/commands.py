"""What a session wants done."""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_cloud.orchestrator.question import Exchange
from nearfield_models.pcm import Samples
from nearfield_sync.messages.realtime.nearfield import ServerEvent
from nearfield_sync.messages.realtime.session import RealtimeSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Send an event to the client; its ``event_id`` is given then."""

    event: ServerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Hear by these settings from now on."""

    session: RealtimeSession


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSound:
    """Add sound to the input, in base64 of the session's input format."""

    audio: str
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSound:
    """End the input here; it becomes the item of this id."""

    item_id: str
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearSound:
    """Forget the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribe:
    """Recognise what was said."""

    item_id: str
    sound: Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """Let the orchestrator begin on an unfinished question."""

    text: str
    conversation: tuple[Exchange, ...] = ()
    """What was said before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAnswer:
    """Ask the orchestrator."""

    response_id: str
    turn_id: str
    text: str
    conversation: tuple[Exchange, ...]
    instructions: str
    language: str
    trace_parent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswer:
    """Stop the orchestrator."""

    response_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Tell the orchestrator what a person decided."""

    call_id: str
    agreed: bool
    event_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Say a sentence."""

    response_id: str
    index: int
    text: str
    speed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishSpeaking:
    """No more sentences come for this answer."""

    response_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSpeaking:
    """Be silent at once."""

    response_id: str


Command = (
    Tell
    | Listen
    | TakeSound
    | CommitSound
    | ClearSound
    | Transcribe
    | Hear
    | StartAnswer
    | CancelAnswer
    | Confirm
    | Speak
    | FinishSpeaking
    | StopSpeaking
)
