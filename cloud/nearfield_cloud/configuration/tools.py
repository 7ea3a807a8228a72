"""The tables ``[tools.NAME]``: what the assistant may call, who may have it called, and within what limits.

Only what is named here is ever called, whatever a server offers::

    [tools.shop]
    kind = "openapi"
    url = "https://shop.example.com/api"
    document = "/etc/nearfield/shop.yaml"
    allowed = [{ tenants = ["acme"], roles = ["device"], tools = ["*"] }]

    [tools.shop.calls.orderStatus]
    changes_state = false
    sentences = ["where is [my] order {number}"]
    says = "Order {number} is {result.status}."
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from nearfield_cloud.caller import Role
from nearfield_cloud.secret import SecretSource
from nearfield_sync.section import Section

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AllowedSection(Section):
    """Who may have which tools of a server called; ``*`` stands for all."""

    tenants: Annotated[tuple[str, ...], Field(min_length=1)]
    roles: Annotated[tuple[Role | Literal["*"], ...], Field(min_length=1)]
    tools: Annotated[tuple[str, ...], Field(min_length=1)]


class CallSection(Section):
    """One tool of a server: an MCP tool's name, or an operation's ``operationId``."""

    description: Annotated[str, Field(max_length=1_000)] = ""
    """Instead of the server's own, which is outside text."""
    changes_state: bool = True
    """Whether it does more than read. Then a person is asked first."""
    sensitive: bool = False
    """Whether it reveals what not everybody may know."""
    unattended: bool = False
    """Whether it may change state without asking; never beside sensitive data."""
    sentences: Annotated[tuple[Sentence, ...], Field(max_length=200)] = ()
    """Templates as in a skill: ``where is [my] order {number}``; slots are named like the arguments."""
    lists: dict[str, Any] = Field(default_factory=dict)
    """Values of the slots, as in a skill's sentences; any words where a slot has none."""
    examples: Annotated[tuple[Sentence, ...], Field(max_length=200)] = ()
    """Questions that it answers; what means about the same is taken for it too."""
    says: Annotated[str, Field(max_length=1_000)] = ""
    """What is spoken of a result without a language model: ``{argument}``, ``{result.path.to.value}``."""
    asks: dict[str, Sentence] = Field(default_factory=dict)
    """What to ask where an argument is missing, by its name."""
    confirms: Annotated[str, Field(max_length=500)] = ""
    """What to ask before state is changed: ``Shall I order {number} again?``."""

    @model_validator(mode="after")
    def _rule_of_two(self) -> Self:
        if self.unattended and self.sensitive and self.changes_state:
            raise ValueError("what is sensitive and changes state cannot be unattended")
        return self


class ToolServerSection(Section):
    """Where tools are: a program that speaks MCP, a service that does, or one with an OpenAPI document."""

    kind: Literal["mcp_stdio", "mcp_http", "openapi"]
    command: tuple[str, ...] = ()
    """Of ``mcp_stdio``: program and arguments."""
    environment: dict[str, SecretSource] = Field(default_factory=dict)
    """Secrets that the program is given; of ours it sees only PATH, HOME and the like."""
    url: Annotated[str, Field(max_length=2_000)] = ""
    """Of the others: ``https://...``; without a query."""
    document: Path | None = None
    """Of ``openapi``: the description, JSON or YAML, kept by the operator and not fetched."""
    headers: dict[str, SecretSource] = Field(default_factory=dict)
    """Secrets that are sent along, such as ``Authorization``."""
    networks: tuple[Network, ...] = ()
    """Networks that the host may be in although they are not public."""
    allowed: tuple[AllowedSection, ...] = ()
    """Who may have them called; nobody if empty."""
    calls: dict[Name, CallSection] = Field(default_factory=dict)
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 3.0
    at_once: Annotated[int, Field(ge=1, le=1_000)] = 4
    """Calls of one tool that may be under way; one more is refused at once."""
    failures: Annotated[int, Field(ge=1, le=100)] = 3
    """So many of a tool in a row, and it is left alone for ``rest_seconds``."""
    rest_seconds: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    largest_result_bytes: Annotated[int, Field(ge=256, le=64_000_000)] = 262_144
    longest_result_characters: Annotated[int, Field(ge=64, le=100_000)] = 4_000
    """What is kept of a result's text, and of each text in it."""
    most_tools: Annotated[int, Field(ge=1, le=10_000)] = 500
    """That a server may offer."""

    @field_validator("url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        if url and (not url.startswith(("http://", "https://")) or "?" in url or "#" in url):
            raise ValueError("a URL begins with http:// or https:// and has no query")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needs = {"mcp_stdio": ("command",), "mcp_http": ("url",), "openapi": ("url", "document")}[self.kind]
        for key in ("command", "url", "document"):
            if bool(getattr(self, key)) != (key in needs):
                wrong = "needs" if key in needs else "has no"
                raise ValueError(f"kind {self.kind} {wrong} {key}")
        return self
