"""Sound over a WebSocket, both ways, for a client that is elsewhere on this machine or its network.

``GET /audio?rate_hz=48000&channels=1&bits=16`` with ``Authorization: Bearer <token>``. The client sends
binary messages of interleaved little-endian PCM in the format it named. It gets binary messages of the reply
(16 kHz, mono, int16) between the JSON messages ``{"type": "speech.started", "rate_hz": 16000}`` and
``speech.ended``, or ``speech.stopped``: what it has not played by then it should drop, and fade out over some
5 ms, so that it does not click. One client at a time; while there is none, the device hears silence.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.live import Gap, LiveFrames
from nearfield_edge.audio.ring import CaptureRing
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SourceError
from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Samples, to_bytes
from nearfield_models.resampling import PcmDecoder

PATH: Final = "/audio"
AHEAD_MS: Final = 200
"""How much sooner than heard the reply is sent, so that the client has it in time."""
_WRONG_FORMAT: Final = 1003
_NEVER_MIND: Final = 1013
_SHORTEST_TOKEN: Final = 16
_FORMAT_KEYS: Final = ("rate_hz", "channels", "bits")
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketSettings:
    """Where to listen, and how much to take."""

    token: str
    """The bearer token, 16 characters or more."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free one."""
    rate_hz: int = SAMPLE_RATE_HZ
    """Of what clients send, where they do not name another."""
    channels: int = 1
    """Likewise."""
    longest_message_bytes: int = 64 * 1024
    queue_ms: int = 2_000
    """Sound received but not taken; what is beyond overwrites the oldest, and is counted as lost."""


class WebSocketAudio:
    """A source; and an outlet, which together with a `PacedSink` ahead by ``AHEAD_MS`` is the sink."""

    paced: Final = True

    def __init__(self, settings: WebSocketSettings, clock: PlaybackClock) -> None:
        """Prepare; `start` listens.

        Raises:
            SourceError: The token is too short to protect anything.
        """
        if len(settings.token) < _SHORTEST_TOKEN:
            raise SourceError(
                f"the WebSocket's token has {len(settings.token)} characters: use {_SHORTEST_TOKEN} or more"
            )
        self._settings = settings
        self._live = LiveFrames("websocket", clock)
        self._ring = CaptureRing(settings.queue_ms * SAMPLES_PER_MS)
        self._server: Server | None = None
        self._client: ServerConnection | None = None
        self._muted = False

    async def start(self) -> None:
        """Listen.

        Raises:
            SourceError: The address cannot be listened on.
        """
        settings = self._settings
        try:
            self._server = await serve(
                self._serve,
                settings.host,
                settings.port,
                process_request=self._admit,
                max_size=settings.longest_message_bytes,
                compression=None,
            )
        except OSError as error:
            raise SourceError(
                f"the WebSocket cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
                "choose another address"
            ) from error

    @property
    def port(self) -> int:
        """Where it listens.

        Raises:
            SourceError: It does not listen.
        """
        if self._server is None:
            raise SourceError("the WebSocket does not listen yet: start it first")
        return int(next(iter(self._server.sockets)).getsockname()[1])

    @property
    def lost_samples(self) -> int:
        """How many samples became silence because the sound for them was lost."""
        return self._live.lost_samples + self._ring.lost

    @property
    def muted(self) -> bool:
        """Whether no sound is taken in."""
        return self._muted

    def mute(self) -> None:
        """Drop what comes, now."""
        self._muted = True
        self._ring.drop()

    def unmute(self) -> None:
        """Take in sound again."""
        self._muted = False

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield what clients send, and silence while there is none, until closed.

        Raises:
            SourceError: The address cannot be listened on.
        """
        if self._server is None:
            await self.start()
        async with aclosing(self._live.follow(self._poll)) as frames:
            async for frame in frames:
                yield frame

    async def close(self) -> None:
        """Send the client away and stop listening."""
        self._live.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _poll(self) -> Samples | Gap:
        pcm = self._ring.take()
        if len(pcm):
            return pcm[:, 0].astype(np.float32) / 32768.0
        if self._muted or self._client is None:
            return Gap.ABSENT
        return np.zeros(0, np.float32)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self._settings.token}".encode()):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "a bearer token is needed\n")
        if urlsplit(request.path).path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, f"sound goes to {PATH}\n")
        try:
            self._decoder(request.path)
        except AudioFormatError as error:
            return connection.respond(HTTPStatus.BAD_REQUEST, f"{error}\n")
        if self._client is not None:
            return connection.respond(HTTPStatus.CONFLICT, "another client is connected\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        if self._client is not None or connection.request is None:
            await connection.close(_NEVER_MIND, "another client is connected")
            return
        self._client = connection
        decoder = self._decoder(connection.request.path)
        try:
            async for message in connection:
                if isinstance(message, str):
                    await connection.close(_WRONG_FORMAT, "sound comes in binary messages")
                    break
                self._take(decoder.accept(message))
        except ConnectionClosed:
            pass  # however it ended, the client is gone
        finally:
            self._take(decoder.finish())
            self._client = None

    def _take(self, samples: Samples) -> None:
        if not self._muted:
            self._ring.write(np.frombuffer(to_bytes(samples), np.int16).reshape(-1, 1))

    async def begin(self) -> None:
        """Announce a reply."""
        await self._send(json.dumps({"type": "speech.started", "rate_hz": SAMPLE_RATE_HZ}))

    async def write(self, at: int, samples: Samples) -> None:
        """Send up to 10 ms of it."""
        del at
        await self._send(to_bytes(samples))

    async def end(self, *, stopped: bool) -> None:
        """Say that it is over, or that the rest is not wanted."""
        await self._send(json.dumps({"type": "speech.stopped" if stopped else "speech.ended"}))

    async def _send(self, message: str | bytes) -> None:
        if self._client is None:
            return  # nobody listens; the reply takes its time all the same
        try:
            await self._client.send(message)
        except ConnectionClosed:
            return

    def _decoder(self, path: str) -> PcmDecoder:
        given = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
        if given.keys() - set(_FORMAT_KEYS) or not all(map(_SMALL_NUMBER.fullmatch, given.values())):
            raise AudioFormatError(f"the format is given by {', '.join(_FORMAT_KEYS)}, each a whole number")
        return PcmDecoder(
            rate_hz=int(given.get("rate_hz", self._settings.rate_hz)),
            channels=int(given.get("channels", self._settings.channels)),
            width_bits=int(given.get("bits", 16)),
        )
