"""What the orchestrator is asked."""

from __future__ import annotations

from dataclasses import dataclass

from nearfield_cloud.caller import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An earlier question of the conversation, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a turn may take; what is over it ends with the reason."""

    deadline_seconds: float = 8.0
    """From the question to the answer's last sentence."""
    tool_calls: int = 4
    model_tokens: int = 2_000
    """Of the language model, prompt and answer together, over all its calls."""
    answer_characters: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One turn's question."""

    turn_id: str
    text: str
    caller: Caller
    language: str = "en"
    conversation: tuple[Exchange, ...] = ()
    """The latest last; from a device, redacted there."""
    instructions: str = ""
    """How to answer, from the session's owner; never from a document, a tool or the person."""
    budget: Budget = Budget()
    trace_parent: str | None = None
    """W3C ``traceparent`` of the turn's span on the device."""
