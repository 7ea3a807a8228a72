"""MCP over streamable HTTP, through the guard: the SDK's HTTP client connects to judged addresses only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from mcp.client.streamable_http import streamable_http_client

from nearfield_cloud.egress import FetchGuard
from nearfield_cloud.errors import EgressError

_CONNECT_SECONDS: Final = 5.0


@asynccontextmanager
async def service(
    url: str, headers: Mapping[str, str], guard: FetchGuard, largest_bytes: int
) -> AsyncIterator[Any]:
    """A transport to an MCP server elsewhere.

    Args:
        url: Its endpoint.
        headers: Secrets that it is sent.
        guard: Judges where it is.
        largest_bytes: Of one answer.
    """
    transport = _GuardedTransport(guard, largest_bytes)
    async with (
        httpx2.AsyncClient(
            transport=transport,
            headers={"accept-encoding": "identity", **headers},
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
            trust_env=False,
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=largest_bytes) as streams,
    ):
        yield streams


class _GuardedTransport(httpx2.AsyncBaseTransport):
    """Connects to the address that was judged, and still asks for and verifies the name."""

    def __init__(self, guard: FetchGuard, largest_bytes: int) -> None:
        self._guard = guard
        self._largest_bytes = largest_bytes
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            destination = await self._guard.destination(str(request.url))
        except EgressError as error:
            raise httpx2.ConnectError(str(error)) from error
        failure: httpx2.TransportError | None = None
        for address in destination.addresses:
            pinned = httpx2.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # its Host is the name's
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": destination.host},
            )
            try:
                return self._capped(await self._inner.handle_async_request(pinned))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failure = error  # nothing was sent yet
        raise failure or httpx2.ConnectError("no address")

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _capped(self, response: httpx2.Response) -> httpx2.Response:
        stream = response.stream
        assert isinstance(stream, httpx2.AsyncByteStream)  # noqa: S101  # of an asynchronous transport
        return httpx2.Response(
            status_code=response.status_code,
            headers=response.headers,
            stream=_Capped(stream, self._largest_bytes),
            extensions=response.extensions,
        )


class _Capped(httpx2.AsyncByteStream):
    """Bytes of an answer, up to so many."""

    def __init__(self, inner: httpx2.AsyncByteStream, largest_bytes: int) -> None:
        self._inner = inner
        self._left = largest_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError("the answer is larger than allowed")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()
