"""What is remembered between turns: who spoke last, what was asked, what each skill noted.

A value, not an object with a life: a turn takes the conversation of the last settled turn and gives a new
one, so that a reopened turn simply starts again from the same place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from nearfield_edge.errors import RecordError
from nearfield_sync.messages.turn_record import Json

DEFAULT_LIFETIME_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What the device has asked and waits for."""

    skill: str
    intent: str
    slot: str
    slots: Mapping[str, Json] = field(default_factory=dict)
    """What was already given for the intent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The state of the dialogue after a turn."""

    active_skill: str | None = None
    question: OpenQuestion | None = None
    memory: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By skill."""
    last_turn_at: datetime | None = None

    def context(self) -> dict[str, str]:
        """What the grammar needs to know: ``active_skill``, ``open_intent``, ``open_slot``."""
        known: dict[str, str] = {}
        if self.active_skill is not None:
            known["active_skill"] = self.active_skill
        if self.question is not None:
            known.update(open_intent=self.question.intent, open_slot=self.question.slot)
        return known

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        at = self.last_turn_at
        return {**asdict(self), "last_turn_at": at.isoformat() if at else None}


def current(conversation: Conversation, now: datetime, lifetime_seconds: float) -> Conversation:
    """The conversation as of ``now``: empty when the last turn is too long ago, or lies in the future."""
    if conversation.last_turn_at is None:
        return conversation
    age = (now - conversation.last_turn_at).total_seconds()
    return conversation if 0 <= age <= lifetime_seconds else Conversation()


def merged_slots(
    question: OpenQuestion | None, skill: str, intent: str, slots: Mapping[str, Json]
) -> dict[str, Json]:
    """The slots of a turn, with what was given before the question that it answers.

    A turn that does not fill the asked slot, or that names another value for a slot given before, is a new
    request and stands alone.
    """
    if question is None or (question.skill, question.intent) != (skill, intent):
        return dict(slots)
    is_answer = question.slot in slots
    contradicts = any(slots.get(name, value) != value for name, value in question.slots.items())
    return {**question.slots, **slots} if is_answer and not contradicts else dict(slots)


def after_turn(
    conversation: Conversation,
    *,
    skill: str,
    question: OpenQuestion | None,
    memory: Mapping[str, Json] | None,
    now: datetime,
) -> Conversation:
    """The conversation after a skill has answered; ``memory`` None leaves the skill's as it is."""
    notes = conversation.memory if memory is None else {**conversation.memory, skill: dict(memory)}
    return replace(conversation, active_skill=skill, question=question, memory=notes, last_turn_at=now)


def conversation_from_dict(raw: Mapping[str, Any]) -> Conversation:
    """Read what ``to_dict`` wrote.

    Raises:
        RecordError: It is not a conversation.
    """
    try:
        at = raw["last_turn_at"]
        return Conversation(
            active_skill=raw["active_skill"],
            question=OpenQuestion(**raw["question"]) if raw["question"] else None,
            memory={str(name): dict(notes) for name, notes in raw["memory"].items()},
            last_turn_at=datetime.fromisoformat(at) if at else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"a stored conversation cannot be read: {error}") from error
