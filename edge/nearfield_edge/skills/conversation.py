"""What is remembered between turns: with which skills one spoke, what was asked and wanted, what they noted.

A value, not an object with a life: a turn takes the conversation of the last settled turn and gives a new
one, so that a reopened turn simply starts again from the same place. A conversation is made of threads, one a
skill: who asks the way in the middle of an order can go on with the order afterwards. What the device
itself asked belongs to no thread; it is one turn old at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from nearfield_edge.doubts.doubt import ASKED, Doubt, doubt_from_dict
from nearfield_edge.errors import RecordError
from nearfield_edge.skills.api import PastRequest
from nearfield_sync.messages.turn_record import Json

DEFAULT_LIFETIME_SECONDS: Final = 90.0
OVER_SECONDS: Final = 600.0
"""For so long after its end a conversation is known to have been one."""
PREVIOUS: Final = "{previous}"
"""As the value of a slot that a sentence fixes: what that slot held last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """What the device has asked and waits for."""

    skill: str
    intent: str
    slot: str
    slots: Mapping[str, Json] = field(default_factory=dict)
    """What was already given for the intent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The talk with one skill."""

    skill: str
    request: PastRequest
    """What was understood last."""
    values: Mapping[str, Json] = field(default_factory=dict)
    """What every slot held when it was last named."""
    question: OpenQuestion | None = None

    def context(self) -> dict[str, str]:
        """What the grammar needs to know: ``active_skill``, ``last_intent`` and what is open."""
        known = {"active_skill": self.skill, "last_intent": self.request.intent}
        if self.question is not None:
            known.update(open_intent=self.question.intent, open_slot=self.question.slot)
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The state of the dialogue after a turn."""

    threads: tuple[Thread, ...] = ()
    """One a skill, the latest first."""
    memory: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By skill."""
    doubt: Doubt | None = None
    """What the device asked in the last turn because it was not sure what was meant."""
    last_turn_at: datetime | None = None

    def thread(self, skill: str) -> Thread | None:
        """The talk with a skill; None where there was none."""
        return next((thread for thread in self.threads if thread.skill == skill), None)

    def contexts(self) -> tuple[dict[str, str], ...]:
        """What the grammar needs to know, of the latest thread and then of those before it.

        Before them stands what the device's own question needs, which is no thread: ``asked``.
        """
        threads = tuple(thread.context() for thread in self.threads)
        asked = self.doubt.asked if self.doubt is not None else None
        return threads if asked is None else ({ASKED: asked}, *(threads or ({},)))

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


def just_over(conversation: Conversation, now: datetime, lifetime_seconds: float) -> bool:
    """Whether the conversation has expired, but not so long ago that nobody would think of it."""
    if conversation.last_turn_at is None:
        return False
    age = (now - conversation.last_turn_at).total_seconds()
    return lifetime_seconds < age <= lifetime_seconds + OVER_SECONDS


def resolved_slots(thread: Thread | None, slots: Mapping[str, Json]) -> dict[str, Json]:
    """The slots with what ``PREVIOUS`` stands for; one that was never named is left out."""
    known = thread.values if thread is not None else {}
    return {
        name: known[name] if value == PREVIOUS else value
        for name, value in slots.items()
        if value != PREVIOUS or name in known
    }


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
    request: PastRequest,
    question: OpenQuestion | None,
    memory: Mapping[str, Json] | None,
    now: datetime,
) -> Conversation:
    """The conversation after a skill has answered; ``memory`` None leaves the skill's as it is."""
    notes = conversation.memory if memory is None else {**conversation.memory, skill: dict(memory)}
    before = conversation.thread(skill)
    values = {**(before.values if before is not None else {}), **request.slots}
    latest = Thread(skill=skill, request=request, values=values, question=question)
    others = tuple(thread for thread in conversation.threads if thread.skill != skill)
    return replace(conversation, threads=(latest, *others), memory=notes, doubt=None, last_turn_at=now)


def conversation_from_dict(raw: Mapping[str, Any]) -> Conversation:
    """Read what ``to_dict`` wrote.

    Raises:
        RecordError: It is not a conversation.
    """
    try:
        at = raw["last_turn_at"]
        return Conversation(
            threads=tuple(_thread_from_dict(thread) for thread in raw["threads"]),
            memory={str(name): dict(notes) for name, notes in raw["memory"].items()},
            doubt=doubt_from_dict(raw["doubt"]) if raw.get("doubt") else None,
            last_turn_at=datetime.fromisoformat(at) if at else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"a stored conversation cannot be read: {error}") from error


def _thread_from_dict(raw: Mapping[str, Any]) -> Thread:
    return Thread(
        skill=str(raw["skill"]),
        request=PastRequest(**raw["request"]),
        values=dict(raw["values"]),
        question=OpenQuestion(**raw["question"]) if raw["question"] else None,
    )
