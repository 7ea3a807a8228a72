"""Calls over WebSocket, with OpenAI's own package as the client."""

from __future__ import annotations

import asyncio
import base64
import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from openai import AsyncOpenAI

from nearfield_cloud.realtime.engines import CallEngines
from nearfield_models.pcm import to_bytes, to_float
from nearfield_models.resampling import resample
from tests.cloud.conftest import ORDER, recording
from tests.cloud.realtime_service import running_service
from tests.fakes.clock import SettableClock
from tests.fakes.orchestrator import ScriptedOrchestrator


def client_of(url: str, key: str = "key-of-kiosk") -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)


def asked(text: str) -> Any:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


async def until(connection: Any, kind: str) -> list[Any]:
    """The events up to the first of a kind."""
    told: list[Any] = []
    async with asyncio.timeout(30):
        async for event in connection:
            told.append(event)
            if event.type == kind:
                break
    return told


async def test_a_text_turn_is_answered_sentence_by_sentence() -> None:
    orchestrator = ScriptedOrchestrator()
    async with (
        running_service(orchestrator) as service,
        client_of(service.url) as client,
        client.realtime.connect(model="nearfield") as connection,
    ):
        created = await until(connection, "session.created")
        await connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await until(connection, "session.updated")
        await connection.conversation.item.create(item=asked("How do I clean it?"))
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


async def test_a_spoken_question_is_heard_and_answered_aloud(
    call_engines: CallEngines, recordings: Path
) -> None:
    orchestrator = ScriptedOrchestrator()
    sound = resample(recording(recordings / "orders" / "speech" / ORDER), 16_000, 24_000)
    sound = np.concatenate((sound, np.zeros(24_000, np.float32)))
    async with (
        running_service(orchestrator, engines=call_engines) as service,
        client_of(service.url) as client,
        client.realtime.connect(model="nearfield") as connection,
    ):
        await connection.session.update(
            session={"type": "realtime", "audio": {"input": {"transcription": {"model": "moonshine"}}}}
        )
        await until(connection, "session.updated")
        for begin in range(0, sound.size, 2_400):
            piece = to_bytes(sound[begin : begin + 2_400])
            await connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())
        told = await until(connection, "response.done")
    kinds = [event.type for event in told]
    for earlier, later in itertools.pairwise(
        [
            "input_audio_buffer.speech_started",
            "input_audio_buffer.speech_stopped",
            "input_audio_buffer.committed",
            "conversation.item.input_audio_transcription.completed",
            "response.created",
            "response.output_audio_transcript.delta",
            "response.output_audio.delta",
            "response.output_audio.done",
            "response.done",
        ]
    ):
        assert kinds.index(earlier) < kinds.index(later)
    assert "coffee" in orchestrator.questions[0].text.lower()
    said = b"".join(
        base64.b64decode(event.delta) for event in told if event.type == "response.output_audio.delta"
    )
    assert len(said) / 48_000 > 2.0
    heard = call_engines.asr.transcribe(resample(to_float(said), 24_000)).text.lower()
    assert "daily" in heard
    assert "month" in heard


async def test_a_client_may_end_its_turns_itself(call_engines: CallEngines, recordings: Path) -> None:
    orchestrator = ScriptedOrchestrator()
    sound = resample(recording(recordings / "orders" / "speech" / ORDER), 16_000, 24_000)
    async with (
        running_service(orchestrator, engines=call_engines) as service,
        client_of(service.url) as client,
        client.realtime.connect(model="nearfield") as connection,
    ):
        await connection.session.update(
            session={
                "type": "realtime",
                "output_modalities": ["text"],
                "audio": {"input": {"turn_detection": None, "transcription": {"model": "moonshine"}}},
            }
        )
        await until(connection, "session.updated")
        await connection.input_audio_buffer.append(audio=base64.b64encode(to_bytes(sound)).decode())
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        told = await until(connection, "response.done")
    assert "input_audio_buffer.speech_started" not in [event.type for event in told]
    assert "coffee" in orchestrator.questions[0].text.lower()


async def test_a_person_who_stays_silent_after_an_answer_is_noticed_once(call_engines: CallEngines) -> None:
    clock = SettableClock()
    async with (
        running_service(ScriptedOrchestrator(), engines=call_engines, clock=clock) as service,
        client_of(service.url) as client,
        client.realtime.connect(model="nearfield") as connection,
    ):
        detection: Any = {"type": "server_vad", "idle_timeout_ms": 5_000}
        await connection.session.update(
            session={
                "type": "realtime",
                "output_modalities": ["text"],
                "audio": {"input": {"turn_detection": detection}},
            }
        )
        await connection.conversation.item.create(item=asked("How do I clean it?"))
        await connection.response.create()
        await until(connection, "response.done")
        for call in service.parts.calls.held():
            call.tick(clock.monotonic_ms())
        clock.advance(timedelta(seconds=5))
        told = await until(connection, "input_audio_buffer.timeout_triggered")
    assert len(told) == 1
