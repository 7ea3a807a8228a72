"""An orchestrator for tests: real tools and models where they matter, documents that are told beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from nearfield_cloud.caller import Caller
from nearfield_cloud.configuration.tree import parse_configuration
from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import AnswerEvent, Finished, Listening, Planned, SentenceReady
from nearfield_cloud.orchestrator.answering import Answering
from nearfield_cloud.orchestrator.opening import open_orchestrator
from nearfield_cloud.orchestrator.question import Question
from tests.fakes.composer import FirstSentenceComposer
from tests.fakes.knowledge import ToldKnowledge

DEVICE = Caller(tenant="acme", subject="till-1", kind="device", roles=frozenset({"device"}))


def passage(text: str, *, number: int = 1, similarity: float = 0.8) -> Found:
    return Found(
        chunk_id=f"c{number}",
        document="Shop rules",
        source="rules.md",
        section=("Opening hours",),
        text=text,
        score=1.0 / number,
        similarity=similarity,
    )


OPEN = passage("The shop opens at 9 and closes at 18. On Sundays it is closed.")


@asynccontextmanager
async def answering(
    data: Path, *found: Found, knowledge: Any = None, **options: Any
) -> AsyncIterator[tuple[Answering, ToldKnowledge]]:
    """An orchestrator over these passages; options are tables of the configuration, or its parts."""
    parts = {name: options.pop(name) for name in ("time", "tracer", "redact", "embed") if name in options}
    told = knowledge or ToldKnowledge(found)
    configuration = parse_configuration({"data": str(data), **options}, where="test")
    composer = FirstSentenceComposer()
    async with open_orchestrator(configuration, knowledge=told, composer=composer, **parts) as opened:
        yield opened, told


def asked(text: str, **more: Any) -> Question:
    return Question(**{"turn_id": "t1", "text": text, "caller": DEVICE, **more})


async def heard(listening: Listening, question: Question) -> list[AnswerEvent]:
    async with asyncio.timeout(60), aclosing(listening.answer(question)) as events:
        return [event async for event in events]


def said(events: Sequence[AnswerEvent]) -> str:
    return " ".join(event.text for event in events if isinstance(event, SentenceReady))


def planned(events: Sequence[AnswerEvent]) -> Planned:
    return next(event for event in events if isinstance(event, Planned))


def finished(events: Sequence[AnswerEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]
