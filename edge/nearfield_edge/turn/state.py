"""The turn engine's state."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.endpoint import EndpointSettings, Sentence
from nearfield_edge.turn.stop_words import STOP_WORDS
from nearfield_models.pcm import SAMPLES_PER_MS


class Mode(StrEnum):
    """What opens a turn, besides a typed text, which always does."""

    WAKE = "wake"
    PUSH_TO_TALK = "push_to_talk"
    OPEN_MIC = "open_mic"


class Phase(StrEnum):
    """Where an open turn is."""

    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    """From the command to speak until the last sample was played."""
    SETTLING = "settling"
    """All is said; the person may still speak on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSettings:
    """How patient the engine is. Every stage has a limit, so that no turn can hang."""

    mode: Mode = Mode.WAKE
    endpoint: EndpointSettings = field(default_factory=EndpointSettings)
    pre_roll_ms: int = 300
    """Sound kept from before speech was noticed."""
    post_roll_ms: int = 60
    """Sound after the last speech that the recogniser gets; as soon as there is so much of it, the utterance
    is decoded as if the turn had ended."""
    judge_at_ms: tuple[int, ...] = ()
    """Silence after which it is judged how finished the person sounds; none where nothing can judge it."""
    answer_ahead: bool = True
    """Whether a sentence is answered before it is decided that the turn has ended."""
    most_guesses: int = 6
    """Silences of a turn in which it is decoded as if it had ended; after them only its end is decoded."""
    wake_lead_ms: int = 1_200
    """Sound kept from before the wake word's detection when the request follows in the same breath."""
    tail_ms: int = 250
    """Speech this soon after the wake word, or after a question from a loudspeaker, is its dying away."""
    tail_gap_ms: int = 80
    """Silence that ends the dying away; a shorter one is a flicker of the voice detector."""
    wake_pause_ms: int = 250
    """Silence after the wake word that makes what follows a sentence of its own."""
    partial_every_ms: int = 400
    """How often the utterance so far is decoded; 0 for never."""
    reopen_ms: int = 1_500
    """Speech that resumes this soon after its end belongs to the same turn."""
    follow_up_ms: int = 6_000
    """How long an answer to the device's own question is waited for; 0 waits for none."""
    think_ms: int = 8_000
    longest_reply_ms: int = 60_000
    barge_in: bool = True
    """Whether speech over a reply interrupts it; a wake word and a button always do."""
    join_ms: int = 0
    """Speech over a reply that joins what the person said just before it; more than is left of an echo."""
    overlap_ms: int = 200
    """Unbroken speech over a reply that makes it pause until it is known what was said."""
    interrupt_ms: int = 1_000
    """Speech over a reply that interrupts it whatever is said."""
    resume_ms: int = 400
    """Silence after which a reply goes on that was interrupted by nothing."""
    hold_ms: int = 1_500
    """Silence after which it goes on even though it is not known what was said."""
    stop_words: tuple[str, ...] = STOP_WORDS
    short_answer_patience: float = 0.7
    """Factor of the silences that end an answer that is expected to be short."""
    half_duplex: bool = False
    """Whether the device is deaf to speech while it speaks (a loudspeaker without echo cancellation)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A silence that may end the turn, and what is known of it."""

    began: int
    """Where speech was last heard."""
    sentence: Sentence = Sentence.UNKNOWN
    comma: bool = False
    completeness: float | None = None
    looks: int = 0
    """How often it was asked how finished the person sounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What is made of an utterance before it is decided that it is over."""

    transcript: Transcript
    answer: Answer | None = None
    """None until there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Speech over a reply, and what is known of it. Positions are samples of the input sound."""

    began: int
    heard: int
    """Where it was last heard."""
    held_at: int | None = None
    """Since when the reply pauses for it; None while it does not."""
    asked: int | None = None
    """The silence, by where it began, for which what was said is being decoded."""
    weighed: int | None = None
    """The silence before which nothing was said that interrupts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An open turn. Positions are samples of the input sound."""

    turn_id: str
    opened_by: str
    opened_at: int
    phase: Phase
    phase_since: int
    first_sample: int
    """Where the utterance begins for the recogniser."""
    revision: int = 0
    wake_phrase: str | None = None
    wake_ended: int | None = None
    """Where the wake phrase ended, by which it was noticed later."""
    speech_began: int | None = None
    speech_end: int | None = None
    quiet_since: int | None = None
    """Where the present silence began, while listening."""
    talk_held: bool = False
    sealed: bool = False
    """Whether no further speech is taken in: a released button, a typed text, the greatest length."""
    partial_at: int = 0
    partial_pending: bool = False
    pause: Pause | None = None
    """The present silence, once it is long enough to be taken for the end."""
    ahead: Ahead | None = None
    guesses: int = 0
    """Silences so far that were taken for the end."""
    transcript: Transcript | None = None
    """What was said, once it is known whole."""
    answered: bool = False
    apologising: bool = False
    asks: bool = False
    asks_shortly: bool = False
    answers_shortly: bool = False
    """Whether it answers a question that expects a short answer."""
    overlap: Overlap | None = None
    said: bool = False
    """Whether the reply has ended, and only what is said over its end is waited for."""
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything the engine knows."""

    settings: TurnSettings
    session: str
    """Prefix of the turn ids: unique to this run of the device."""
    at: int = 0
    """Position of the latest event, in samples."""
    opened: int = 0
    """Turns opened so far."""
    muted: bool = False
    speaking_now: bool = False
    """Whether the last hop held speech."""
    turn: Turn | None = None


def milliseconds(samples: int) -> int:
    """Length of a stretch of sound."""
    return samples // SAMPLES_PER_MS


def samples(ms: int) -> int:
    """Samples in a stretch of sound."""
    return ms * SAMPLES_PER_MS
