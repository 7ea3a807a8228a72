"""``/ws/audio``: a browser's microphone and loudspeaker, one page at a time."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

from starlette.websockets import WebSocket

from nearfield_edge.audio.socket_sound import SPEECH_STOPPED, SocketSound, named_format
from nearfield_edge.page.broadcast import Broadcast
from nearfield_edge.page.connections import Connections, exchange, received
from nearfield_edge.page.mailbox import Mailbox
from nearfield_models.errors import AudioFormatError
from nearfield_sync.telemetry import Counters

MICROPHONE_TAKEN: Final = 4409
WRONG_FORMAT: Final = 1003
_MOST_WAITING: Final = 400
"""Messages of 10 ms; of a page that is slower the oldest sound is dropped."""


class AudioSocket:
    """Serves the connection for sound."""

    def __init__(
        self, line: SocketSound | None, broadcast: Broadcast, connections: Connections, counters: Counters
    ) -> None:
        """Connect pages to a line; where there is none, the device listens to something else for good."""
        self._line = line
        self._broadcast = broadcast
        self._connections = connections
        self._counters = counters

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one page until it goes."""
        await websocket.accept()
        line = self._line
        if line is None or line.connected:
            await websocket.close(MICROPHONE_TAKEN, "microphone_taken")
            return
        try:
            decoder = named_format(websocket.url.query)
        except AudioFormatError as error:
            await websocket.close(WRONG_FORMAT, str(error)[:120])
            return
        mailbox = Mailbox(_MOST_WAITING)
        with self._connections.of(websocket.scope["nearfield_session"], mailbox):
            line.connect(decoder, lambda message: self._post(mailbox, message))
            self._broadcast.microphone_changed()
            try:
                await exchange(websocket, mailbox, _listen(websocket, mailbox, line))
            finally:
                line.disconnect()
                self._broadcast.microphone_changed()

    async def _post(self, mailbox: Mailbox, message: str | bytes) -> None:
        """Let a message wait for the page; the voice does not wait for it."""
        if message == SPEECH_STOPPED:
            mailbox.drop_sound()
        elif mailbox.is_full:
            self._counters.add("nearfield_page_sound_dropped_total", mailbox.drop_sound(1))
        mailbox.post(message)


async def _listen(websocket: WebSocket, mailbox: Mailbox, line: SocketSound) -> None:
    async with aclosing(received(websocket)) as messages:
        async for message in messages:
            if isinstance(message, str):
                mailbox.close(WRONG_FORMAT, "sound comes in binary messages")
                continue
            line.accept(message)
