"""Clients that hold calls with aiortc: most do nothing, some talk."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from nearfield_models.pcm import Samples
from nearfield_models.resampling import resample

_RATE_HZ = 48_000
_FRAME = 960
_LOUD = 0.02
_ANSWER_SECONDS = 20.0
_SESSION = {
    "type": "realtime",
    "nearfield": {"events": ["heartbeat"]},
    "audio": {"input": {"transcription": {}}},
}


class Microphone(MediaStreamTrack):
    """Says what it is given in real time, and sends nothing otherwise."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._sound = np.zeros(0, np.float32)
        self._at = self._ticks = 0
        self._due = 0.0
        self._more = asyncio.Event()
        self.said = asyncio.Event()

    def say(self, sound: Samples) -> None:
        """Say ``float32[n]`` at 48 kHz."""
        self._sound, self._at, self._due = sound, 0, time.perf_counter()
        self.said.clear()
        self._more.set()

    async def recv(self) -> AudioFrame:
        """The next 20 ms when they are due."""
        while self._at + _FRAME > self._sound.size:
            self.said.set()
            self._more.clear()
            await self._more.wait()
        await asyncio.sleep(self._due - time.perf_counter())
        self._due += _FRAME / _RATE_HZ
        piece = (self._sound[self._at : self._at + _FRAME] * 32767).astype("<i2").reshape(1, -1)
        frame = AudioFrame.from_ndarray(piece, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _RATE_HZ, self._ticks, Fraction(1, _RATE_HZ)
        self._at += _FRAME
        self._ticks += _FRAME
        return frame


class HeldCall:
    """One call of the load."""

    def __init__(self, microphone: Microphone | None) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.pc.createDataChannel("oai-events")
        self.opened = asyncio.Event()
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.first_loud: float | None = None
        self._beats = 0
        self._last_beat = time.perf_counter()
        self._listening: asyncio.Task[None] | None = None
        self.pc.addTrack(microphone or Microphone())
        self.channel.on("open", self.opened.set)
        self.channel.on("message", self._message)
        self.pc.on("track", self._track)

    @property
    def alive(self) -> bool:
        """Whether the channel is open and the server's heart beats."""
        return self.channel.readyState == "open" and time.perf_counter() - self._last_beat < 6.0

    def _message(self, text: str) -> None:
        event = json.loads(text)
        if event["type"] == "nearfield.heartbeat":
            self._last_beat = time.perf_counter()
        else:
            self.told.put_nowait(event)

    def _track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.create_task(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                if isinstance(frame, AudioFrame) and self.first_loud is None:
                    loud = float(np.abs(frame.to_ndarray()).max()) / 32768 > _LOUD
                    self.first_loud = time.perf_counter() if loud else None
        except MediaStreamError:
            return

    async def connect(self, url: str, http: httpx.AsyncClient) -> float:
        """Call; give the milliseconds until the channel was open."""
        began = time.perf_counter()
        await self.pc.setLocalDescription(await self.pc.createOffer())
        form = {"sdp": (None, self.pc.localDescription.sdp), "session": (None, json.dumps(_SESSION))}
        answer = await http.post(f"{url}/v1/realtime/calls", files=form)
        answer.raise_for_status()
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp=answer.text, type="answer"))
        async with asyncio.timeout(30):
            await self.opened.wait()
        return (time.perf_counter() - began) * 1000

    async def beat(self) -> None:
        """Send heartbeats."""
        while True:
            await asyncio.sleep(2.0)
            self._beats += 1
            if self.channel.readyState == "open":
                beat = {"type": "nearfield.heartbeat", "sent_ms": 0.0, "sequence": self._beats}
                self.channel.send(json.dumps(beat))


@asynccontextmanager
async def held_call(url: str, microphone: Microphone | None = None) -> AsyncIterator[HeldCall]:
    """One call."""
    async with all_calls(url, 1, [microphone] if microphone else [], []) as calls:
        yield calls[0]


@asynccontextmanager
async def all_calls(
    url: str, count: int, microphones: Sequence[Microphone], set_ups: list[float]
) -> AsyncIterator[list[HeldCall]]:
    """Call one after another, and hang up all in the end; the first get the microphones."""
    calls: list[HeldCall] = []
    async with AsyncExitStack() as stack, httpx.AsyncClient() as http:
        for number in range(count):
            call = HeldCall(microphones[number] if number < len(microphones) else None)
            stack.push_async_callback(call.pc.close)
            set_ups.append(await call.connect(url, http))
            stack.callback(asyncio.create_task(call.beat()).cancel)
            calls.append(call)
        yield calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of one thing said."""

    lost: bool
    first_sound_ms: float | None


class TalkingCall:
    """Somebody who orders again and again."""

    def __init__(self, orders: Sequence[Path]) -> None:
        self.microphone = Microphone()
        self._orders = orders

    async def talk(self, call: HeldCall, seconds: float) -> list[Turn]:
        """Order until the time is over."""
        turns: list[Turn] = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            order = self._orders[len(turns) % len(self._orders)]
            try:
                turns.append(await self.turn(call, order))
            except TimeoutError:
                turns.append(Turn(lost=True, first_sound_ms=None))
        return turns

    async def turn(self, call: HeldCall, order: Path) -> Turn:
        """Order once and hear the whole answer; the end of speech is where the recording is loud last.

        Raises:
            TimeoutError: None came.
        """
        sound, end_seconds = await asyncio.to_thread(_spoken, order)
        while not call.told.empty():
            call.told.get_nowait()
        call.first_loud = None
        began = time.perf_counter()
        self.microphone.say(sound)
        transcript, status = "", ""
        async with asyncio.timeout(sound.size / _RATE_HZ + _ANSWER_SECONDS):
            while True:
                event = await call.told.get()
                if event["type"].endswith("transcription.completed"):
                    transcript = event["transcript"]
                elif event["type"] == "response.done":
                    status = event["response"]["status"]
                elif event["type"] == "output_audio_buffer.stopped":
                    break
            await self.microphone.said.wait()
        wait_ms = None
        if call.first_loud is not None:
            wait_ms = (call.first_loud - began - end_seconds) * 1000
        return Turn(lost=status != "completed" or len(transcript.split()) < 3, first_sound_ms=wait_ms)


def _spoken(order: Path) -> tuple[Samples, float]:
    """A recording at 48 kHz with a second of silence after it, and where its speech ends."""
    said, rate_hz = soundfile.read(order, dtype="float32")
    said = np.asarray(said, dtype=np.float32)
    loud = np.flatnonzero(np.abs(said) > _LOUD)
    end = (int(loud[-1]) if loud.size else said.size) / rate_hz
    at_48 = resample(np.concatenate((said, np.zeros(rate_hz, np.float32))), rate_hz, _RATE_HZ)
    return at_48, end
