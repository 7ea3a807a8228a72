"""Whether there is something to ask about an understanding that is not sure, and what; a pure function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nearfield_edge.doubts.doubt import Doubt
from nearfield_sync.messages.turn_record import Alternative, Understanding

CLOSE: Final = 3.0
"""Nats. What ranks further behind the best was heard with odds of less than one to twenty: to offer it as one
of two would put words into the person's mouth, so only the best is asked about."""
GUESSED: Final = frozenset({"sound", "paraphrase"})
"""Sources of what is no sentence. What was heard beside it ranks behind other readings, not behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What to ask."""

    candidates: tuple[Alternative, ...]
    """One to be confirmed, two to be chosen from, or none where nothing can be asked but to say it again."""
    slot: str | None
    """The one in which two candidates differ."""
    reason: str
    """For the record; names no values."""


def inquiry_about(understanding: Understanding, before: Doubt | None) -> Inquiry:
    """Say what to ask about an unsure understanding.

    Args:
        understanding: With the alternatives that were heard, before them the sentence that means a guess.
        before: What was asked in the turn before.
    """
    if before is not None and before.asked is not None:
        return _nothing("a question is open already, and nothing is asked about twice")
    if before is not None and before.was_about(understanding):
        return _nothing("it was denied in the turn before")
    alternatives = understanding.alternatives
    if not alternatives or not _is(understanding, alternatives[0]):
        return _nothing("no sentence was heard, and none says just that")
    best, *others = alternatives
    if understanding.source in GUESSED:
        return Inquiry(candidates=(best,), slot=None, reason="it is a guess, and there is a sentence for it")
    slot = only_difference(best, others[0]) if others else None
    if slot is None:
        reason = "the next is not another value of one slot" if others else "no other meaning was heard"
        return Inquiry(candidates=(best,), slot=None, reason=reason)
    behind = others[0].behind
    if behind > CLOSE:
        reason = f"the next differs in {slot}, but ranks {behind:.1f} nats behind"
        return Inquiry(candidates=(best,), slot=None, reason=reason)
    reason = f"two differ in {slot} alone, {behind:.1f} nats apart"
    return Inquiry(candidates=(best, others[0]), slot=slot, reason=reason)


def only_difference(one: Alternative, other: Alternative) -> str | None:
    """The one slot in which two meanings differ, each with words of its own for it; or None."""
    if (one.skill, one.intent) != (other.skill, other.intent) or one.slots.keys() != other.slots.keys():
        return None
    different = [name for name, value in one.slots.items() if other.slots[name] != value]
    if len(different) != 1:
        return None
    words = {each.words.get(different[0], "").casefold() for each in (one, other)}
    return different[0] if len(words) == 2 and "" not in words else None


def _is(understanding: Understanding, alternative: Alternative) -> bool:
    return (understanding.skill, understanding.intent, understanding.slots) == (
        alternative.skill,
        alternative.intent,
        alternative.slots,
    )


def _nothing(reason: str) -> Inquiry:
    return Inquiry(candidates=(), slot=None, reason=reason)
