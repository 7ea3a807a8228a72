"""What the orchestrator gives: events of one turn, in order, the last of them always `Finished`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from nearfield_cloud.caller import Caller
from nearfield_cloud.orchestrator.question import Exchange, Question

Plan = Literal["knowledge", "tools", "ask_back", "hand_over", "refuse", "talk"]
Outcome = Literal["answered", "ungrounded", "asked_back", "handed_over", "refused", "cancelled", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """How the turn is going to be answered, and why."""

    plan: Plan
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a sentence comes from."""

    chunk_id: str
    document: str
    """Its title as people know it."""
    source: str
    """Path or URL from which it was ingested."""
    quote: str
    """The words of the passage that the sentence rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceReady:
    """A sentence that may be spoken; ``text`` ends without white space."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationNeeded:
    """A tool would change something: nothing happens until a person has agreed."""

    call_id: str
    tool: str
    arguments: dict[str, object]
    question: str
    """What to ask the person, to be spoken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing the orchestrator did."""

    name: str
    """``plan``, ``rewrite``, ``retrieve``, ``tool:NAME``, ``model:NAME``, ``compose``."""
    started_ms: float
    """Since the question arrived; negative for what a partial had set off."""
    duration_ms: float
    detail: str = ""
    fault: str = ""
    """Code of what went wrong; empty where nothing did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The turn is over."""

    outcome: Outcome
    reason: str
    steps: tuple[Step, ...] = ()
    model_tokens: int = 0
    may_be_kept_seconds: int = 0
    """For how long the asker may answer the same question by itself; 0 forbids it."""


AnswerEvent = Planned | SentenceReady | ConfirmationNeeded | Finished


class Listening(Protocol):
    """One turn's attention: it may begin before the question is whole."""

    def hear(self, partial: str) -> None:
        """Begin what can be begun (retrieval) on an unfinished question; at once, and without effects."""
        ...

    def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """Answer; to be used under ``aclosing``. Closing it early cancels all that is under way.

        Never raises for a fault of a tool, a model or a document: the turn then ends in ``Finished`` with
        ``failed`` and the fault's code in its step.
        """
        ...

    def confirm(self, call_id: str, *, agreed: bool) -> None:
        """A person's answer to `ConfirmationNeeded`.

        Raises:
            OrchestrationError: Nothing of that id waits.
        """
        ...

    async def aclose(self) -> None:
        """Attend no longer: what a partial has begun is ended. Not needed once `answer` has ended."""
        ...


class Orchestrator(Protocol):
    """Answers questions; one for a process, used by all calls."""

    def listen(self, caller: Caller | None = None, conversation: Sequence[Exchange] = ()) -> Listening:
        """Attend to one turn.

        Args:
            caller: Who is going to ask; without it nothing is begun on partials, since nobody's documents
                may be searched. The same caller's question alone is answered from what was begun.
            conversation: Earlier exchanges, the latest last.
        """
        ...
