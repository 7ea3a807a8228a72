"""Where sound comes from and goes to, what opens a turn and how patiently it is heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from nearfield_edge.turn.stop_words import STOP_WORDS
from nearfield_models.errors import WakePhraseError
from nearfield_models.wake.phrase_spelling import checked_phrase
from nearfield_sync.section import Milliseconds, Section


class WebSocketSection(Section):
    """Sound over a WebSocket."""

    host: str = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65_535)
    token_file: Path | None = None
    """File whose first line is the bearer token; without one the source refuses to start."""
    rate_hz: int = Field(16_000, ge=8_000, le=192_000)
    channels: int = Field(1, ge=1, le=16)


class StandardInputSection(Section):
    """Raw PCM on standard input."""

    rate_hz: int = Field(16_000, ge=8_000, le=192_000)
    channels: int = Field(1, ge=1, le=16)
    bits: Literal[8, 16, 24, 32] = 16


class AudioSection(Section):
    """Where sound comes from and goes to."""

    source: Literal["microphone", "stdin", "websocket", "page"] = "microphone"
    """A page that has the microphone is heard instead of any of them but ``stdin``."""
    sink: Literal["speaker", "websocket", "page", "none"] = "speaker"
    """A page that has the microphone is spoken to instead of any of them."""
    microphone: str | None = None
    """Name or part of it; the system's default if absent."""
    speaker: str | None = None
    longest_file_seconds: float = Field(3_600, gt=0, le=86_400)
    websocket: WebSocketSection = WebSocketSection()
    stdin: StandardInputSection = StandardInputSection()


class FrontEndSection(Section):
    """What is done to the microphone's sound before anybody listens."""

    echo: Literal["auto", "cancel", "none"] = "auto"
    """Whether the loudspeaker's echo is taken out; ``auto``: with a loudspeaker, where the extra ``echo`` is
    installed. ``none`` is for headsets and microphones that cancel it themselves."""


class PorcupineSection(Section):
    """Porcupine with the customer's key; its first use contacts its vendor."""

    keywords: tuple[Path, ...] = ()
    """Keyword files (``.ppn``) for this kind of machine, in place of ``wake.packs``."""
    key_file: Path | None = None
    """File whose first line is the vendor's access key; without it NEARFIELD_PORCUPINE_KEY is the key."""
    language_model: Path | None = None
    """The vendor's file (``.pv``) for keywords that are not English."""
    sensitivity: float = Field(0.5, ge=0, le=1)


class WakeSection(Section):
    """What opens a turn."""

    mode: Literal["wake", "push_to_talk", "open_mic"] = "wake"
    engine: Literal["microwakeword", "microwakeword-litert", "openwakeword", "porcupine"] = "microwakeword"
    packs: tuple[str, ...] = ("microwakeword-okay-nabu", "microwakeword-alexa")
    phrase: tuple[str, ...] = ()
    """Phrases of the site's own, one or a list; the packs count beside them only where they are named."""
    sensitivity: float = Field(0.5, ge=0, le=1)
    """Of the site's own phrases; more hears more, and wakes more often by mistake."""
    porcupine: PorcupineSection = PorcupineSection()

    @property
    def packs_in_use(self) -> tuple[str, ...]:
        """The packs to listen with: none for Porcupine, or where phrases take the place of the default."""
        if self.engine == "porcupine":
            return ()
        return self.packs if not self.phrase or "packs" in self.model_fields_set else ()

    @field_validator("phrase", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("phrase")
    @classmethod
    def _can_be_said(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(checked_phrase(phrase) for phrase in value)
        except WakePhraseError as error:
            raise ValueError(str(error)) from error


class PromptsSection(Section):
    """Replies that are the same every time, kept as the voice said them once."""

    keep: bool = True
    most_megabytes: int = Field(32, ge=1, le=10_000)
    """Of disk; a second of speech takes 44 kB."""
    texts: tuple[str, ...] = ()
    """Further texts of the site's own, word for word as they are said; nothing personal."""


class VadSection(Section):
    """When a sound counts as speech."""

    pack: str = "silero-vad"
    onset: float = Field(0.5, gt=0, lt=1)
    offset: float = Field(0.35, gt=0, lt=1)
    onset_ms: Milliseconds = 64


class TurnSection(Section):
    """How patient the device is."""

    profile: Literal["patient", "normal", "brisk"] = "normal"
    """How long people are given to go on."""
    pack: str = "smart-turn-v3"
    """Judges by the sound whether somebody has finished; empty for none."""
    end_silence_ms: Milliseconds = 500
    """Silence that ends a turn where nothing but silence is known."""
    no_speech_ms: Milliseconds = 5_000
    longest_turn_ms: Milliseconds = 20_000
    pre_roll_ms: Milliseconds = 300
    post_roll_ms: Milliseconds = 60
    answer_ahead: bool = True
    """Whether what was said is answered in the first silence behind it, to be said if the turn ends there."""
    most_guesses: int = Field(6, ge=0, le=1_000)
    """Silences of a turn in which that is tried; its end is always decoded."""
    reopen_ms: Milliseconds = 1_500
    follow_up_ms: Milliseconds = 6_000
    partial_every_ms: Milliseconds = 400
    think_ms: Milliseconds = 8_000
    longest_reply_ms: Milliseconds = 60_000
    barge_in: bool = True
    """Whether speech over a reply may interrupt it."""
    stop_words: tuple[str, ...] = STOP_WORDS
    """What ends a reply, or a request, where it is all that is said."""
    half_duplex: bool | None = None
    """Deaf to speech while it speaks; absent: with a loudspeaker whose echo nothing cancels."""
