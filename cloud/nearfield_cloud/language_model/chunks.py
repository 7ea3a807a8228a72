"""What the pieces of a streamed chat completion are, and their assembly into our events.

Source: OpenAI API reference, "Chat completions", "Streaming"; servers differ, so only what is used is asked
for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from nearfield_cloud.errors import LanguageModelError
from nearfield_cloud.language_model.chat import CallRequested, TextArrived, estimated_tokens


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Function(_Part):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(_Part):
    index: int = 0
    function: _Function = _Function()


class _Delta(_Part):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[_ToolCall, ...] | None = None


class _Choice(_Part):
    index: int = 0
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _Usage(_Part):
    total_tokens: int = 0


class _Chunk(_Part):
    choices: tuple[_Choice, ...] = ()
    usage: _Usage | None = None
    error: object | None = None


@dataclass(slots=True)
class _Call:
    name: str = ""
    arguments: str = ""


@dataclass(slots=True, kw_only=True)
class Assembly:
    """Puts the pieces of one answer together."""

    most_calls: int
    longest_arguments_characters: int
    finish_reason: str = ""
    usage_tokens: int = 0
    characters: int = 0
    progressed: bool = False
    """Whether the last piece brought anything, be it thought or said."""
    _calls: dict[int, _Call] = field(default_factory=dict)

    def take(self, data: str) -> Iterator[TextArrived]:
        """Take the data of one event.

        Raises:
            LanguageModelError: It is no piece of an answer, or says that the endpoint failed.
        """
        self.progressed = False
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError as error:
            raise LanguageModelError("a piece of the answer is not what Chat Completions streams") from error
        if chunk.error is not None:
            raise LanguageModelError("the endpoint broke off its answer with an error")
        if chunk.usage is not None:
            self.usage_tokens = max(chunk.usage.total_tokens, 0)
        for choice in chunk.choices:
            if choice.index == 0:
                yield from self._take_choice(choice)

    def calls(self) -> Iterator[CallRequested]:
        """The tool calls of the whole answer.

        Raises:
            LanguageModelError: One has no name, or its arguments are no JSON object.
        """
        for _, call in sorted(self._calls.items()):
            try:
                arguments = json.loads(call.arguments or "{}")
            except (ValueError, RecursionError) as error:
                raise LanguageModelError("the arguments of a tool call are no JSON") from error
            if not call.name or not isinstance(arguments, dict):
                raise LanguageModelError("a tool call has no name, or its arguments are no object")
            yield CallRequested(tool=call.name, arguments=arguments)

    def tokens(self, prompt_tokens: int) -> int:
        """What the endpoint counted, else an estimate."""
        return self.usage_tokens or prompt_tokens + estimated_tokens(self.characters)

    def _take_choice(self, choice: _Choice) -> Iterator[TextArrived]:
        delta = choice.delta
        self.finish_reason = choice.finish_reason or self.finish_reason
        thought = delta.reasoning_content or delta.reasoning or ""
        self.characters += len(thought)
        for call in delta.tool_calls or ():
            self._take_call(call)
        self.progressed = bool(thought or delta.content or delta.tool_calls or choice.finish_reason)
        if delta.content:
            self.characters += len(delta.content)
            yield TextArrived(text=delta.content)

    def _take_call(self, piece: _ToolCall) -> None:
        call = self._calls.setdefault(piece.index, _Call())
        if len(self._calls) > self.most_calls:
            raise LanguageModelError(f"the answer asks for over {self.most_calls} tool calls")
        call.name += piece.function.name or ""
        call.arguments += piece.function.arguments or ""
        self.characters += len(piece.function.arguments or "")
        if len(call.arguments) + len(call.name) > self.longest_arguments_characters:
            raise LanguageModelError(
                f"the arguments of a tool call have over {self.longest_arguments_characters} characters"
            )
