"""A device in a process of its own that is killed at one chosen moment.

``python -m tests.edge.outbox_child FILE URL MOMENT [resume]``: stages an order, says so, settles the turn and
delivers; with ``resume`` it does what a device does after a start. Each durable write has two moments (just
before it is durable, just after), and so has each request. At moment number MOMENT it kills itself.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import apsw

from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.skills.api import HttpEffect
from nearfield_edge.skills.http_delivery import HttpDelivery
from nearfield_edge.skills.permissions import Permissions, origin_of
from nearfield_sync.telemetry import Counters

NOW = datetime(2026, 3, 6, tzinfo=UTC)


class Fate:
    """Counts moments and ends the process at the chosen one."""

    def __init__(self, moment: int) -> None:
        self._left = moment

    def pass_moment(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, connection: apsw.Connection) -> None:
        """Every commit of this connection is two moments."""

        def before() -> bool:
            self.pass_moment()
            return False

        def after(connection: apsw.Connection, name: str, pages: int) -> int:
            self.pass_moment()
            return apsw.SQLITE_OK

        connection.set_commit_hook(before)
        connection.set_wal_hook(after)


class TillDelivery:
    """The seam ``Delivery``, by the real HTTP delivery."""

    def __init__(self, fate: Fate, url: str) -> None:
        self._fate = fate
        self._http = HttpDelivery(lambda host, port: None, timeout_seconds=5)
        self._permissions = Permissions(skill="coffee", network=frozenset({origin_of(url)}))

    def deliver(self, entry: OutboxEntry, now: datetime) -> None:
        self._fate.pass_moment()
        assert isinstance(entry.effect, HttpEffect)
        self._http.send(entry.effect, entry.key, self._permissions)
        self._fate.pass_moment()


def main() -> None:
    file, url, moment, *rest = sys.argv[1:]
    fate = Fate(int(moment))
    outbox = Outbox(EffectStore(Path(file)), TillDelivery(fate, url), Counters())
    fate.watch(outbox.effects._database.connection)
    if rest:
        outbox.recover()
    else:
        order = HttpEffect(method="POST", url=f"{url}/orders", body={"drink": "latte"})
        outbox.stage("turn", 0, "coffee", [order])
        print("promised", flush=True)  # noqa: T201 (the parent listens)
        outbox.commit("turn")
    outbox.deliver_due(NOW)
    outbox.close()


if __name__ == "__main__":
    main()
