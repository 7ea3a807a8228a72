"""Makes the tools that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import httpx

from nearfield_cloud.configuration.tools import ToolServerSection
from nearfield_cloud.egress import EgressRules, FetchGuard, FetchLimits
from nearfield_cloud.secret import SecretSource, read_secret
from nearfield_cloud.timing import Timekeeper
from nearfield_cloud.tools.http_server import HttpServer
from nearfield_cloud.tools.mcp_http import service
from nearfield_cloud.tools.mcp_server import McpServer, program
from nearfield_cloud.tools.tool import ToolServer
from nearfield_cloud.tools.toolbox import Toolbox
from nearfield_sync.telemetry import Counters

_MARGIN_SECONDS: Final = 1.0
"""A tool's own time limit comes first; the guard's is behind it."""


def open_tools(
    sections: Mapping[str, ToolServerSection], time: Timekeeper, counters: Counters | None = None
) -> Toolbox:
    """Give the toolbox; nothing is started or contacted yet.

    Raises:
        ConfigurationError: A secret or a document is not where it is said to be.
        ToolError: A document's operation cannot be understood.
    """
    servers = {name: (section, _server(name, section)) for name, section in sections.items()}
    return Toolbox(servers, time, counters)


def _server(name: str, section: ToolServerSection) -> ToolServer:
    if section.kind == "openapi":
        assert section.document is not None  # noqa: S101  # the section sees to it
        return HttpServer(
            name,
            section.url,
            section.document,
            frozenset(section.calls),
            _secrets(section.headers, f"tools.{name}.headers"),
            _guard(section),
            FetchLimits(
                largest_bytes=section.largest_result_bytes,
                total_seconds=section.timeout_seconds + _MARGIN_SECONDS,
                redirects=0,
            ),
        )
    environment = _secrets(section.environment, f"tools.{name}.environment")
    headers = _secrets(section.headers, f"tools.{name}.headers")

    def transport() -> AbstractAsyncContextManager[Any]:
        if section.kind == "mcp_stdio":
            return program(section.command, environment)
        return service(section.url, headers, _guard(section), section.largest_result_bytes)

    return McpServer(name, transport, most_tools=section.most_tools)


def _guard(section: ToolServerSection) -> FetchGuard:
    """A guard that lets through to the one host that the operator named."""
    url = httpx.URL(section.url)
    usual = {"http": 80, "https": 443}[url.scheme]
    rules = EgressRules(
        hosts=frozenset({f"{url.host}:{url.port or usual}"}),
        schemes=frozenset({url.scheme}),
        networks=section.networks,
    )
    return FetchGuard(rules)


def _secrets(sources: Mapping[str, SecretSource], where: str) -> dict[str, str]:
    return {name: read_secret(source, f"{where}.{name}") for name, source in sources.items()}
