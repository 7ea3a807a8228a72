"""Sees what the device does and tells who wants to know: its pulse, its pages, the terminal, the log."""

from __future__ import annotations

import structlog
from rich.console import Console
from rich.text import Text

from nearfield_edge.cli.presentation import show_turn
from nearfield_edge.cli.upkeep import SoundLosses
from nearfield_edge.composition.page import PageAccess
from nearfield_edge.life.service import Pulse
from nearfield_edge.page.broadcast import Broadcast
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_sync.messages.turn_record import TurnRecord
from nearfield_sync.telemetry import Log


class Witness:
    """Watches one device."""

    def __init__(
        self, *, pulse: Pulse, losses: SoundLosses, broadcast: Broadcast, terminal: Console | None
    ) -> None:
        """Tell all of these; without a terminal, logs have to do."""
        self._pulse = pulse
        self._losses = losses
        self._broadcast = broadcast
        self._terminal = terminal
        self._log: Log = structlog.get_logger()

    def watch(self, happened: do.Command | ev.Event) -> None:
        """Take an event or a command; almost all are hops, which cost no more than a look at the clock."""
        if isinstance(happened, ev.HopHeard):
            self._pulse.beat()
            return
        self._broadcast.watch(happened)
        if self._terminal is not None and isinstance(happened, do.OpenTurn):
            self._terminal.print("[dim]listening …[/dim]")

    def show(self, record: TurnRecord) -> None:
        """Take the record of a turn as it ends."""
        self._log.info("turn_ended", turn_id=record.turn_id, outcome=record.outcome)
        self._losses.count()
        if self._terminal is not None and record.outcome != "no_speech":
            show_turn(self._terminal, record)

    def show_link(self, access: PageAccess) -> None:
        """Say where the page is; the token is for the person before the terminal only."""
        self._log.info("page_ready", at=access.address.url, certificate_sha256=access.fingerprint)
        if self._terminal is not None:
            self._terminal.print(Text.assemble(("page    ", "dim"), access.link), soft_wrap=True)
            if access.fingerprint is not None:
                told = Text(f"        certificate SHA-256 {access.fingerprint}", "dim")
                self._terminal.print(told, soft_wrap=True)
