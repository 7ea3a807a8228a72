"""Documents that are told beforehand; can be told to wait or to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import KnowledgeError
from nearfield_cloud.knowledge.search import Found, Knowledge
from nearfield_cloud.orchestrator.question import Exchange


class ToldKnowledge:
    """Finds the same for every question of its tenant."""

    def __init__(self, found: Sequence[Found], *, tenant: str = "acme", fails: bool = False) -> None:
        self._found = found
        self._tenant = tenant
        self._fails = fails
        self.searched: list[str] = []
        self.cancelled: list[str] = []
        self._asked = asyncio.Condition()
        self.open = asyncio.Event()
        """While cleared, searches wait."""
        self.open.set()

    async def searches(self, number: int) -> None:
        """Come back when so many were begun; fails after 10 s."""
        async with asyncio.timeout(10), self._asked:
            await self._asked.wait_for(lambda: len(self.searched) >= number)

    async def search(
        self, query: str, caller: Caller, *, conversation: Sequence[Exchange] = (), limit: int = 5
    ) -> Sequence[Found]:
        self.searched.append(query)
        async with self._asked:
            self._asked.notify_all()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled.append(query)
            raise
        if self._fails:
            raise KnowledgeError("the fake documents were told to fail")
        return self._found[:limit] if caller.tenant == self._tenant else ()


def as_knowledge(knowledge: ToldKnowledge) -> Knowledge:
    """Only here so that mypy checks the fake against the seam."""
    return knowledge
