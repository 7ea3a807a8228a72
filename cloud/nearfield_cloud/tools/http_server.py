"""Tools of an HTTP service that an OpenAPI document describes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from nearfield_cloud.egress import Fetched, FetchGuard, FetchLimits
from nearfield_cloud.errors import EgressError, ToolArgumentsError, ToolError
from nearfield_cloud.tools.openapi import Operation, read_document, read_operations
from nearfield_cloud.tools.tool import Offered, RawResult
from nearfield_sync.messages.turn_record import Json

_DOTS: Final = frozenset({"", ".", ".."})
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]*")
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "authorization", "cookie"}
)
"""Headers that no argument may set."""


class HttpServer:
    """A `ToolServer` of the operations of a service."""

    def __init__(
        self,
        name: str,
        url: str,
        document: Path,
        calls: frozenset[str],
        headers: Mapping[str, str],
        guard: FetchGuard,
        limits: FetchLimits,
    ) -> None:
        """Read the document; nothing is contacted.

        Args:
            name: Begins messages.
            url: Of the service, before each operation's path.
            document: The description.
            calls: The operations that are wanted.
            headers: Secrets that are sent along; they outrank arguments.
            guard: Judges where requests go.
            limits: Of one request.

        Raises:
            ConfigurationError: The document cannot be read.
            ToolError: An operation cannot be understood.
        """
        self._name = name
        self._url = url
        self._headers = {key.lower(): value for key, value in headers.items()}
        self._guard = guard
        self._limits = limits
        operations = read_operations(read_document(document), calls, f"tools.{name}")
        self._operations = {operation.name: operation for operation in operations}

    async def offered(self) -> Sequence[Offered]:
        """Say what can be called."""
        return [
            Offered(
                name=each.name, description=each.description, parameters=each.parameters, result=each.result
            )
            for each in self._operations.values()
        ]

    async def call(self, name: str, arguments: Mapping[str, Json]) -> RawResult:
        """Call an operation.

        Raises:
            ToolArgumentsError: An argument cannot stand where it goes.
            ToolError: No answer, a broken one, or one that says it failed.
        """
        operation = self._operations.get(name)
        if operation is None:
            raise ToolError(f"tools.{self._name}: the document has no operation {name}")
        url, headers, body = request_of(operation, self._url, arguments)
        try:
            answer = await self._guard.fetch(
                url,
                method=operation.method,
                headers={**headers, "accept": "application/json, text/plain", **self._headers},
                body=body,
                limits=self._limits,
            )
        except EgressError as error:
            raise ToolError(f"tools.{self._name}: {name} was not reached ({error.code})") from error
        return _read(answer, f"tools.{self._name}: {name}")

    async def reset(self) -> None:
        """Nothing is kept between requests."""

    async def aclose(self) -> None:
        """Nothing is kept between requests."""


def request_of(
    operation: Operation, url: str, arguments: Mapping[str, Json]
) -> tuple[str, dict[str, str], bytes | None]:
    """Give address, headers and body of a call.

    Raises:
        ToolArgumentsError: An argument cannot stand where it goes.
    """
    by_place: dict[str, dict[str, Json]] = {"path": {}, "query": {}, "header": {}, "body": {}}
    for key, value in arguments.items():
        by_place[operation.places[key]][key] = value
    path = operation.path
    for key, value in by_place["path"].items():
        text = _plain(value, key)
        if text in _DOTS:
            raise ToolArgumentsError(f"argument {key} would change the path of the request")
        path = path.replace("{" + key + "}", quote(text, safe=""))
    query = urlencode(
        [
            (key, _plain(item, key))
            for key, value in by_place["query"].items()
            for item in (value if isinstance(value, list) else [value])
        ]
    )
    headers = {}
    for key, value in by_place["header"].items():
        headers[key.lower()] = _plain(value, key)
        if key.lower() in _OURS or not _HEADER_VALUE.fullmatch(headers[key.lower()]):
            raise ToolArgumentsError(f"argument {key} cannot stand in a header")
    body = None
    if "body" in operation.places.values():
        body = json.dumps(by_place["body"]).encode()
        headers["content-type"] = "application/json"
    return f"{url}{path}" + (f"?{query}" if query else ""), headers, body


def _plain(value: Json, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ToolArgumentsError(f"argument {key} has to be a text or a number")


def _read(answer: Fetched, what: str) -> RawResult:
    if answer.status >= 500:
        raise ToolError(f"{what} answered with status {answer.status}")
    if answer.status >= 300:
        return RawResult(text=f"status {answer.status}", refused=True)
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            structured: Any = json.loads(answer.body) if answer.body else None
            return RawResult(structured=structured)
        if kind.startswith("text/plain") or not answer.body:
            return RawResult(text=answer.body.decode())
    except (ValueError, RecursionError) as error:
        raise ToolError(f"{what} answered with a body that is no {kind}") from error
    raise ToolError(f"{what} answered with {kind or 'nothing known'}, expected JSON or plain text")
