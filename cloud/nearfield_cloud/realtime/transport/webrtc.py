"""A call over WebRTC: an offer is answered, events travel on the data channel, sound on tracks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Final

import structlog
from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import SdpError
from nearfield_cloud.realtime.call import Call
from nearfield_cloud.realtime.calls import Calls
from nearfield_cloud.realtime.sound.track import VoiceTrack
from nearfield_cloud.realtime.transport.ice import IceServers
from nearfield_cloud.realtime.transport.sdp import checked_offer, offers_sound, with_voice
from nearfield_sync.messages.realtime.session import RealtimeSession

log = structlog.get_logger()
CHANNEL: Final = "oai-events"
_MOST_BUFFERED_BYTES: Final = 1_048_576
_CLOSING_SECONDS: Final = 5.0
_GOING_SECONDS: Final = 0.5
"""So long a closing channel has to send what waits."""


class Peers:
    """Answers offers; keeps what runs for the calls' connections."""

    def __init__(self, calls: Calls, ice: IceServers) -> None:
        self._calls = calls
        self._ice = ice
        self._tasks: set[asyncio.Task[Any]] = set()

    async def answer(self, offer: bytes, caller: Caller, session: RealtimeSession) -> tuple[Call, str]:
        """Answer an offer; the call goes on by itself from here.

        Raises:
            SdpError: The offer cannot be read or answered.
            TooMuchError: As many calls are held as may be.
            ShuttingDownError: This worker takes no more calls.
        """
        settings = self._calls.parts.settings
        text = checked_offer(offer, settings.limits)
        call = self._calls.begin(caller, session, on_track=offers_sound(text))
        try:
            peer, answer = await self._negotiated(call, text)
        except BaseException:
            call.end("the offer could not be answered", reconnect=False)
            raise
        self.spawn(peer.expect(settings.ice.connect_seconds))
        return call, with_voice(answer, bits_per_second=settings.engines.opus_bits_per_second)

    async def _negotiated(self, call: Call, offer: str) -> tuple[Peer, str]:
        seconds = self._calls.parts.settings.ice.gather_seconds
        peer = Peer(self, call, RTCPeerConnection(self._ice.configuration()))
        try:
            async with asyncio.timeout(seconds):
                return peer, await peer.answer(offer)
        except TimeoutError:
            peer.close("its ICE servers fell silent")
            self._ice.distrust()
            self.spawn(self._ice.probe())
            log.warning("ice_servers_silent", call_id=call.id)
        peer = Peer(self, call, RTCPeerConnection(self._ice.without_servers()))
        return peer, await peer.answer(offer)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something for a connection."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def open(self) -> int:
        """How much still runs for connections; nothing once all are closed."""
        return len(self._tasks)

    async def closed(self) -> None:
        """Wait until the connections of calls that ended are closed, but not for ever."""
        if self._tasks:
            _, left = await asyncio.wait(set(self._tasks), timeout=_CLOSING_SECONDS)
            for task in left:
                task.cancel()


class Peer:
    """One call's connection."""

    def __init__(self, peers: Peers, call: Call, pc: RTCPeerConnection) -> None:
        self.pc = pc
        self._peers = peers
        self._call = call
        self._channel: RTCDataChannel | None = None
        self._listening: asyncio.Task[Any] | None = None
        self._opened = asyncio.Event()
        self._closing = False
        call.coming = self
        pc.on("datachannel", self._channel_opened)
        pc.on("track", self._track_came)
        pc.on("connectionstatechange", self._changed)

    async def answer(self, offer: str) -> str:
        """Give the answer to an offer.

        Raises:
            SdpError: It cannot be answered.
        """
        if offers_sound(offer) and self._call.voices is not None:
            self._call.voices.track = VoiceTrack(self._call.report)
            self.pc.addTrack(self._call.voices.track)
        try:
            await self.pc.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
            await self.pc.setLocalDescription(await self.pc.createAnswer())
        except Exception as error:  # aiortc raises whatever an odd offer leads to
            raise SdpError(f"the offer cannot be answered: {type(error).__name__}") from error
        return self.pc.localDescription.sdp

    async def expect(self, seconds: float) -> None:
        """End the call unless its channel opens in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._opened.wait()
        except TimeoutError:
            self._call.end("the client never connected", reconnect=False)

    def send(self, text: str) -> None:
        """Send one event; a client that reads too slowly is closed."""
        channel = self._channel
        if channel is None or self._closing or channel.readyState != "open":
            return
        if channel.bufferedAmount > _MOST_BUFFERED_BYTES:
            self._call.end("the client reads too slowly", reconnect=True)
            return
        try:
            channel.send(text)
        except (InvalidStateError, ConnectionError, ValueError):
            log.warning("event_not_sent", call_id=self._call.id, size=len(text))

    def close(self, reason: str) -> None:
        """Close once what was sent is out, or soon."""
        if not self._closing:
            self._closing = True
            self._opened.set()
            self._peers.spawn(self._close())

    async def _close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()  # a track that never began would never end
        channel = self._channel
        if channel is not None and channel.bufferedAmount:
            sent = asyncio.Event()
            channel.on("bufferedamountlow", sent.set)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sent.wait(), _GOING_SECONDS)
        await self.pc.close()

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL or self._channel is not None or self._closing:
            return
        self._channel = channel
        channel.on("message", self._call.receive)
        channel.on("close", self._gone)
        self._opened.set()
        self._call.attach(self, own=True)

    def _track_came(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and self._listening is None:
            self._listening = self._peers.spawn(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        """Take the client's sound; where nobody hears it is dropped, lest it pile up."""
        try:
            while True:
                self._call.frame(await track.recv())
        except MediaStreamError:
            return

    def _changed(self) -> None:
        if self.pc.connectionState in ("failed", "closed"):
            self._gone()

    def _gone(self) -> None:
        self.close("the connection is gone")
        self._call.detach(self)
