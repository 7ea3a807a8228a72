"""A device in a process of its own that is killed at one chosen moment while it asks a question that waited.

``python -m tests.edge.question_child FILE URL MOMENT``: keeps a question, says so, and asks it over the real
link. Each durable write has two moments,
just before it is durable and just after, and so has the sending. At moment number MOMENT it kills itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from nearfield_edge.escalation.link import CloudLink
from nearfield_edge.escalation.question_loop import QuestionLoop
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.seam import CloudEvent, EscalatedQuestion
from nearfield_edge.records.keys import FileKeyStore
from nearfield_sync.clock import SystemClock
from nearfield_sync.telemetry import Counters
from tests.edge.cloud_process import Wiring, running
from tests.edge.outbox_child import Fate


class FatefulLink:
    """The real link; before a question is sent, and after its first event, there is a moment."""

    def __init__(self, fate: Fate, link: CloudLink) -> None:
        self._fate = fate
        self._link = link

    @property
    def ready(self) -> bool:
        return self._link.ready

    @property
    def why_not(self) -> str:
        return self._link.why_not

    def wanted(self) -> None:
        self._link.wanted()

    def hear(self, turn_id: str, partial: str) -> None:
        self._link.hear(turn_id, partial)

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        self._link.confirm(call_id, agreed=agreed)

    async def ask(self, question: EscalatedQuestion) -> AsyncGenerator[CloudEvent]:
        self._fate.pass_moment()
        async with aclosing(self._link.ask(question)) as events:
            async for event in events:
                self._fate.pass_moment()
                yield event


def queue_at(file: Path) -> QuestionQueue:
    """The queue of a device whose key lies beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return QuestionQueue(file, FileKeyStore(file.parent / "key"), clock=SystemClock(), counters=Counters())


async def main() -> None:
    file, url, moment = sys.argv[1:]
    fate, folder = Fate(int(moment)), Path(file).parent
    queue = queue_at(Path(file))
    (folder / "api-key").write_text("a-key")
    async with running(Wiring(url, folder / "api-key").link("websocket")) as link:
        await link.line.until("warm")
        fate.watch(queue._database.connection)
        queue.put(EscalatedQuestion(turn_id=folder.name, text="how is the pump vented"))
        print("promised", flush=True)  # noqa: T201 (the parent listens)
        loop = QuestionLoop(queue, FatefulLink(fate, link), may_ask=lambda: True)
        while await loop.ask_next():
            pass
    queue.close()


if __name__ == "__main__":
    asyncio.run(main())
