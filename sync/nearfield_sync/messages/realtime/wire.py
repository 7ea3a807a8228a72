"""What all events have in common."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

LONGEST_ID: Final = 200
"""Characters of an id from outside."""

Id = Annotated[str, Field(max_length=LONGEST_ID)]


class Wire(BaseModel):
    """A frozen object of the protocol; keys of other versions are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class ClientWire(Wire):
    """An event from the client."""

    event_id: Id | None = None
    """The client's own; an error that the event causes names it."""


class ServerWire(Wire):
    """An event from the server."""

    event_id: Id = ""
    """Unique in its session; given when the event is sent."""
