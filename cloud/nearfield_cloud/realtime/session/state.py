"""What a session knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nearfield_cloud.orchestrator.answer import Finished, Planned
from nearfield_sync.messages.realtime.client import ResponseRequest
from nearfield_sync.messages.realtime.items import Item
from nearfield_sync.messages.realtime.session import RealtimeSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """What one session may hold."""

    most_items: int = 64
    """Beyond it the oldest go."""
    longest_text_characters: int = 8_000
    """Of one item's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An item, and how long each of its sentences sounds."""

    item: Item
    sentences: tuple[str, ...] = ()
    durations_ms: tuple[int, ...] = ()
    response_id: str = ""
    """That made it; empty for what a client said."""

    @property
    def id(self) -> str:
        """The item's; items in a conversation always have one."""
        return self.item.id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response under way."""

    response_id: str
    item_id: str
    request: ResponseRequest
    speaks: bool
    sentences: tuple[str, ...] = ()
    durations_ms: tuple[int, ...] = ()
    planned: Planned | None = None
    finished: Finished | None = None
    begun: bool = False
    """Whether its message was told."""

    @property
    def text(self) -> str:
        """All that was answered so far."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A response that waits for what was said to be recognised."""

    item_id: str | None
    """What is to be answered; None where the client asked, whatever was said."""
    request: ResponseRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """One session; ``id`` and settings stand in ``session``."""

    session: RealtimeSession
    limits: SessionLimits = SessionLimits()
    hears: bool = True
    """Whether there are engines for sound."""
    on_track: bool = False
    """Whether sound goes out on a track of its own instead of in events."""
    entries: tuple[Entry, ...] = ()
    answer: Answer | None = None
    speech_item: str | None = None
    """The id that will be that of what somebody is saying."""
    unheard: frozenset[str] = frozenset()
    """Items that are still being recognised."""
    owed: Owed | None = None
    playing: str | None = None
    """Response whose sound goes out on the track."""
    trace_parent: str | None = None
    numbered: int = 0
    """Ids given so far."""

    @property
    def id(self) -> str:
        """The session's."""
        return self.session.id or ""

    def entry(self, item_id: str) -> Entry | None:
        """The entry of an item, None where there is none."""
        return next((entry for entry in self.entries if entry.id == item_id), None)

    def parted(self) -> SessionState:
        """What is left when the connection is lost: settings and conversation, nothing under way."""
        kept = tuple(entry for entry in self.entries if entry.id not in self.unheard)
        return replace(
            self, entries=kept, answer=None, speech_item=None, unheard=frozenset(), owed=None, playing=None
        )
