"""The end of a turn, as one pure function of what was heard so far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EndReason(StrEnum):
    """Why nobody is listened to any longer."""

    SILENCE = "silence"
    """Speech, then long enough nothing."""
    RELEASED = "released"
    """The talk button came up."""
    LONGEST = "longest"
    """The turn reached its greatest length."""
    NO_SPEECH = "no_speech"
    """Nobody said anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What the decision looks at."""

    has_speech: bool
    trailing_silence_ms: int
    """Since speech was last heard, or since listening began."""
    turn_ms: int
    """Since the turn was opened."""
    talk_held: bool
    talk_released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """The limits of patience, in milliseconds."""

    end_silence_ms: int = 500
    no_speech_ms: int = 5_000
    longest_turn_ms: int = 20_000


def end_of_turn(heard: Listening, settings: EndpointSettings) -> EndReason | None:
    """Say whether listening ends now, and why; None means go on listening."""
    if heard.talk_released:
        return EndReason.RELEASED if heard.has_speech else EndReason.NO_SPEECH
    if heard.turn_ms >= settings.longest_turn_ms:
        return EndReason.LONGEST if heard.has_speech else EndReason.NO_SPEECH
    if heard.talk_held:
        return None
    if heard.has_speech and heard.trailing_silence_ms >= settings.end_silence_ms:
        return EndReason.SILENCE
    if not heard.has_speech and heard.trailing_silence_ms >= settings.no_speech_ms:
        return EndReason.NO_SPEECH
    return None
