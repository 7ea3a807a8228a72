"""A server on loopback that speaks Chat Completions as it is told to, faults included.

What stands in a script is sent in order; nothing here pretends to be a model.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True)
class Silence:
    """The stream stays open and says nothing more."""

    keep_alive: bool = False
    """Whether comments and empty pieces are sent once before."""


Script = Sequence[bytes | Silence]


def event(data: object) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


def said(*pieces: str) -> list[bytes]:
    """Pieces of text, without an end."""
    return [STREAM, *(event({"choices": [{"index": 0, "delta": {"content": piece}}]}) for piece in pieces)]


def end(reason: str = "stop", tokens: int | None = 40) -> list[bytes]:
    usage = [event({"choices": [], "usage": {"total_tokens": tokens}})] if tokens is not None else []
    return [
        event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}),
        *usage,
        b"data: [DONE]\n\n",
    ]


def answer(*pieces: str, tokens: int | None = 40) -> list[bytes]:
    return [*said(*pieces), *end(tokens=tokens)]


def answer_json(value: object) -> list[bytes]:
    return answer(json.dumps(value))


def call(name: str, arguments: str) -> list[bytes]:
    """A tool call, its arguments in two pieces."""
    half = len(arguments) // 2
    pieces: list[dict[str, Any]] = [
        {"index": 0, "id": "1", "function": {"name": name, "arguments": arguments[:half]}},
        {"index": 0, "function": {"arguments": arguments[half:]}},
    ]
    sent = [event({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]}) for piece in pieces]
    return [STREAM, *sent, *end("tool_calls")]


def status(code: int) -> list[bytes]:
    return [f"HTTP/1.1 {code} No\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}".encode()]


@dataclass
class ModelServer:
    """What was asked of it, and what it will answer next."""

    url: str = ""
    scripts: list[Script] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when everything before a silence was sent."""
    closed_early: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the asker hung up while the server was silent."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if b"content-length" in line
            )
            self.headers.append(head)
            self.asked.append(json.loads(await reader.readexactly(length)))
            for part in self.scripts.pop(0):
                await self._send(part, reader, writer)
        writer.close()

    def hang_up(self) -> None:
        """End every connection that is still open."""
        for writer in self._writers:
            writer.close()

    async def _send(
        self, part: bytes | Silence, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if isinstance(part, bytes):
            writer.write(part)
        elif part.keep_alive:
            writer.write(b": still here\n\n" + event({"choices": [{"delta": {"content": ""}}]}))
        await writer.drain()
        if isinstance(part, Silence):
            self.silent.set()
            await reader.read()
            self.closed_early.set()


@asynccontextmanager
async def model_server(*scripts: Script) -> AsyncIterator[ModelServer]:
    """A server on a free port, for as long as the block lasts."""
    served = ModelServer(scripts=list(scripts))
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server:
        yield served
        served.hang_up()
