"""Whether every turn that was opened was closed once and kept once.

What is in order is forgotten, so that a ledger of a long run stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev

_MOST_FAULTS: Final = 20


@dataclass(slots=True)
class TurnLedger:
    """Is told every event and command of a device, and of every record that is made."""

    opened: int = 0
    settled: int = 0
    """Opened, closed and found in the store."""
    outcomes: Counter[str] = field(default_factory=Counter)
    opened_by: Counter[str] = field(default_factory=Counter)
    reopened: int = 0
    faults: list[str] = field(default_factory=list)
    """What was wrong, a line each."""
    _open: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)

    def watch(self, happened: do.Command | ev.Event) -> None:
        """Take what happened in the turn engine."""
        match happened:
            case do.OpenTurn(turn_id=turn_id):
                self.opened += 1
                self.opened_by[happened.opened_by] += 1
                self._open.add(turn_id)
            case do.ReopenTurn():
                self.reopened += 1
            case do.CloseTurn(turn_id=turn_id):
                self.outcomes[happened.outcome] += 1
                if turn_id in self._open:
                    self._open.remove(turn_id)
                    self._closed.add(turn_id)
                else:
                    self._fault(f"{turn_id} was closed without being open")

    def check(self, is_kept: Callable[[str], bool]) -> None:
        """Look at a moment of rest whether no turn is open, and each that was closed is in the store."""
        for turn_id in sorted(self._open):
            self._fault(f"{turn_id} was never closed")
        for turn_id in sorted(self._closed):
            if is_kept(turn_id):
                self.settled += 1
            else:
                self._fault(f"{turn_id} is not in the store")
        self._open.clear()
        self._closed.clear()

    @property
    def lost(self) -> int:
        """Turns that were opened and did not come to a kept record."""
        return self.opened - self.settled

    def _fault(self, line: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(line)
