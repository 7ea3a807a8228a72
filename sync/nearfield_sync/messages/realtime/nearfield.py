"""Events that a server sends and OpenAI's Realtime lacks; only to sessions that ask for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from nearfield_sync.messages.realtime import server
from nearfield_sync.messages.realtime.wire import Id, ServerWire


class Partial(ServerWire):
    """What was heard so far of a sentence that is still being said; each replaces the one before."""

    type: Literal["nearfield.partial"] = "nearfield.partial"
    item_id: Id
    text: str


class CitationTold(ServerWire):
    """Where a sentence comes from; told before the sentence itself."""

    type: Literal["nearfield.citation"] = "nearfield.citation"
    response_id: Id
    item_id: Id
    sentence: int
    """Of the answer, from 0."""
    document: str
    source: str
    quote: str
    chunk_id: str


class Heartbeat(ServerWire):
    """The server lives."""

    type: Literal["nearfield.heartbeat"] = "nearfield.heartbeat"
    sent_ms: float
    """On the sender's monotonic clock."""
    sequence: int


class RouteTold(ServerWire):
    """How a question is answered and why; again with the outcome just before ``response.done``."""

    type: Literal["nearfield.route"] = "nearfield.route"
    response_id: Id
    plan: str
    reason: str
    outcome: str | None = None
    may_be_kept_seconds: int = 0


class ConfirmationAsked(ServerWire):
    """A tool would change something; nothing happens until ``nearfield.confirm``."""

    type: Literal["nearfield.confirmation"] = "nearfield.confirmation"
    response_id: Id
    call_id: Id
    tool: str
    arguments: dict[str, Any]
    question: str


class Goodbye(ServerWire):
    """This server ends the call; come back, here or elsewhere."""

    type: Literal["nearfield.goodbye"] = "nearfield.goodbye"
    reason: str
    reconnect_after_seconds: float | None = None
    """None where coming back makes no sense."""


ServerEvent = (
    server.ErrorTold
    | server.SessionCreated
    | server.SessionUpdated
    | server.SpeechStarted
    | server.SpeechStopped
    | server.AudioCommitted
    | server.AudioCleared
    | server.IdleTimeout
    | server.ItemAdded
    | server.ItemDone
    | server.ItemDeleted
    | server.ItemTruncated
    | server.ItemRetrieved
    | server.TranscriptDelta
    | server.TranscriptCompleted
    | server.TranscriptFailed
    | server.ResponseCreated
    | server.ResponseDone
    | server.OutputItemAdded
    | server.OutputItemDone
    | server.PartAdded
    | server.PartDone
    | server.TextDelta
    | server.TextDone
    | server.AudioDelta
    | server.AudioDone
    | server.SpokenDelta
    | server.SpokenDone
    | server.OutputStarted
    | server.OutputStopped
    | server.OutputCleared
    | Partial
    | CitationTold
    | Heartbeat
    | RouteTold
    | ConfirmationAsked
    | Goodbye
)
AnyServerEvent = Annotated[ServerEvent, Field(discriminator="type")]
