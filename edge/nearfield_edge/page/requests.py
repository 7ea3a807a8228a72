"""What a page asks of the device over ``/ws/events``."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from nearfield_edge.errors import PageRequestError

LONGEST_TEXT: Final = 500
"""Characters of a typed request."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextRequest(_Strict):
    """Somebody typed a request."""

    type: Literal["text"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]


class TalkRequest(_Strict):
    """Somebody presses the talk button: held until it is released, or tapped."""

    type: Literal["talk"]
    held: bool


class ReleaseRequest(_Strict):
    """The talk button came up."""

    type: Literal["release"]


class StopRequest(_Strict):
    """Somebody wants silence."""

    type: Literal["stop"]


class MuteRequest(_Strict):
    """Close the microphone, or open it again."""

    type: Literal["mute"]
    muted: bool


Request = TextRequest | TalkRequest | ReleaseRequest | StopRequest | MuteRequest
_REQUESTS: Final = TypeAdapter[Request](Annotated[Request, Field(discriminator="type")])


def parse_request(text: str) -> Request:
    """Read one message of a page.

    Raises:
        PageRequestError: It is no JSON object of a known type, or a field of it is wrong.
    """
    try:
        return _REQUESTS.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid":
        raise PageRequestError(
            "no such type of message: text, talk, release, stop and mute are known", code="unknown_type"
        )
    # The place begins with the message's own type.
    place = ".".join(str(part) for part in first["loc"][1:])
    raise PageRequestError(f"{place}: {first['msg']}" if place else first["msg"], code="malformed")
