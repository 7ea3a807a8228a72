"""The items of a conversation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nearfield_sync.messages.realtime.wire import Id, Wire

Status = Literal["completed", "incomplete", "in_progress"]


class Content(Wire):
    """A part of a message: text, or sound with its transcript."""

    type: Literal["input_text", "input_audio", "output_text", "output_audio"]
    text: str | None = None
    transcript: str | None = None
    audio: str | None = None
    """Base64 of the session's input format."""

    @property
    def words(self) -> str:
        """What it says, as far as that is known."""
        return self.text or self.transcript or ""


class Message(Wire):
    """Something that somebody said or wrote."""

    type: Literal["message"] = "message"
    id: Id | None = None
    object: Literal["realtime.item"] | None = "realtime.item"
    role: Literal["user", "assistant", "system"]
    status: Status | None = None
    content: tuple[Content, ...] = Field(default=(), max_length=32)

    @property
    def words(self) -> str:
        """All that it says."""
        return " ".join(part.words for part in self.content if part.words).strip()


class FunctionCall(Wire):
    """A call of a client's function; kept, never made by this server."""

    type: Literal["function_call"] = "function_call"
    id: Id | None = None
    object: Literal["realtime.item"] | None = "realtime.item"
    call_id: Id | None = None
    name: str = Field(max_length=200)
    arguments: str
    status: Status | None = None


class FunctionCallOutput(Wire):
    """What a client's function gave; kept, never asked for by this server."""

    type: Literal["function_call_output"] = "function_call_output"
    id: Id | None = None
    object: Literal["realtime.item"] | None = "realtime.item"
    call_id: Id
    output: str
    status: Status | None = None


Item = Annotated[Message | FunctionCall | FunctionCallOutput, Field(discriminator="type")]


def user_text(text: str, *, item_id: str | None = None) -> Message:
    """What a person asks, in words."""
    return Message(id=item_id, role="user", content=(Content(type="input_text", text=text),))


def assistant_text(text: str, *, item_id: str | None = None) -> Message:
    """What was answered, in words."""
    return Message(id=item_id, role="assistant", content=(Content(type="output_text", text=text),))
