"""What speech is put together from; see ``speech`` for how."""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_models.tts.phrase import Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A phrase in the voice."""

    phrase: Phrase
    gain: float = 1.0
    """Factor of its loudness; 0 leaves its time, in silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nothing, for a while."""

    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place that is told when it is reached."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A recording."""

    source: str
    """Whatever the caller knows it by."""
    gain: float = 1.0
    instead: tuple[Piece, ...] = ()
    """Where there is no such recording."""


Piece = Utterance | Silence | Mark | Sound
