"""One step of a session while it is being made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nearfield_cloud.realtime.session.commands import Command, Tell
from nearfield_cloud.realtime.session.state import SessionState
from nearfield_sync.messages.realtime import server
from nearfield_sync.messages.realtime.nearfield import ServerEvent


class Draft:
    """Collects the next state and what is to be done; lives for one call of the reducer."""

    def __init__(self, state: SessionState) -> None:
        self.state = state
        self.commands: list[Command] = []

    def change(self, **fields: Any) -> None:
        """Set fields of the state."""
        self.state = replace(self.state, **fields)

    def do(self, command: Command) -> None:
        """Have something done, after what was asked for before."""
        self.commands.append(command)

    def tell(self, event: ServerEvent) -> None:
        """Send an event."""
        self.commands.append(Tell(event=event))

    def new_id(self, kind: str) -> str:
        """An id that this session has not given before."""
        self.change(numbered=self.state.numbered + 1)
        return f"{kind}_{self.state.id.removeprefix('sess_')[:16]}_{self.state.numbered}"

    def refuse(self, code: str, message: str, *, event_id: str | None, param: str | None = None) -> None:
        """Tell the client that what it asked for cannot be."""
        fault = server.Fault(code=code, message=message, event_id=event_id, param=param)
        self.tell(server.ErrorTold(error=fault))
