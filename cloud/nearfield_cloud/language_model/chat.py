"""The seam of language models: what they are asked and what they answer.

Contract for implementers: `LanguageModel.stream` yields what arrives while it arrives and ends with
`ModelFinished`. After `Restarted` only ``kept`` of the text so far still holds, and what follows goes on
behind it. A tool call is given whole or not at all, its arguments an object that nobody has checked yet.
Closing the stream ends the request.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOffer:
    """A tool that the model may ask for."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """JSON schema of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the answer's JSON must look like."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What a model is asked."""

    messages: tuple[Message, ...]
    most_tokens: int
    """Of the answer."""
    offers: tuple[ToolOffer, ...] = ()
    shape: Shape | None = None

    @property
    def prompt_tokens(self) -> int:
        """An estimate, rather too high: a token of English is about four characters."""
        offers = sum(len(offer.description) + len(str(offer.parameters)) for offer in self.offers)
        shape = len(str(self.shape.schema)) if self.shape else 0
        return estimated_tokens(sum(len(message.text) + 16 for message in self.messages) + offers + shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextArrived:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequested:
    """The model asks for a tool."""

    tool: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """An endpoint failed and the next one goes on."""

    endpoint: str
    """The one that failed."""
    fault: str
    """One sentence, without anything that was said."""
    kept: str
    """Whole sentences of the text so far; the rest is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFinished:
    """The answer is whole."""

    endpoint: str
    tokens: int
    """Of prompt and answer; estimated where the endpoint does not tell."""
    cut: bool = False
    """Whether the answer stopped at its longest."""


ModelEvent = TextArrived | CallRequested | Restarted | ModelFinished


class LanguageModel(Protocol):
    """Answers chats."""

    def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer; to be used under ``aclosing``.

        Raises:
            LanguageModelError: No whole and well-formed answer could be had.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def estimated_tokens(characters: int) -> int:
    """How many tokens so many characters are, rather too many."""
    return -(-characters // 3)
