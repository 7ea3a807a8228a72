"""The whole service: knowledge, orchestrator and calls behind the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Final

from starlette.requests import HTTPConnection

from nearfield_cloud.caller import Caller
from nearfield_cloud.composing.composition import make_composer
from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.gateway.identification import caller as caller_of
from nearfield_cloud.gateway.parts import GatewayParts
from nearfield_cloud.identity.authorising import Resource
from nearfield_cloud.knowledge.composition import open_knowledge
from nearfield_cloud.knowledge.routes import knowledge_router
from nearfield_cloud.metrics import MeasuredOrchestrator
from nearfield_cloud.observing import calls_watched, knowledge_check, open_observing
from nearfield_cloud.orchestrator.opening import open_orchestrator
from nearfield_cloud.realtime.composition import realtime_parts
from nearfield_cloud.realtime.engines import load_call_engines
from nearfield_cloud.realtime.routes import RealtimeParts
from nearfield_cloud.realtime.routes import router as realtime_router
from nearfield_sync.redaction.redactor import Redactor

_SHUT_OUT_EVERY_SECONDS: Final = 1.0


@asynccontextmanager
async def open_service(configuration: Configuration, parts: GatewayParts) -> AsyncIterator[GatewayParts]:
    """The gateway's parts with everything that it is the door to; takes seconds, for models are loaded.

    Raises:
        ConfigurationError: Something that it names cannot be used.
        SyncError: A database cannot be opened.
        ModelsError: A model is missing or cannot be loaded.
        ToolError: A tool's description cannot be understood.
    """
    async with AsyncExitStack() as stack:
        observing = await stack.enter_async_context(
            open_observing(configuration, parts.clock, parts.counters)
        )
        room = await stack.enter_async_context(open_knowledge(configuration, clock=parts.clock))
        await room.meaning.warm_up()
        composer = await asyncio.to_thread(make_composer, configuration.composing, room.meaning.of)
        stack.callback(composer.close)
        redactor = await asyncio.to_thread(Redactor)
        orchestrator = await stack.enter_async_context(
            open_orchestrator(
                configuration,
                knowledge=room.knowledge,
                composer=composer,
                embed=room.meaning.of,
                redact=lambda text: redactor.redact(text).text,
                counters=parts.counters,
                tracer=observing.tracer,
            )
        )
        engines = None
        if configuration.realtime.engines.enabled:
            engines = await asyncio.to_thread(load_call_engines, configuration.realtime.engines)

        async def calling(connection: HTTPConnection) -> Caller:
            """Who calls, and may."""
            found = await caller_of(connection)
            own = Resource(kind="call", tenant=found.tenant, owner=found.subject, owner_kind=found.kind)
            parts.identity.authorisation.authorise(found, "open", own)
            return found

        calls = realtime_parts(
            configuration.realtime,
            orchestrator=MeasuredOrchestrator(orchestrator, observing.metrics, parts.clock),
            caller=calling,
            engines=engines,
            counters=parts.counters,
            clock=parts.clock,
        )
        if calls.calls.parts.hearing is not None:
            stack.callback(calls.calls.parts.hearing.hearing.close)
            stack.callback(calls.calls.parts.hearing.speech.close)
        await stack.enter_async_context(calls.running())
        routers = (realtime_router(calls), knowledge_router(room.knowledge, room.store))
        calls_watched(observing.metrics, calls)
        whole = replace(
            parts,
            routers=(*parts.routers, *routers),
            drains=(*parts.drains, calls.calls),
            beside=(*parts.beside, lambda: _shutting_out(parts, calls)),
        )
        yield observing.joined(whole, [knowledge_check(room.store)])


async def _shutting_out(parts: GatewayParts, calls: RealtimeParts) -> None:
    """End the calls of whoever was shut out while they were held."""
    while True:
        await asyncio.sleep(_SHUT_OUT_EVERY_SECONDS)
        calls.calls.end_where(parts.identity.revocations.include, "shut out")
