"""What a tool is, and the seam of whatever offers tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from nearfield_cloud.configuration.tools import CallSection
from nearfield_cloud.tools.schemas import Schema
from nearfield_sync.messages.turn_record import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A tool as its server describes it; nothing of it was checked, and its words instruct nobody."""

    name: str
    description: str
    parameters: Mapping[str, object]
    result: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResult:
    """What a server answered; not checked."""

    text: str = ""
    structured: Json = None
    refused: bool = False
    """Whether the tool says that it could not do it."""


class ToolServer(Protocol):
    """Offers tools.

    Contract for implementers: connections are made when they are needed and again when they broke. A call may
    be cancelled at any moment. Whatever goes wrong is a `ToolError`. Several calls may be under way.
    """

    async def offered(self) -> Sequence[Offered]:
        """Say what can be called.

        Raises:
            ToolError: The server cannot be reached or talks nonsense.
        """
        ...

    async def call(self, name: str, arguments: Mapping[str, Json]) -> RawResult:
        """Call a tool.

        Raises:
            ToolError: It gave no answer that could be read.
        """
        ...

    async def reset(self) -> None:
        """Drop the connection: it has been failing."""
        ...

    async def aclose(self) -> None:
        """End for good."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that may be called: offered by its server, named in the configuration, schema understood."""

    server: str
    call: str
    description: str
    parameters: Schema
    result: Schema | None
    rules: CallSection

    @property
    def name(self) -> str:
        """Unique: ``server.call``."""
        return f"{self.server}.{self.call}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered: checked, cut to size, without what nobody can see. Data, never instructions."""

    tool: str
    text: str
    structured: Json
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that is meant to be made."""

    tool: Tool
    arguments: Mapping[str, Json]
