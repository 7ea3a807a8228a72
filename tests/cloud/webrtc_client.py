"""aiortc as a client of calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from nearfield_models.pcm import Samples
from nearfield_models.resampling import resample


class Microphone(MediaStreamTrack):
    """Says a recording in real time, and nothing after it, as a client does that sends no silence."""

    kind = "audio"

    def __init__(self, sound: Samples | None = None) -> None:
        super().__init__()
        self._sound = np.zeros(0, np.float32)
        self._at = 0
        self._began: float | None = None
        self._more = asyncio.Event()
        if sound is not None:
            self.say(sound)

    def say(self, sound: Samples) -> None:
        """Say ``float32[n]`` at 16 kHz from now on."""
        self._sound = resample(sound, 16_000, 48_000)
        self._at, self._began = 0, None
        self._more.set()

    async def recv(self) -> AudioFrame:
        while self._at + 960 > self._sound.size:
            self._more.clear()
            await self._more.wait()
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        await asyncio.sleep(self._began + self._at / 48_000 - loop.time())
        piece = (self._sound[self._at : self._at + 960] * 32767).astype("<i2").reshape(1, -1)
        frame = AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._at, Fraction(1, 48_000)
        self._at += 960
        return frame


class PhoneCall:
    """One end of a call."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.pc = pc
        self.channel = pc.createDataChannel("oai-events")
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.call_id = ""
        self.heard: list[Samples] = []
        """At 48 kHz."""
        self.closed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.channel.on("message", lambda text: self.told.put_nowait(json.loads(text)))
        self.channel.on("close", self.closed.set)
        pc.on("track", self._track)

    def _track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                left = frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.float32)
                self.heard.append(left / np.float32(32768))
        except MediaStreamError:
            return

    def send(self, event: dict[str, Any]) -> None:
        self.channel.send(json.dumps(event))

    async def until(self, kind: str, seconds: float = 30.0) -> list[dict[str, Any]]:
        """The events up to the first of a kind."""
        told: list[dict[str, Any]] = []
        async with asyncio.timeout(seconds):
            while not told or told[-1]["type"] != kind:
                told.append(await self.told.get())
        return told


@asynccontextmanager
async def phone_call(
    url: str,
    *,
    session: dict[str, Any] | None = None,
    key: str = "key-of-kiosk",
    microphone: Microphone | None = None,
    configuration: RTCConfiguration | None = None,
) -> AsyncIterator[PhoneCall]:
    """Call, and hang up in the end."""
    call = PhoneCall(RTCPeerConnection(configuration or RTCConfiguration(iceServers=[])))
    if microphone is not None:
        call.pc.addTrack(microphone)
    try:
        await call.pc.setLocalDescription(await call.pc.createOffer())
        async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}) as http:
            sdp = call.pc.localDescription.sdp
            if session is None:
                answer = await http.post(
                    "/v1/realtime/calls", content=sdp, headers={"content-type": "application/sdp"}
                )
            else:
                form = {"sdp": (None, sdp), "session": (None, json.dumps(session))}
                answer = await http.post("/v1/realtime/calls", files=form)
        assert answer.status_code == 201, answer.text
        call.call_id = answer.headers["location"].rpartition("/")[2]
        await call.pc.setRemoteDescription(RTCSessionDescription(sdp=answer.text, type="answer"))
        yield call
    finally:
        await call.pc.close()
