"""Calls over WebSocket, with OpenAI's own package as the client."""

from __future__ import annotations

from typing import Any

from openai import AsyncOpenAI

from tests.cloud.realtime_service import running_service
from tests.fakes.orchestrator import ScriptedOrchestrator


def client_of(url: str, key: str = "key-of-kiosk") -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)


async def until(connection: Any, kind: str) -> list[Any]:
    """The events up to the first of a kind."""
    told: list[Any] = []
    async for event in connection:
        told.append(event)
        if event.type == kind:
            break
    return told


async def test_a_text_turn_is_answered_sentence_by_sentence() -> None:
    orchestrator = ScriptedOrchestrator()
    async with running_service(orchestrator) as service, client_of(service.url) as client:
        async with client.realtime.connect(model="nearfield") as connection:
            created = await until(connection, "session.created")
            await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            await until(connection, "session.updated")
            await connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "How do I clean it?"}],
                }
            )
            await connection.response.create()
            told = await until(connection, "response.done")
    assert created[0].session.id.startswith("sess_")
    assert [event.type for event in told] == [
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert told[8].text == "Rinse it daily. Descale it once a month."
    assert told[-1].response.status == "completed"
    assert [question.text for question in orchestrator.questions] == ["How do I clean it?"]
    assert orchestrator.questions[0].caller.subject == "kiosk-1"
