"""What all turns share, and what a turn is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from opentelemetry.trace import Tracer

from nearfield_cloud.composing.composer import Composer
from nearfield_cloud.configuration.orchestrator import OrchestratorSection
from nearfield_cloud.knowledge.search import Knowledge
from nearfield_cloud.language_model.chat import LanguageModel
from nearfield_cloud.orchestrator.records import TurnRecords
from nearfield_cloud.orchestrator.wishes import Wishes
from nearfield_cloud.timing import Timekeeper
from nearfield_cloud.tools.matching import Embed, ToolMatcher
from nearfield_cloud.tools.toolbox import Toolbox
from nearfield_sync.telemetry import Counters

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """One set for a process."""

    section: OrchestratorSection
    knowledge: Knowledge
    composer: Composer
    wishes: Wishes
    toolbox: Toolbox
    matcher: ToolMatcher
    thread: Executor
    """Grammars are walked in it, never on the event loop."""
    time: Timekeeper
    embed: Embed | None = None
    """For questions that mean the same as a tool's examples."""
    model: LanguageModel | None = None
    records: TurnRecords | None = None
    tracer: Tracer | None = None
    counters: Counters = field(default_factory=Counters)

    async def computed(self, work: Callable[[], _Result]) -> _Result:
        """Compute in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)
