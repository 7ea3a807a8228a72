"""What a session is set to: read from a client in part, told to it whole."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from nearfield_sync.messages.realtime.wire import Id, Wire

Extra = Literal["partials", "citations", "heartbeat", "route", "confirmations"]
EXTRAS: Final[tuple[Extra, ...]] = ("partials", "citations", "heartbeat", "route", "confirmations")


class Pcm(Wire):
    """Little-endian int16 at 24 kHz, mono."""

    type: Literal["audio/pcm"] = "audio/pcm"
    rate: Literal[24000] = 24000


class MuLaw(Wire):
    """G.711 µ-law at 8 kHz."""

    type: Literal["audio/pcmu"] = "audio/pcmu"


class ALaw(Wire):
    """G.711 A-law at 8 kHz."""

    type: Literal["audio/pcma"] = "audio/pcma"


AudioFormat = Annotated[Pcm | MuLaw | ALaw, Field(discriminator="type")]


class ServerVad(Wire):
    """A turn ends by silence."""

    type: Literal["server_vad"] = "server_vad"
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    prefix_padding_ms: int = Field(default=300, ge=0, le=5_000)
    silence_duration_ms: int = Field(default=500, ge=50, le=10_000)
    idle_timeout_ms: int | None = Field(default=None, ge=5_000, le=30_000)
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(Wire):
    """A turn ends when what was said sounds finished, at the latest after a wait that eagerness sets."""

    type: Literal["semantic_vad"] = "semantic_vad"
    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection = Annotated[ServerVad | SemanticVad, Field(discriminator="type")]


class Transcription(Wire):
    """Whether and how what was heard is told as text."""

    model: str = Field(default="", max_length=100)
    language: str | None = Field(default=None, max_length=35)


class AudioInput(Wire):
    """The client's microphone."""

    format: AudioFormat = Pcm()
    transcription: Transcription | None = None
    turn_detection: TurnDetection | None = ServerVad()


class AudioOutput(Wire):
    """The server's voice."""

    format: AudioFormat = Pcm()
    voice: Any = None
    """Named by the client, told back; the voice is the one that the server has."""
    speed: float = Field(default=1.0, ge=0.25, le=1.5)


class Audio(Wire):
    """Both directions of sound."""

    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class Resume(Wire):
    """Takes up an earlier conversation: its session's id, and the secret that only its client was told."""

    session_id: Id
    secret: str = Field(max_length=200)


class Nearfield(Wire):
    """What a session asks for beyond OpenAI's Realtime; without this object it gets none of it."""

    events: tuple[Extra, ...] = Field(default=(), max_length=len(EXTRAS))
    """Which of our events it takes. ``nearfield.goodbye`` comes with any of them."""
    resume: Resume | None = None
    """From the client: the session to go on with."""
    resume_secret: str | None = Field(default=None, max_length=200)
    """From the server: for the next ``resume``."""
    resumed: bool | None = None
    """From the server: whether this session goes on with an earlier conversation."""
    language: str = Field(default="en", max_length=35)


class RealtimeSession(Wire):
    """A session's settings; every field has the default that a client gets who sends none."""

    type: Literal["realtime"] = "realtime"
    object: Literal["realtime.session"] | None = None
    id: Id | None = None
    """Told by the server."""
    model: str | None = Field(default=None, max_length=100)
    expires_at: int | None = None
    """Told by the server; seconds since 1970."""
    output_modalities: tuple[Literal["text", "audio"], ...] = Field(
        default=("audio",), min_length=1, max_length=2
    )
    instructions: str = Field(default="", max_length=20_000)
    audio: Audio = Audio()
    tools: tuple[dict[str, Any], ...] = Field(default=(), max_length=128)
    nearfield: Nearfield | None = None

    @property
    def speaks(self) -> bool:
        """Whether answers are sound; what is said is told as its transcript then."""
        return "audio" in self.output_modalities

    def takes(self, extra: Extra) -> bool:
        """Whether the client asked for this kind of event of ours."""
        return self.nearfield is not None and extra in self.nearfield.events


_WHOLE: Final = frozenset({"format", "turn_detection", "transcription", "output_modalities", "tools"})
"""A client that sends one of these means all of it."""


def updated(session: RealtimeSession, change: RealtimeSession) -> RealtimeSession:
    """The session with what ``change`` was given; what it leaves out stays as it was."""
    told = session.model_dump(exclude_unset=True)
    return RealtimeSession.model_validate(_merged(told, change.model_dump(exclude_unset=True)))


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        before = merged.get(key)
        nested = isinstance(before, dict) and isinstance(value, dict) and key not in _WHOLE
        merged[key] = _merged(before, value) if nested and isinstance(before, dict) else value
    return merged
