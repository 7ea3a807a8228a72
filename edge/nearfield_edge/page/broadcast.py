"""Tells every connected page what happens, from inside the turn engine's loop: nothing here waits or blocks.

A page that does not keep up loses all that waits for it and is told anew how things stand (overflow policy:
start anew), so what it shows is old at worst, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from nearfield_edge.errors import TooManyPagesError
from nearfield_edge.page.mailbox import Mailbox
from nearfield_edge.page.messages import Message, Microphone, MicrophoneChanged, TurnKept, to_json
from nearfield_edge.page.view import View, follow, hello
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_sync.clock import Clock
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Counters

MOST_PAGES: Final = 8
MOST_WAITING: Final = 64
"""Messages for one page; a turn makes about twenty."""


class Broadcast:
    """The pages that are connected, and what they show."""

    def __init__(self, clock: Clock, counters: Counters, microphone: Callable[[], Microphone]) -> None:
        self._clock = clock
        self._counters = counters
        self._microphone = microphone
        self._view = View()
        self._pages: set[Mailbox] = set()

    @property
    def pages(self) -> int:
        """How many are connected."""
        return len(self._pages)

    def watch(self, happened: do.Command | ev.Event) -> None:
        """Take an event or a command of the turn engine."""
        if isinstance(happened, ev.HopHeard):
            return
        self._view, messages = follow(self._view, happened, self._now_ms())
        for message in messages:
            self._tell(message)

    def turn_kept(self, record: TurnRecord, has_sound: bool) -> None:
        """A turn is over and stored."""
        self._tell(TurnKept(record=record.to_dict(), has_sound=has_sound))

    def microphone_changed(self) -> None:
        """Another microphone is listened to."""
        self._tell(MicrophoneChanged(microphone=self._microphone()))

    @contextmanager
    def joined(self) -> Iterator[Mailbox]:
        """Connect a page meanwhile; its mailbox begins with how things stand.

        Raises:
            TooManyPagesError: As many as there may be are connected.
        """
        if len(self._pages) >= MOST_PAGES:
            raise TooManyPagesError(f"{MOST_PAGES} pages are connected already: close one of them")
        mailbox = Mailbox(MOST_WAITING)
        mailbox.post(self._hello())
        self._pages.add(mailbox)
        try:
            yield mailbox
        finally:
            self._pages.discard(mailbox)

    def _tell(self, message: Message) -> None:
        if not self._pages:
            return
        text = to_json(message)
        for page in self._pages:
            if page.is_full:
                self._counters.add("nearfield_page_messages_dropped_total", page.drop_all())
                page.post(self._hello())
            page.post(text)

    def _hello(self) -> str:
        return to_json(hello(self._view, self._microphone(), self._now_ms()))

    def _now_ms(self) -> int:
        return int(self._clock.monotonic_ms())
