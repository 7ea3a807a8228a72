"""What the device offers to do, or is asked to have confirmed: it waits for a yes or a no.

An offer takes the place of a doubt in the conversation, so that it is answered by the same sentences and is
forgotten as soon as something else is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from nearfield_edge.doubts.doubt import Doubt, Meaning
from nearfield_sync.messages.turn_record import Understanding

OWN: Final = "nearfield"
"""Stands for a skill's id where the device itself is spoken to."""
OFFERED: Final = "offered"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
LATER: Final = "later"
CONFIRMATION: Final = "confirmation"

Kind = Literal["later", "confirmation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that happens if the person says yes."""

    kind: Kind
    """``later``: a question is asked when there is a link; ``confirmation``: the cloud goes on."""
    reference: str
    """Which question, or which call of a tool."""


def doubt_about(offer: Offer) -> Doubt:
    """The offer as what the conversation waits for."""
    slots = {"kind": offer.kind, "reference": offer.reference}
    return Doubt(meanings=(Meaning(skill=OWN, intent=OFFERED, slots=slots, words=""),))


def decided(doubt: Doubt, *, accepted: bool, confidence: float) -> Understanding | None:
    """What a yes or a no means to an offer; None where the doubt is about something else."""
    meaning = doubt.meanings[0]
    if (meaning.skill, meaning.intent) != (OWN, OFFERED):
        return None
    return Understanding(
        intent=ACCEPTED if accepted else DECLINED,
        skill=OWN,
        slots=dict(meaning.slots),
        confidence=confidence,
        source="clarified",
    )


def offer_in(understanding: Understanding) -> Offer | None:
    """The offer that was accepted or declined; None where none was."""
    if understanding.skill != OWN or understanding.intent not in (ACCEPTED, DECLINED):
        return None
    kind, reference = understanding.slots.get("kind"), understanding.slots.get("reference")
    if kind not in (LATER, CONFIRMATION) or not isinstance(reference, str):
        return None
    return Offer(kind="later" if kind == LATER else "confirmation", reference=reference)
