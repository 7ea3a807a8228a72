"""Makes the orchestrator that the configuration asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager

from opentelemetry.trace import Tracer

from nearfield_cloud.composing.composer import Composer
from nearfield_cloud.configuration.tree import Configuration
from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.knowledge.search import Knowledge
from nearfield_cloud.language_model.opening import open_language_model
from nearfield_cloud.orchestrator.answering import Answering
from nearfield_cloud.orchestrator.records import Redact, TurnRecords
from nearfield_cloud.orchestrator.resources import Resources
from nearfield_cloud.orchestrator.wishes import Wishes
from nearfield_cloud.timing import SystemTimekeeper, Timekeeper
from nearfield_cloud.tools.matching import Embed, ToolMatcher
from nearfield_cloud.tools.opening import open_tools
from nearfield_sync.telemetry import Counters

_THREADS = 2


@asynccontextmanager
async def open_orchestrator(
    configuration: Configuration,
    *,
    knowledge: Knowledge,
    composer: Composer,
    embed: Embed | None = None,
    redact: Redact | None = None,
    time: Timekeeper | None = None,
    tracer: Tracer | None = None,
    counters: Counters | None = None,
) -> AsyncIterator[Answering]:
    """Give the orchestrator, and end what it began.

    Tool servers are asked what they offer; one that does not answer in its time is asked again by turns.

    Args:
        configuration: The whole tree.
        knowledge: Where documents are searched.
        composer: Answers from passages where no language model does.
        embed: Embeds questions, for tools that have examples.
        redact: Masks personal data in what is recorded; needed where records keep text.
        time: The clocks.
        tracer: Where spans go; none without it.
        counters: The process's.

    Raises:
        ConfigurationError: A sentence, a secret or a document is wrong.
        ToolError: A document's operation cannot be understood.
        DatabaseError: The records cannot be opened.
        ModelsError: The tools' examples cannot be embedded.
    """
    section = configuration.orchestrator
    clock = time or SystemTimekeeper()
    counts = counters or Counters()
    async with AsyncExitStack() as stack:
        thread = ThreadPoolExecutor(_THREADS, thread_name_prefix="orchestrator")
        stack.callback(thread.shutdown, wait=True, cancel_futures=True)
        wishes, matcher = await asyncio.get_running_loop().run_in_executor(thread, _compiled, configuration)
        if embed is not None:
            await matcher.learn_examples(embed)
        records = await asyncio.to_thread(_records, configuration, redact)
        if records is not None:
            stack.callback(records.close)
        model = open_language_model(configuration.language_model, clock)
        if model is not None:
            stack.push_async_callback(model.aclose)
        toolbox = open_tools(configuration.tools, clock, counts)
        stack.push_async_callback(toolbox.aclose)
        await toolbox.warm_up()
        yield Answering(
            Resources(
                section=section,
                knowledge=knowledge,
                composer=composer,
                wishes=wishes,
                toolbox=toolbox,
                matcher=matcher,
                thread=thread,
                time=clock,
                embed=embed,
                model=model,
                records=records,
                tracer=tracer,
                counters=counts,
            )
        )


def _compiled(configuration: Configuration) -> tuple[Wishes, ToolMatcher]:
    section = configuration.orchestrator
    wishes = Wishes(hand_over=section.hand_over_sentences, refuse=section.refused_sentences)
    matcher = ToolMatcher(
        configuration.tools,
        least_confidence=section.least_tool_confidence,
        least_similarity=section.least_tool_similarity,
    )
    return wishes, matcher


def _records(configuration: Configuration, redact: Redact | None) -> TurnRecords | None:
    section = configuration.orchestrator.records
    if not section.enabled:
        return None
    if section.text and redact is None:
        raise ConfigurationError(
            "orchestrator.records.text: what is said can be kept redacted only, and nothing here redacts"
        )
    path = configuration.data / "turns.sqlite"
    try:
        return TurnRecords(path, section, redact or (lambda _: ""))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be made: {error.strerror}") from error
