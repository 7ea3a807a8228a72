"""A page in a real browser calls: its microphone hears a recording, its loudspeaker the answer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import async_playwright

from nearfield_cloud.realtime.engines import CallEngines
from tests.cloud.conftest import ORDER
from tests.cloud.realtime_service import running_service
from tests.fakes.orchestrator import ScriptedOrchestrator
from tools.page_device import chromium_flags, write_microphone

PAGE: Final = """<!doctype html><title>call</title><audio id="answer" autoplay></audio><script>
window.told = [];
window.loudest = 0;
window.call = async (secret) => {
  const peer = new RTCPeerConnection();
  peer.ontrack = ({streams: [stream]}) => {
    document.getElementById("answer").srcObject = stream;
    const context = new AudioContext();
    const ear = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(ear);
    const wave = new Float32Array(ear.fftSize);
    setInterval(() => {
      ear.getFloatTimeDomainData(wave);
      window.loudest = Math.max(window.loudest, ...wave.map(Math.abs));
    }, 50);
  };
  const channel = peer.createDataChannel("oai-events");
  channel.onmessage = ({data}) => window.told.push(JSON.parse(data));
  const microphone = await navigator.mediaDevices.getUserMedia({audio: true});
  microphone.getTracks().forEach((track) => peer.addTrack(track, microphone));
  await peer.setLocalDescription(await peer.createOffer());
  const answer = await fetch("/v1/realtime/calls", {
    method: "POST",
    body: peer.localDescription.sdp,
    headers: {"Authorization": `Bearer ${secret}`, "Content-Type": "application/sdp"},
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  await peer.setRemoteDescription({type: "answer", sdp: await answer.text()});
};
</script>"""
SESSION: Final = {"type": "realtime", "audio": {"input": {"transcription": {"model": "moonshine"}}}}


async def test_a_page_asks_aloud_and_hears_the_answer(
    call_engines: CallEngines, recordings: Path, tmp_path: Path
) -> None:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on this machine: `make test` installs it with apt-get")
    microphone = tmp_path / "microphone.wav"
    write_microphone(microphone, [recordings / "orders" / "speech" / ORDER], silence_seconds=2.0)
    flags = [*chromium_flags(microphone), "--autoplay-policy=no-user-gesture-required"]
    orchestrator = ScriptedOrchestrator()
    async with running_service(orchestrator, engines=call_engines, page=PAGE) as service:
        async with httpx.AsyncClient(base_url=service.url) as http:
            made = await http.post(
                "/v1/realtime/client_secrets",
                json={"session": SESSION},
                headers={"authorization": "Bearer key-of-kiosk"},
            )
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=flags)
            page = await browser.new_page()
            await page.goto(service.url)
            await page.evaluate("(secret) => window.call(secret)", made.json()["value"])
            await page.wait_for_function(
                "window.told.some(({type}) => type === 'output_audio_buffer.stopped')", timeout=30_000
            )
            told: list[dict[str, Any]] = await page.evaluate("window.told")
            loudest = await page.evaluate("window.loudest")
            await browser.close()
    kinds = [event["type"] for event in told]
    assert kinds[0] == "session.created"
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.created")
    assert "coffee" in orchestrator.questions[0].text.lower()
    assert loudest > 0.05
