"""Events that a server sends, of OpenAI's Realtime; ours are in `nearfield`."""

from __future__ import annotations

from typing import Any, Literal

from nearfield_sync.messages.realtime.items import Item
from nearfield_sync.messages.realtime.session import RealtimeSession
from nearfield_sync.messages.realtime.wire import Id, ServerWire, Wire


class Fault(Wire):
    """What went wrong, by name and in a sentence."""

    type: Literal["invalid_request_error", "server_error", "too_much"] = "invalid_request_error"
    code: str | None = None
    message: str
    param: str | None = None
    event_id: str | None = None
    """Of the client's event that caused it."""


class ErrorTold(ServerWire):
    """Something went wrong; the session goes on."""

    type: Literal["error"] = "error"
    error: Fault


class SessionCreated(ServerWire):
    """The first event of a connection."""

    type: Literal["session.created"] = "session.created"
    session: RealtimeSession


class SessionUpdated(ServerWire):
    """The settings now in force."""

    type: Literal["session.updated"] = "session.updated"
    session: RealtimeSession


class SpeechStarted(ServerWire):
    """Somebody began to speak; times are counted in the sound of the session."""

    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    audio_start_ms: int
    item_id: Id


class SpeechStopped(ServerWire):
    """Somebody has spoken."""

    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    audio_end_ms: int
    item_id: Id


class AudioCommitted(ServerWire):
    """What was in the input buffer is a message."""

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    item_id: Id
    previous_item_id: Id | None = None


class AudioCleared(ServerWire):
    """The input buffer is empty."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"


class IdleTimeout(ServerWire):
    """Nobody has spoken for ``idle_timeout_ms`` after an answer."""

    type: Literal["input_audio_buffer.timeout_triggered"] = "input_audio_buffer.timeout_triggered"
    audio_start_ms: int
    audio_end_ms: int
    item_id: Id


class ItemAdded(ServerWire):
    """The conversation has grown."""

    type: Literal["conversation.item.added"] = "conversation.item.added"
    previous_item_id: Id | None = None
    item: Item


class ItemDone(ServerWire):
    """An item is whole."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    previous_item_id: Id | None = None
    item: Item


class ItemDeleted(ServerWire):
    """An item is gone."""

    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    item_id: Id


class ItemTruncated(ServerWire):
    """An item holds only what was heard of it."""

    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    item_id: Id
    content_index: int
    audio_end_ms: int


class ItemRetrieved(ServerWire):
    """The item asked for."""

    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    item: Item


class TranscriptDelta(ServerWire):
    """More of what was heard."""

    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    item_id: Id
    content_index: int = 0
    delta: str


class SoundUsage(Wire):
    """How much was recognised."""

    type: Literal["duration"] = "duration"
    seconds: float


class TranscriptCompleted(ServerWire):
    """What was heard."""

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    item_id: Id
    content_index: int = 0
    transcript: str
    usage: SoundUsage


class TranscriptFailed(ServerWire):
    """What was said could not be recognised."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    item_id: Id
    content_index: int = 0
    error: Fault


class ResponseStatus(Wire):
    """Why a response ended otherwise than whole."""

    type: Literal["cancelled", "incomplete", "failed"]
    reason: Literal["turn_detected", "client_cancelled", "max_output_tokens", "content_filter"] | None = None
    error: Fault | None = None


class Usage(Wire):
    """What an answer took of the language model."""

    total_tokens: int = 0


class Response(Wire):
    """An answer and how far it is."""

    object: Literal["realtime.response"] = "realtime.response"
    id: Id
    status: Literal["in_progress", "completed", "cancelled", "failed", "incomplete"]
    status_details: ResponseStatus | None = None
    output: tuple[Item, ...] = ()
    output_modalities: tuple[Literal["text", "audio"], ...] = ("audio",)
    conversation_id: Id | None = None
    metadata: dict[str, Any] | None = None
    usage: Usage | None = None


class ResponseCreated(ServerWire):
    """An answer is being made."""

    type: Literal["response.created"] = "response.created"
    response: Response


class ResponseDone(ServerWire):
    """An answer is over: whole, cancelled or failed."""

    type: Literal["response.done"] = "response.done"
    response: Response


class OutputItemAdded(ServerWire):
    """An answer has begun a message."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    response_id: Id
    output_index: int = 0
    item: Item


class OutputItemDone(ServerWire):
    """A message of an answer is whole."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    response_id: Id
    output_index: int = 0
    item: Item


class Part(Wire):
    """A part of an answer's message."""

    type: Literal["text", "audio"]
    text: str | None = None
    transcript: str | None = None


class _OfPart(ServerWire):
    response_id: Id
    item_id: Id
    output_index: int = 0
    content_index: int = 0


class PartAdded(_OfPart):
    """A part has begun."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: Part


class PartDone(_OfPart):
    """A part is whole."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: Part


class TextDelta(_OfPart):
    """The next sentence of an answer, whole; from the second on it begins with a space."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str


class TextDone(_OfPart):
    """All that was answered."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str


class AudioDelta(_OfPart):
    """More sound, in base64 of the session's output format."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str


class AudioDone(_OfPart):
    """No more sound."""

    type: Literal["response.output_audio.done"] = "response.output_audio.done"


class SpokenDelta(_OfPart):
    """The next sentence that is said, whole; from the second on it begins with a space."""

    type: Literal["response.output_audio_transcript.delta"] = "response.output_audio_transcript.delta"
    delta: str


class SpokenDone(_OfPart):
    """All that is said."""

    type: Literal["response.output_audio_transcript.done"] = "response.output_audio_transcript.done"
    transcript: str


class OutputStarted(ServerWire):
    """Sound of an answer goes out on the track."""

    type: Literal["output_audio_buffer.started"] = "output_audio_buffer.started"
    response_id: Id


class OutputStopped(ServerWire):
    """All sound of an answer went out."""

    type: Literal["output_audio_buffer.stopped"] = "output_audio_buffer.stopped"
    response_id: Id


class OutputCleared(ServerWire):
    """The rest of an answer's sound was dropped."""

    type: Literal["output_audio_buffer.cleared"] = "output_audio_buffer.cleared"
    response_id: Id
