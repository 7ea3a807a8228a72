"""The line over WebRTC: the data channel ``oai-events`` of a call.

aiortc is imported when a line is first wanted: with what it brings it takes tens of megabytes, which a device
without a cloud never spends.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Final

from nearfield_edge.errors import LinkError
from nearfield_edge.escalation.failures import printable
from nearfield_edge.escalation.ice import IceServer, allowed_candidates, reachable
from nearfield_edge.escalation.inbox import Inbox
from nearfield_edge.escalation.requests import CloudRequests
from nearfield_sync.messages.realtime.session import RealtimeSession

if TYPE_CHECKING:
    from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection

CHANNEL: Final = "oai-events"
_MOST_UNSENT_BYTES: Final = 2 * 1024 * 1024
_CLOSE_SECONDS: Final = 1.0


class WebRtcLine:
    """The seam `Line` over one peer connection and its data channel."""

    def __init__(self, peer: RTCPeerConnection, channel: RTCDataChannel) -> None:
        self.name = ""
        self.opened = asyncio.Event()
        self._peer = peer
        self._channel = channel
        self._inbox = Inbox()
        channel.on("open", self.opened.set)
        channel.on("close", lambda: self._lose("the cloud closed the channel"))
        channel.on("message", self._take)
        peer.on("connectionstatechange", self._watch)

    def send(self, text: str) -> None:
        """Put one event on its way.

        Raises:
            LinkError: The channel is closed, or too much waits to be sent.
        """
        if self._channel.readyState != "open":
            raise LinkError("the channel is closed", code="closed")
        if self._channel.bufferedAmount > _MOST_UNSENT_BYTES:
            raise LinkError("the cloud takes nothing any more", code="half_open")
        try:
            self._channel.send(text)
        except Exception as error:  # aiortc has no root of its own errors
            raise LinkError(f"the channel failed ({type(error).__name__})", code="closed") from error

    async def receive(self) -> str:
        """The next event.

        Raises:
            LinkError: The line is closed.
        """
        return await self._inbox.get()

    async def close(self) -> None:
        """Close the call."""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._peer.close()
        self._lose("the line was closed here")

    def _take(self, message: str | bytes) -> None:
        self._inbox.put(message if isinstance(message, str) else message.decode("utf-8", "replace"))

    def _watch(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            self._lose(f"the call {self._peer.connectionState}")

    def _lose(self, reason: str) -> None:
        self._inbox.close(LinkError(reason, code="closed"))


class WebRtcOpener:
    """The seam `LineOpener` over WebRTC."""

    def __init__(
        self,
        requests: CloudRequests,
        now: Callable[[], datetime],
        *,
        ice_servers: Sequence[IceServer] = (),
        egress: Callable[[str, int], None],
        media_seconds: float = 5.0,
    ) -> None:
        """Take what calls are set up with.

        Args:
            requests: To the cloud.
            now: The wall clock.
            ice_servers: STUN and TURN servers, best first; the first of each kind that answers is used.
            egress: Asked about each server and each address that the cloud offers.
            media_seconds: From the cloud's answer to an open channel.
        """
        self._requests = requests
        self._now = now
        self._ice_servers = tuple(ice_servers)
        self._egress = egress
        self._media_seconds = media_seconds

    async def prepare(self) -> None:
        """Import aiortc and read the authorities."""
        await asyncio.to_thread(importlib.import_module, "aiortc")
        await self._requests.tls()

    async def open(self, token: str, session: RealtimeSession) -> WebRtcLine:
        """Set up a call.

        Raises:
            LinkError: By the names in `failures`.
        """
        from aiortc import RTCPeerConnection, RTCSessionDescription

        peer = RTCPeerConnection(await self._configuration())
        try:
            line = WebRtcLine(peer, peer.createDataChannel(CHANNEL))
            await peer.setLocalDescription(await peer.createOffer())
            answer = await self._call(token, peer.localDescription.sdp, session, line)
            try:
                await peer.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
            except Exception as error:  # aiortc and its parser raise whatever they stumble over
                raise LinkError(
                    f"{self._requests.where}: its answer is no session description that fits the offer"
                    f" ({printable(str(error))})",
                    code="answer_invalid",
                ) from error
            await self._until_open(line)
        except BaseException:
            await asyncio.shield(_closed(peer))
            raise
        return line

    async def _call(self, token: str, offer: str, session: RealtimeSession, line: WebRtcLine) -> str:
        told = session.model_dump_json(exclude_unset=True)
        answer = await self._requests.post(
            "/v1/realtime/calls",
            parts={"sdp": ("application/sdp", offer), "session": ("application/json", told)},
            headers={"Authorization": f"Bearer {token}", "Accept": "application/sdp"},
        )
        line.name = printable(answer.headers.get("location", "").rpartition("/")[2])
        return allowed_candidates(answer.body.decode("utf-8", "replace"), self._egress)

    async def _until_open(self, line: WebRtcLine) -> None:
        try:
            async with asyncio.timeout(self._media_seconds):
                await line.opened.wait()
        except TimeoutError as error:
            raise LinkError(
                f"{self._requests.where} took the call, but nothing came through by UDP: open the way, name a"
                ' TURN server in cloud.ice_servers, or set cloud.transport = "websocket"',
                code="media_blocked",
            ) from error

    async def _configuration(self) -> RTCConfiguration:
        from aiortc import RTCConfiguration, RTCIceServer

        found = await reachable(self._ice_servers, self._egress)
        return RTCConfiguration(
            iceServers=[
                RTCIceServer(urls=server.url, username=server.username, credential=server.credential)
                for server in found
            ]
        )


async def _closed(peer: RTCPeerConnection) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await peer.close()
