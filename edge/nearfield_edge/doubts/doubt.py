"""What the device asked because it was not sure: a part of the conversation, one turn old at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from nearfield_sync.messages.turn_record import Json, Understanding

ASKED: Final = "asked"
"""Key of the grammar's context: ``confirm`` or ``choice`` while the question is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What may have been meant."""

    skill: str
    intent: str
    slots: Mapping[str, Json]
    words: str
    """What the question calls it: the words of the slot that is asked about, or the whole sentence."""

    def is_of(self, skill: str | None, intent: str | None, slots: Mapping[str, Json]) -> bool:
        """Whether something else means the same."""
        return (self.skill, self.intent, dict(self.slots)) == (skill, intent, dict(slots))


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An unsure understanding that was asked about."""

    meanings: tuple[Meaning, ...]
    """One was to be confirmed; of two, one was to be chosen."""
    denied: bool = False
    """Whether the person said that it was none of them. The question is then over, and what it asked about is
    remembered for a turn so as not to be asked about again."""

    @property
    def asked(self) -> str | None:
        """What the device waits for: ``confirm``, ``choice`` or, where it waits no longer, None."""
        if self.denied:
            return None
        return "confirm" if len(self.meanings) == 1 else "choice"

    def was_about(self, understanding: Understanding) -> bool:
        """Whether an understanding is one of the meanings."""
        return any(
            meaning.is_of(understanding.skill, understanding.intent, understanding.slots)
            for meaning in self.meanings
        )

    def over(self) -> Doubt:
        """The same, denied."""
        return replace(self, denied=True)


def doubt_from_dict(raw: Mapping[str, Any]) -> Doubt:
    """Read what ``dataclasses.asdict`` made of a doubt.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    meanings = tuple(
        Meaning(
            skill=str(entry["skill"]),
            intent=str(entry["intent"]),
            slots=dict(entry["slots"]),
            words=str(entry["words"]),
        )
        for entry in raw["meanings"]
    )
    if not 1 <= len(meanings) <= 2:
        raise ValueError(f"a doubt about {len(meanings)} meanings")
    return Doubt(meanings=meanings, denied=bool(raw["denied"]))
