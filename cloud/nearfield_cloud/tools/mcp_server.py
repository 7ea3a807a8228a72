"""Tools of an MCP server: a program on its standard streams, or a service over streamable HTTP.

The official SDK speaks the protocol. One connection is kept by a task of its own, because the SDK wants to be
entered and left in the same one; a broken connection is dropped, and the next call makes another.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeVar

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CONNECTION_CLOSED, TextContent
from pydantic import ValidationError

from nearfield_cloud.errors import ToolError
from nearfield_cloud.timing import ended
from nearfield_cloud.tools.tool import Offered, RawResult
from nearfield_sync.messages.turn_record import Json

Transport = AbstractAsyncContextManager[Any]
"""What the SDK reads from and writes to."""
_Answer = TypeVar("_Answer")
_MOST_PAGES: Final = 100
_LEAVING_SECONDS: Final = 5.0
"""The SDK ends a program within that; what takes longer is cancelled."""


@asynccontextmanager
async def program(command: Sequence[str], environment: Mapping[str, str]) -> AsyncIterator[Any]:
    """A transport to a program that is started for it; what it writes to standard error is not kept."""
    parameters = StdioServerParameters(
        command=command[0], args=list(command[1:]), env=dict(environment), encoding_error_handler="replace"
    )
    with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230, PTH123  (a device, not a disk)
        async with stdio_client(parameters, errlog=nowhere) as streams:
            yield streams


class McpServer:
    """A `ToolServer` that speaks MCP."""

    def __init__(self, name: str, transport: Callable[[], Transport], *, most_tools: int) -> None:
        """Prepare; nothing is started.

        Args:
            name: Begins messages.
            transport: Makes the way to the server, each time anew.
            most_tools: It may offer.
        """
        self._name = name
        self._transport = transport
        self._most_tools = most_tools
        self._keeper: asyncio.Task[None] | None = None
        self._connected: asyncio.Future[Client] | None = None
        self._leave = asyncio.Event()

    async def offered(self) -> Sequence[Offered]:
        """Say what can be called.

        Raises:
            ToolError: The server cannot be reached or talks nonsense.
        """
        found: list[Offered] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            client = await self._client()
            page = await self._answer(client.list_tools(cursor=cursor))
            found += [
                Offered(
                    name=tool.name,
                    description=tool.description or tool.title or "",
                    parameters=tool.input_schema,
                    result=tool.output_schema,
                )
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None and len(found) <= self._most_tools:
                return found
            if len(found) > self._most_tools:
                break
        raise ToolError(f"tools.{self._name}: the server offers over {self._most_tools} tools")

    async def call(self, name: str, arguments: Mapping[str, Json]) -> RawResult:
        """Call a tool.

        Raises:
            ToolError: It gave no answer that could be read.
        """
        client = await self._client()
        result = await self._answer(client.call_tool(name, dict(arguments)))
        texts = [block.text for block in result.content if isinstance(block, TextContent)]
        return RawResult(
            text="\n".join(texts), structured=result.structured_content, refused=bool(result.is_error)
        )

    async def reset(self) -> None:
        """Drop the connection: it has been failing."""
        keeper, leave = self._keeper, self._leave
        self._forget()
        if keeper is None:
            return
        leave.set()
        done, _ = await asyncio.wait({keeper}, timeout=_LEAVING_SECONDS)
        if not done:
            await ended(keeper)

    async def aclose(self) -> None:
        """End for good."""
        await self.reset()

    async def _answer(self, asked: Awaitable[_Answer]) -> _Answer:
        try:
            return await asked
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                self._forget()
            raise ToolError(f"tools.{self._name}: the server answered with error {error.code}") from error
        except (ValidationError, ValueError, RuntimeError) as error:
            raise ToolError(f"tools.{self._name}: the server's answer is not what MCP allows") from error
        except (OSError, EOFError) as error:
            self._forget()
            raise ToolError(f"tools.{self._name}: the connection broke") from error

    async def _client(self) -> Client:
        if self._connected is None or self._keeper is None or self._keeper.done():
            self._connected = asyncio.get_running_loop().create_future()
            self._leave = asyncio.Event()
            keeping = self._keep(self._connected, self._leave)
            self._keeper = asyncio.create_task(keeping, name=f"tools {self._name}")
        return await asyncio.shield(self._connected)

    async def _keep(self, connected: asyncio.Future[Client], leave: asyncio.Event) -> None:
        """Hold a connection open until it is to be left; a fault goes to whoever waits for it."""
        try:
            async with Client(self._transport(), cache=None) as client:
                connected.set_result(client)
                await leave.wait()
        except asyncio.CancelledError:
            connected.cancel()
            raise
        except Exception as error:
            # The SDK passes on what its transports raise, in groups: whatever it is, there is no connection.
            if not connected.done():
                fault = ToolError(f"tools.{self._name}: the server cannot be reached ({_kind(error)})")
                connected.set_exception(fault)
                connected.exception()  # seen, even if nobody waits any more

    def _forget(self) -> None:
        """Let the keeper end by itself; the next call connects anew."""
        self._leave.set()
        self._keeper = self._connected = None


def _kind(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
