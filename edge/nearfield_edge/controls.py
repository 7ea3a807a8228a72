"""What people do to the device besides speaking to it: keys, signals and pages all end here."""

from __future__ import annotations

import structlog

from nearfield_edge.agent import Agent
from nearfield_edge.audio.source import AudioSource, Mutable
from nearfield_edge.turn import events as ev
from nearfield_sync.telemetry import Log


class Controls:
    """The buttons of one device."""

    def __init__(self, agent: Agent, source: AudioSource) -> None:
        self._agent = agent
        self._source = source
        self._log: Log = structlog.get_logger()

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed by will."""
        return self._agent.state.muted

    def talk(self, *, held: bool = False) -> None:
        """As the wake word; held, the device listens until `release`."""
        self._agent.tell(ev.TalkPressed(at=self._agent.state.at, held=held))

    def release(self) -> None:
        """The talk button came up."""
        self._agent.tell(ev.TalkReleased(at=self._agent.state.at))

    def stop(self) -> None:
        """Silence: the reply stops and the turn ends."""
        self._agent.tell(ev.StopAsked(at=self._agent.state.at))

    def give_text(self, text: str) -> None:
        """A typed request."""
        self._agent.tell(ev.TextGiven(at=self._agent.state.at, text=text))

    def mute(self, muted: bool) -> None:
        """Close the microphone, or open it again."""
        if isinstance(self._source, Mutable):
            self._source.mute() if muted else self._source.unmute()
        self._agent.tell(ev.MuteChanged(at=self._agent.state.at, muted=muted))
        self._log.info("mute_changed", muted=muted)
