"""How a question is going to be answered: a pure function of what is known of it and of the policy.

It says what it still needs to know, and is asked again. Passages and results of tools have no word in which
tools are called: a plan with tools follows from the question, the operator's sentences and what a model
made of the question alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nearfield_cloud.knowledge.search import Found
from nearfield_cloud.orchestrator.answer import Plan
from nearfield_cloud.tools.tool import ToolCall

Wish = Literal["", "hand_over", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A tool that the question itself asks for."""

    call: ToolCall
    missing: tuple[str, ...]
    """Arguments that it needs and the question does not name."""
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What a language model made of the question, without any passage or result before it."""

    plan: Plan | None
    """None where it could not be asked, or made no sense."""
    calls: tuple[ToolCall, ...] = ()
    """Each offered to this caller, its arguments checked."""
    question: str = ""
    """What it would ask back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What is known of a question."""

    words: int
    wish: Wish = ""
    matched: Matched | None = None
    tools: bool = False
    """Whether the caller may have any tool called."""
    model: bool = False
    """Whether a language model can be asked."""
    suggestion: Suggestion | None = None
    """None until a model was asked."""
    passages: Sequence[Found] | None = None
    """None until they were searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator allows."""

    least_similarity: float
    talk: bool
    hand_over: bool
    hand_over_unknown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The plan, and why."""

    plan: Plan
    reason: str
    calls: tuple[ToolCall, ...] = ()
    argument: str = ""
    """What to ask back for, of the first call."""
    question: str = ""
    """What to ask back, in a model's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """No plan yet: this has to be known first."""

    what: Literal["suggestion", "passages"]


def plan(grounds: Grounds, policy: Policy) -> Decision | Need:
    """Say how to answer, or what is needed to say so."""
    decision = _by_rule(grounds, policy)
    if decision is not None:
        return decision
    if grounds.model and grounds.tools and grounds.suggestion is None:
        return Need(what="suggestion")
    decision = _by_suggestion(grounds.suggestion, policy)
    if decision is not None:
        return decision
    if grounds.passages is None:
        return Need(what="passages")
    return _by_passages(grounds, grounds.passages, policy)


def _by_rule(grounds: Grounds, policy: Policy) -> Decision | None:
    if grounds.words == 0:
        return Decision(plan="ask_back", reason="nothing was asked")
    if grounds.wish == "refuse":
        return Decision(plan="refuse", reason="the operator does not want it answered")
    if grounds.wish == "hand_over":
        if policy.hand_over:
            return Decision(plan="hand_over", reason="a person was asked for")
        return Decision(plan="refuse", reason="a person was asked for, and none can be reached")
    matched = grounds.matched
    if matched is None:
        return None
    if matched.missing:
        reason = f"{matched.how}, and {matched.missing[0]} is missing"
        return Decision(plan="ask_back", reason=reason, calls=(matched.call,), argument=matched.missing[0])
    return Decision(plan="tools", reason=matched.how, calls=(matched.call,))


def _by_suggestion(suggestion: Suggestion | None, policy: Policy) -> Decision | None:
    if suggestion is None or suggestion.plan is None:
        return None
    reason = "the language model made that of the question"
    if suggestion.plan == "tools" and suggestion.calls:
        return Decision(plan="tools", reason=reason, calls=suggestion.calls)
    if suggestion.plan == "ask_back" and suggestion.question:
        return Decision(plan="ask_back", reason=reason, question=suggestion.question)
    if suggestion.plan == "refuse" or (suggestion.plan == "hand_over" and policy.hand_over):
        return Decision(plan=suggestion.plan, reason=reason)
    return None


def _by_passages(grounds: Grounds, passages: Sequence[Found], policy: Policy) -> Decision:
    best = max((found.similarity for found in passages), default=-1.0)
    if passages and best >= policy.least_similarity:
        return Decision(plan="knowledge", reason=f"{len(passages)} passages, the nearest at {best:.2f}")
    nearest = f"the nearest passage is at {best:.2f}" if passages else "no passage was found"
    if policy.talk and grounds.model:
        return Decision(plan="talk", reason=f"{nearest}, and the language model may talk")
    if policy.hand_over and policy.hand_over_unknown:
        return Decision(plan="hand_over", reason=f"{nearest}, and a person can take over")
    return Decision(plan="knowledge", reason=nearest)
