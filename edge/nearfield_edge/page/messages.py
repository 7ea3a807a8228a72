"""What the page is told over ``/ws/events``, one JSON object a message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar, Literal

from nearfield_sync.messages.turn_record import RouteDecision, Understanding

Microphone = Literal["page", "device", "none"]


class Showing(StrEnum):
    """What the device is doing, as people see it."""

    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """How things stand: the first message, and the first after some were lost."""

    type: ClassVar[str] = "hello"
    state: Showing
    muted: bool
    microphone: Microphone
    turn_id: str | None
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """The device does something else now."""

    type: ClassVar[str] = "state"
    state: Showing
    turn_id: str | None
    opened_by: str | None
    asks: bool
    """Whether it listens for the answer to its own question."""
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was said: so far, or whole."""

    type: ClassVar[str] = "heard"
    turn_id: str
    revision: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodAs:
    """What the words mean."""

    type: ClassVar[str] = "understood"
    turn_id: str
    understanding: Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTaken:
    """Who answers, and why."""

    type: ClassVar[str] = "route"
    turn_id: str
    decision: RouteDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven:
    """What will be said, as far as it is known; told again when there is more."""

    type: ClassVar[str] = "answer"
    turn_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """The person speaks on: what was shown of meaning and answer is void."""

    type: ClassVar[str] = "taken_back"
    turn_id: str
    revision: int
    """The new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnKept:
    """A turn is over; its record as `TurnRecord.to_dict` gives it."""

    type: ClassVar[str] = "turn"
    record: Mapping[str, Any]
    has_sound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteShown:
    """The microphone was muted or opened."""

    type: ClassVar[str] = "muted"
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrophoneChanged:
    """Another microphone is listened to."""

    type: ClassVar[str] = "microphone"
    microphone: Microphone


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A message of the page was not taken; the connection stays."""

    type: ClassVar[str] = "error"
    code: str
    detail: str


Message = (
    Hello
    | StateChanged
    | Heard
    | UnderstoodAs
    | RouteTaken
    | AnswerGiven
    | TakenBack
    | TurnKept
    | MuteShown
    | MicrophoneChanged
    | Refused
)


def to_json(message: Message) -> str:
    """One line of JSON."""
    return json.dumps({"type": message.type, **asdict(message)}, ensure_ascii=False, separators=(",", ":"))
