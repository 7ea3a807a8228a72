"""The worker that `tools.bench.calls` measures: the real routes and engines, and two fixed sentences."""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Sequence

import uvicorn
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.realtime import CallLimits, Realtime
from nearfield_cloud.orchestrator.answer import AnswerEvent, Finished, Listening, Planned, SentenceReady
from nearfield_cloud.orchestrator.question import Exchange, Question
from nearfield_cloud.realtime.composition import realtime_parts
from nearfield_cloud.realtime.engines import load_call_engines
from nearfield_cloud.realtime.routes import router
from nearfield_sync.telemetry import Counters, LogOptions, configure_logs


class _FixedListening:
    def hear(self, partial: str) -> None:
        """Nothing is prepared."""

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The same two sentences."""
        yield Planned(plan="talk", reason="a benchmark of calls")
        yield SentenceReady(text="Thank you, that is noted.")
        yield SentenceReady(text="It will be ready in five minutes.")
        yield Finished(outcome="answered", reason="a benchmark of calls")

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """Nothing waits."""

    async def aclose(self) -> None:
        """Nothing was begun."""


class _FixedOrchestrator:
    def listen(self, caller: Caller | None = None, conversation: Sequence[Exchange] = ()) -> Listening:
        """Attend to one turn."""
        return _FixedListening()


async def _caller(connection: HTTPConnection) -> Caller:
    return Caller(tenant="bench", subject="bench", kind="application", roles=frozenset({"application"}))


async def _serve(calls: int) -> None:
    most = calls + 10
    settings = Realtime(
        limits=CallLimits(most_calls=most, most_calls_of_tenant=most, most_calls_of_subject=most)
    )
    parts = realtime_parts(
        settings,
        orchestrator=_FixedOrchestrator(),
        caller=_caller,
        engines=load_call_engines(settings.engines),
        counters=Counters(),
    )
    app = FastAPI()
    app.include_router(router(parts))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio", lifespan="off"))
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    async with parts.running():
        await server.serve(sockets=[listening])


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    configure_logs(LogOptions(level="error"))
    asyncio.run(_serve(parser.parse_args().calls))


if __name__ == "__main__":
    main()
