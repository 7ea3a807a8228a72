"""Text to events and back.

Whatever comes in, the answer is an event or `MessageError`. A server's event of a kind that this version does
not know is `Unknown`, not an error: a newer server may say more. A client's is an error, which names it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from nearfield_sync.errors import MessageError
from nearfield_sync.messages.realtime.client import AnyClientEvent, ClientEvent
from nearfield_sync.messages.realtime.nearfield import AnyServerEvent, ServerEvent
from nearfield_sync.messages.realtime.session import RealtimeSession
from nearfield_sync.messages.realtime.wire import ClientWire, ServerWire

LARGEST_BYTES: Final = 1024 * 1024
"""Of an event, where the reader sets no limit of its own: 15 s of sound."""
_UNKNOWN_TYPE: Final = "union_tag_invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A server's event of a kind that this version does not know."""

    type: str


@cache
def _client_events() -> TypeAdapter[ClientEvent]:
    return TypeAdapter(AnyClientEvent)


@cache
def _server_events() -> TypeAdapter[ServerEvent]:
    return TypeAdapter(AnyServerEvent)


def read_client_event(text: str | bytes, *, largest_bytes: int = LARGEST_BYTES) -> ClientEvent:
    """Read what a client sent.

    Raises:
        MessageError: It is too large, no JSON, of no kind that a client sends, or a field of it is wrong.
    """
    _check_size(text, largest_bytes)
    try:
        return _client_events().validate_json(text)
    except (ValidationError, ValueError, RecursionError) as error:
        raise _refusal(error) from error


def read_server_event(text: str | bytes, *, largest_bytes: int = LARGEST_BYTES) -> ServerEvent | Unknown:
    """Read what a server sent.

    Raises:
        MessageError: It is too large, no JSON, or a field of a known kind is wrong.
    """
    _check_size(text, largest_bytes)
    try:
        return _server_events().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == _UNKNOWN_TYPE:
            return Unknown(type=str(first["ctx"]["tag"])[:100])
        raise _refusal(error) from error
    except (ValueError, RecursionError) as error:
        raise _refusal(error) from error


def read_session(text: str | bytes, *, largest_bytes: int = LARGEST_BYTES) -> RealtimeSession:
    """Read the ``session`` that comes with an offer or a request for a secret.

    Raises:
        MessageError: It is too large, no JSON, or a field of it is wrong.
    """
    _check_size(text, largest_bytes)
    try:
        return RealtimeSession.model_validate_json(text)
    except (ValidationError, ValueError, RecursionError) as error:
        raise _refusal(error) from error


def write_event(event: ClientWire | ServerWire) -> str:
    """Give an event as text."""
    return event.model_dump_json(exclude_none=True)


def event_id_of(text: str | bytes) -> str | None:
    """The id of a client's event that could not be read, where it has one; for the error that names it."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = raw.get("event_id") if isinstance(raw, dict) else None
    return found[:200] if isinstance(found, str) else None


def _check_size(text: str | bytes, largest_bytes: int) -> None:
    size = len(text)  # characters of a text are fewer than its bytes, and quick to count
    if size > largest_bytes:
        raise MessageError(f"an event of {size} bytes, at most {largest_bytes} are taken")


def _refusal(error: Exception) -> MessageError:
    if not isinstance(error, ValidationError):
        return MessageError("not an event: no text that can be read")
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == _UNKNOWN_TYPE:
        return MessageError(f"there is no event of type {str(first['ctx']['tag'])[:100]!r}")
    place = ".".join(str(part) for part in first["loc"])[:200]
    return MessageError(f"not an event: {place + ': ' if place else ''}{first['msg'][:200]}")
