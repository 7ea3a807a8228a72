"""Events that a client sends."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nearfield_sync.messages.realtime.items import Item
from nearfield_sync.messages.realtime.session import RealtimeSession
from nearfield_sync.messages.realtime.wire import ClientWire, Id, Wire


class SessionUpdate(ClientWire):
    """Change settings; what is left out stays."""

    type: Literal["session.update"] = "session.update"
    session: RealtimeSession


class AudioAppend(ClientWire):
    """Add sound to the input buffer."""

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    audio: str
    """Base64 of the session's input format."""


class AudioCommit(ClientWire):
    """What is in the input buffer is a message."""

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"


class AudioClear(ClientWire):
    """Forget what is in the input buffer."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"


class ItemCreate(ClientWire):
    """Add to the conversation."""

    type: Literal["conversation.item.create"] = "conversation.item.create"
    previous_item_id: Id | None = None
    """After which item; ``root`` puts it first, None last."""
    item: Item


class ItemDelete(ClientWire):
    """Take an item out of the conversation."""

    type: Literal["conversation.item.delete"] = "conversation.item.delete"
    item_id: Id


class ItemRetrieve(ClientWire):
    """Ask for an item."""

    type: Literal["conversation.item.retrieve"] = "conversation.item.retrieve"
    item_id: Id


class ItemTruncate(ClientWire):
    """Say how much of a spoken answer was heard; the rest never was said."""

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    item_id: Id
    content_index: int = Field(ge=0, le=64)
    audio_end_ms: int = Field(ge=0, le=86_400_000)


class ResponseRequest(Wire):
    """How one response differs from the session's settings."""

    output_modalities: tuple[Literal["text", "audio"], ...] | None = Field(
        default=None, min_length=1, max_length=2
    )
    instructions: str | None = Field(default=None, max_length=20_000)
    conversation: Literal["auto", "none"] = "auto"
    input: tuple[Item, ...] | None = Field(default=None, max_length=256)
    metadata: dict[str, Any] | None = Field(default=None, max_length=16)
    """Told back with the response. ``traceparent`` and ``turn_id`` are taken from here."""
    tools: tuple[dict[str, Any], ...] = Field(default=(), max_length=128)


class ResponseCreate(ClientWire):
    """Answer now."""

    type: Literal["response.create"] = "response.create"
    response: ResponseRequest | None = None


class ResponseCancel(ClientWire):
    """Stop answering."""

    type: Literal["response.cancel"] = "response.cancel"
    response_id: Id | None = None


class OutputClear(ClientWire):
    """Be silent: drop the sound that was not played yet, and stop answering."""

    type: Literal["output_audio_buffer.clear"] = "output_audio_buffer.clear"


class UnfinishedQuestion(ClientWire):
    """Ours: what was understood so far of a question that is still being asked."""

    type: Literal["nearfield.partial"] = "nearfield.partial"
    text: str = Field(max_length=4_000)


class Confirm(ClientWire):
    """Ours: a person's answer to `ConfirmationAsked`."""

    type: Literal["nearfield.confirm"] = "nearfield.confirm"
    call_id: Id
    agreed: bool


class Trace(ClientWire):
    """Ours: the span under which the next response is traced."""

    type: Literal["nearfield.trace"] = "nearfield.trace"
    traceparent: str = Field(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")


class ClientHeartbeat(ClientWire):
    """Ours: the client lives."""

    type: Literal["nearfield.heartbeat"] = "nearfield.heartbeat"
    sent_ms: float
    """On the sender's monotonic clock."""
    sequence: int = Field(ge=0)


ClientEvent = (
    SessionUpdate
    | AudioAppend
    | AudioCommit
    | AudioClear
    | ItemCreate
    | ItemDelete
    | ItemRetrieve
    | ItemTruncate
    | ResponseCreate
    | ResponseCancel
    | OutputClear
    | UnfinishedQuestion
    | Confirm
    | Trace
    | ClientHeartbeat
)
AnyClientEvent = Annotated[ClientEvent, Field(discriminator="type")]
