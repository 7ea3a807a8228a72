"""Calls over WebRTC, with aiortc as the client."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nearfield_cloud.orchestrator.answer import Finished, Planned, SentenceReady
from nearfield_cloud.realtime.engines import CallEngines
from nearfield_models.resampling import resample
from tests.cloud.conftest import ORDER, recording
from tests.cloud.realtime_service import running_service
from tests.cloud.webrtc_client import Microphone, phone_call
from tests.fakes.orchestrator import ScriptedOrchestrator

ALL_OF_OURS = {"events": ["partials", "citations", "heartbeat", "route", "confirmations"]}
TEXT = {"type": "realtime", "output_modalities": ["text"], "nearfield": ALL_OF_OURS}
QUESTION = {
    "type": "conversation.item.create",
    "item": {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "How do I clean it?"}],
    },
}


async def test_a_text_turn_on_the_data_channel_tells_its_route_and_its_citations() -> None:
    orchestrator = ScriptedOrchestrator()
    async with running_service(orchestrator) as service, phone_call(service.url, session=TEXT) as call:
        await call.until("session.created")
        call.send({"type": "nearfield.partial", "text": "How do I"})
        call.send(QUESTION)
        call.send({"type": "response.create", "response": {"metadata": {"turn_id": "turn-7"}}})
        told = await call.until("response.done")
    assert orchestrator.partials == ["How do I"]
    assert orchestrator.questions[0].turn_id == "turn-7"
    kinds = [event["type"] for event in told]
    assert kinds.index("nearfield.citation") < kinds.index("response.output_text.delta")
    citation = next(event for event in told if event["type"] == "nearfield.citation")
    assert (citation["sentence"], citation["document"], citation["chunk_id"]) == (0, "Care", "care#2")
    routes = [event for event in told if event["type"] == "nearfield.route"]
    assert [route.get("outcome") for route in routes] == [None, "answered"]
    assert routes[-1]["may_be_kept_seconds"] == 60


async def test_a_question_on_the_track_is_heard_and_the_answer_is_heard_on_the_other(
    call_engines: CallEngines, recordings: Path
) -> None:
    orchestrator = ScriptedOrchestrator()
    microphone = Microphone(recording(recordings / "orders" / "speech" / ORDER))
    async with (
        running_service(orchestrator, engines=call_engines) as service,
        phone_call(service.url, microphone=microphone) as call,
    ):
        told = await call.until("output_audio_buffer.stopped")
        answer = resample(np.concatenate(call.heard), 48_000)
    assert "response.output_audio.delta" not in {event["type"] for event in told}
    assert orchestrator.partials  # it was recognised while it was said
    assert "coffee" in orchestrator.questions[0].text.lower()
    heard = call_engines.asr.transcribe(answer).text.lower()
    assert "daily" in heard
    assert "month" in heard


async def test_whoever_speaks_over_an_answer_interrupts_it_and_is_answered(
    call_engines: CallEngines, recordings: Path
) -> None:
    long = SentenceReady(text="There are many kinds of coffee, and I could tell you about them for an hour.")
    script = (Planned(plan="talk", reason="r"), long, long, long, Finished(outcome="answered", reason="r"))
    orchestrator = ScriptedOrchestrator({"twelve": script, "12": script}, holds_before=4)
    speech = recordings / "orders" / "speech"
    microphone = Microphone(recording(speech / ORDER))
    async with (
        running_service(orchestrator, engines=call_engines) as service,
        phone_call(service.url, microphone=microphone) as call,
    ):
        await call.until("output_audio_buffer.started")
        other = next(path for path in sorted(speech.glob("*.flac"))[5:] if path.name != ORDER)
        microphone.say(recording(other))
        told = await call.until("conversation.item.truncated")
        told += await call.until("output_audio_buffer.stopped")
    kinds = [event["type"] for event in told]
    assert "output_audio_buffer.cleared" in kinds
    cancelled, answered = (event["response"] for event in told if event["type"] == "response.done")
    assert (cancelled["status"], cancelled["status_details"]["reason"]) == ("cancelled", "turn_detected")
    assert answered["status"] == "completed"
    heard_of_it = orchestrator.questions[1].conversation[0].answer
    assert heard_of_it.startswith("There are")
    assert len(heard_of_it) < len(long.text) * 3


async def test_a_turn_that_sounds_finished_ends_by_its_meaning(
    call_engines: CallEngines, recordings: Path
) -> None:
    orchestrator = ScriptedOrchestrator()
    microphone = Microphone(recording(recordings / "orders" / "speech" / ORDER))
    audio = {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}}
    session = {"type": "realtime", "output_modalities": ["text"], "audio": audio}
    async with (
        running_service(orchestrator, engines=call_engines) as service,
        phone_call(service.url, session=session, microphone=microphone) as call,
    ):
        await call.until("response.done")
    assert "coffee" in orchestrator.questions[0].text.lower()
