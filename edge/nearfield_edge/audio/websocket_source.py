"""Sound over a WebSocket, both ways, for a client that is elsewhere on this machine or its network.

``GET /audio?rate_hz=48000&channels=1&bits=16`` with ``Authorization: Bearer <token>``; what goes to and fro
is in ``audio.socket_sound``. One client at a time; while there is none, the device hears silence.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from nearfield_edge.audio.clock import PlaybackClock
from nearfield_edge.audio.live import Gap, LiveFrames
from nearfield_edge.audio.socket_sound import AHEAD_MS, SocketSound, named_format
from nearfield_edge.audio.source import AudioFrame
from nearfield_edge.errors import SourceError
from nearfield_models.errors import AudioFormatError
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from nearfield_models.resampling import PcmDecoder

__all__ = ["AHEAD_MS", "PATH", "WebSocketAudio", "WebSocketSettings"]

PATH: Final = "/audio"
_WRONG_FORMAT: Final = 1003
_NEVER_MIND: Final = 1013
_SHORTEST_TOKEN: Final = 16


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
        self._sound = SocketSound(settings.queue_ms)
        self._server: Server | None = None

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
        return self._live.lost_samples + self._sound.lost_samples

    @property
    def muted(self) -> bool:
        """Whether no sound is taken in."""
        return self._sound.muted

    def mute(self) -> None:
        """Drop what comes, now."""
        self._sound.mute()

    def unmute(self) -> None:
        """Take in sound again."""
        self._sound.unmute()

    async def frames(self) -> AsyncGenerator[AudioFrame]:
        """Yield what clients send, and silence while there is none, until closed.

        Raises:
            SourceError: The address cannot be listened on.
        """
        if self._server is None:
            await self.start()
        async with aclosing(self._live.follow(self.poll)) as frames:
            async for frame in frames:
                yield frame

    async def poll(self) -> Samples | Gap:
        """What has come since it was last asked; see `PolledSound`."""
        return await self._sound.poll()

    async def close(self) -> None:
        """Send the client away and stop listening."""
        self._live.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def begin(self) -> None:
        """Announce a reply."""
        await self._sound.begin()

    async def write(self, at: int, samples: Samples) -> None:
        """Send up to 10 ms of it."""
        await self._sound.write(at, samples)

    async def end(self, *, stopped: bool) -> None:
        """Say that it is over, or that the rest is not wanted."""
        await self._sound.end(stopped=stopped)

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
        if self._sound.connected:
            return connection.respond(HTTPStatus.CONFLICT, "another client is connected\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        if self._sound.connected or connection.request is None:
            await connection.close(_NEVER_MIND, "another client is connected")
            return

        async def send(message: str | bytes) -> None:
            with suppress(ConnectionClosed):
                await connection.send(message)

        self._sound.connect(self._decoder(connection.request.path), send)
        try:
            async for message in connection:
                if isinstance(message, str):
                    await connection.close(_WRONG_FORMAT, "sound comes in binary messages")
                    break
                self._sound.accept(message)
        except ConnectionClosed:
            pass  # however it ended, the client is gone
        finally:
            self._sound.disconnect()

    def _decoder(self, path: str) -> PcmDecoder:
        settings = self._settings
        query = urlsplit(path).query
        return named_format(query, rate_hz=settings.rate_hz, channels=settings.channels)
