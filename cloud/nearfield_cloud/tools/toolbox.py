"""All tools of all servers: who may have which called, and the one way to call them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

import structlog

from nearfield_cloud.breaker import BreakerSettings
from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.tools import ToolServerSection
from nearfield_cloud.errors import NotAllowedError, ToolArgumentsError, ToolError
from nearfield_cloud.timing import Timekeeper, ended, within
from nearfield_cloud.tools.bulkhead import Bulkhead
from nearfield_cloud.tools.cleaning import clean_text, clean_value
from nearfield_cloud.tools.schemas import Schema, closed
from nearfield_cloud.tools.tool import Offered, RawResult, Tool, ToolCall, ToolResult, ToolServer
from nearfield_sync.telemetry import Counters, Log

_LONGEST_DESCRIPTION: Final = 500
_LISTING: Final = "*listing*"


@dataclass(slots=True, kw_only=True)
class _Served:
    section: ToolServerSection
    server: ToolServer
    tools: tuple[Tool, ...] | None = None
    """None until its server has said."""
    asking: asyncio.Task[None] | None = None
    bulkheads: dict[str, Bulkhead] = field(default_factory=dict)


class Toolbox:
    """Tools by their servers; one for a process."""

    def __init__(
        self,
        servers: Mapping[str, tuple[ToolServerSection, ToolServer]],
        time: Timekeeper,
        counters: Counters | None = None,
    ) -> None:
        self._served = {
            name: _Served(section=section, server=server) for name, (section, server) in servers.items()
        }
        self._time = time
        self._counters = counters or Counters()
        self._log: Log = structlog.get_logger()

    async def warm_up(self) -> None:
        """Ask every server what it offers, so that no turn has to wait for that."""
        await self._listed(self._served)

    async def allowed(self, caller: Caller, *, patience_seconds: float | None = None) -> Sequence[Tool]:
        """The tools that a caller may have called.

        Args:
            caller: Who.
            patience_seconds: How long servers that have not said yet what they offer are waited for; None
                means for as long as a call may take. Those that cannot be reached are left out.
        """
        may = {name: _patterns(served.section, caller) for name, served in self._served.items()}
        names = [name for name, patterns in may.items() if patterns]
        with suppress(TimeoutError):
            listing = self._listed(names)
            await (listing if patience_seconds is None else within(self._time, patience_seconds, listing))
        return [
            tool
            for name in names
            for tool in self._served[name].tools or ()
            if any(fnmatchcase(tool.call, pattern) for pattern in may[name])
        ]

    async def call(self, call: ToolCall, caller: Caller) -> ToolResult:
        """Call a tool, all rules kept but a person's approval, which is the orchestrator's.

        Raises:
            NotAllowedError: The caller may not.
            ToolArgumentsError: The arguments do not fit; nothing was called.
            ToolBusyError: Nothing was called.
            ToolTimeoutError: It took too long; whether it was done is not known.
            ToolError: It failed, or its result is not what it was said to be.
        """
        tool = call.tool
        served = self._served[tool.server]
        if not any(fnmatchcase(tool.call, pattern) for pattern in _patterns(served.section, caller)):
            raise NotAllowedError(f"tool {tool.name} may not be called for this tenant and role")
        fault = tool.parameters.fault(dict(call.arguments))
        if fault:
            raise ToolArgumentsError(f"tool {tool.name}: argument {fault}")
        outcome = "failed"
        try:
            bulkhead = self._bulkhead(served, tool.server, tool.call)
            raw = await self._run(served, bulkhead, tool.call, call.arguments)
            result = _checked(tool, raw, served.section.longest_result_characters)
            outcome = "answered"
            return result
        except ToolError as error:
            outcome = error.code
            raise
        finally:
            self._counters.add("nearfield_tool_calls_total", tool=tool.name, outcome=outcome)

    def health(self) -> dict[str, str]:
        """Each tool's phase, of those that were called: ``closed`` is well."""
        return {
            f"{name}.{call}": bulkhead.phase
            for name, served in self._served.items()
            for call, bulkhead in served.bulkheads.items()
            if call != _LISTING
        }

    async def aclose(self) -> None:
        """End all servers."""
        asking = [served.asking for served in self._served.values() if served.asking is not None]
        await ended(*asking)
        await asyncio.gather(*(served.server.aclose() for served in self._served.values()))

    async def _run(
        self, served: _Served, bulkhead: Bulkhead, name: str, arguments: Mapping[str, object]
    ) -> RawResult:
        try:
            return await bulkhead.run(served.server.call(name, arguments))  # type: ignore[arg-type]
        except ToolError:
            alone = not any(each.under_way for each in served.bulkheads.values())
            if bulkhead.phase == "open" and alone:
                await served.server.reset()
            raise

    async def _listed(self, names: Iterable[str]) -> None:
        """Wait for what servers offer; giving up the waiting does not give up the asking."""
        asking = []
        for name in names:
            served = self._served[name]
            if served.tools is None:
                if served.asking is None or served.asking.done():
                    served.asking = asyncio.create_task(self._list(name, served), name=f"list {name}")
                asking.append(served.asking)
        if asking:
            await asyncio.wait(asking)

    async def _list(self, name: str, served: _Served) -> None:
        listing = self._bulkhead(served, name, _LISTING)
        try:
            served.tools = self._understood(name, served, await listing.run(served.server.offered()))
        except ToolError as error:
            self._log.warning("tools_not_listed", server=name, exc_info=error)

    def _understood(self, name: str, served: _Served, offered: Sequence[Offered]) -> tuple[Tool, ...]:
        tools = []
        by_name = {each.name: each for each in offered}
        for call, rules in served.section.calls.items():
            if call not in by_name:
                self._log.warning("tool_not_offered", server=name, tool=call)
                continue
            found = by_name[call]
            what = f"tool {name}.{call}"
            try:
                tool = Tool(
                    server=name,
                    call=call,
                    description=rules.description or clean_text(found.description, _LONGEST_DESCRIPTION),
                    parameters=Schema(closed(found.parameters), what),
                    result=None if found.result is None else Schema(found.result, what),
                    rules=rules,
                )
            except ToolError as error:
                self._log.warning("tool_not_understood", server=name, tool=call, exc_info=error)
                continue
            tools.append(tool)
        return tuple(tools)

    def _bulkhead(self, served: _Served, server: str, call: str) -> Bulkhead:
        if call not in served.bulkheads:
            section = served.section
            served.bulkheads[call] = Bulkhead(
                f"{server}.{call}",
                self._time,
                at_once=section.at_once,
                timeout_seconds=section.timeout_seconds,
                breaker=BreakerSettings(failures=section.failures, rest_seconds=section.rest_seconds),
            )
        return served.bulkheads[call]


def _patterns(section: ToolServerSection, caller: Caller) -> tuple[str, ...]:
    """Names, ``*`` in them for anything, of what the caller may have called."""
    return tuple(
        pattern
        for entry in section.allowed
        if {"*", caller.tenant} & set(entry.tenants) and {"*", *caller.roles} & set(entry.roles)
        for pattern in entry.tools
    )


def _checked(tool: Tool, raw: RawResult, longest_characters: int) -> ToolResult:
    if raw.refused:
        raise ToolError(f"tool {tool.name} says that it could not do it")
    if tool.result is not None and raw.structured is not None:
        fault = tool.result.fault(raw.structured)
        if fault:
            raise ToolError(f"tool {tool.name}: its result is not what it was said to be: {fault}")
    return ToolResult(
        tool=tool.name,
        text=clean_text(raw.text, longest_characters),
        structured=clean_value(raw.structured, longest_characters),
        sensitive=tool.rules.sensitive,
    )
