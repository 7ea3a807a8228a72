"""What happens to a device in a long time: visits in a seeded order, each a few steps, with silence between.

A visit is a list of plain steps; who plays them knows the device. The same seed and the same sounds give the
same visits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tools.bench.exchange_script import Exchange

MEAN_SILENCE_SECONDS: Final = 45.0
LONGEST_SILENCE_SECONDS: Final = 600.0
_SNRS_DB: Final = (6.0, 12.0, 18.0)


class When(Enum):
    """What a sound waits for."""

    NOW = "now"
    FREE = "free"
    """Until nobody is listened to or answered, whatever the device asks."""
    ASKED = "asked"
    """Until the device listens for an answer; where it asks nothing, until it is free, and then a wake word
    comes first."""
    SPEAKING = "speaking"
    """Until the device has begun to speak; where it says nothing, until it is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """A recording without the silence around it, or the first part of it."""

    file: str
    """In the folder of recordings."""
    when: When = When.NOW
    share: float = 1.0
    snr_db: float | None = None
    """Of kitchen noise in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """A line spoken by the voice."""

    text: str
    when: When


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A typed request."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """The microphone is muted, or opened again."""

    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nobody says anything."""

    seconds: float


Step = Hear | Say | Type | Mute | Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A few steps that belong together, and the silence after them."""

    kind: str
    steps: tuple[Step, ...]
    then_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sounds:
    """The names of what can be heard."""

    wake: Sequence[str]
    orders: Sequence[str]
    talk: Sequence[str]
    """Other speech and noise, which the device is not meant by."""
    exchanges: Sequence[Exchange]


def visits(seed: int, sounds: Sounds) -> Iterator[Visit]:
    """Visits without end; each kind comes once before any comes again."""
    chance = random.Random(seed)  # noqa: S311 (a script's dice, no secret)
    while True:
        kinds = [*KINDS]
        chance.shuffle(kinds)
        for kind in kinds:
            silence = min(chance.expovariate(1 / MEAN_SILENCE_SECONDS), LONGEST_SILENCE_SECONDS)
            yield Visit(kind=kind, steps=tuple(KINDS[kind](chance, sounds)), then_seconds=silence)


def _woken(chance: random.Random, sounds: Sounds, when: When = When.FREE) -> list[Step]:
    return [Hear(file=chance.choice(sounds.wake), when=when), Quiet(seconds=chance.uniform(0.1, 0.5))]


def _order(chance: random.Random, sounds: Sounds, snr_db: float | None = None) -> list[Step]:
    return [*_woken(chance, sounds), Hear(file=chance.choice(sounds.orders), snr_db=snr_db)]


def _ordered(chance: random.Random, sounds: Sounds) -> list[Step]:
    """An order, which is corrected, and a yes."""
    changed = chance.choice(("Make it large.", "Make it small.", "With soy milk.", "Make it two."))
    return [
        *_order(chance, sounds),
        Say(text=changed, when=When.ASKED),
        Say(text="Yes please.", when=When.ASKED),
    ]


def _noisy(chance: random.Random, sounds: Sounds) -> list[Step]:
    return [
        *_order(chance, sounds, chance.choice(_SNRS_DB)),
        Say(text=chance.choice(("Yes.", "No.")), when=When.ASKED),
    ]


def _exchange(chance: random.Random, sounds: Sounds) -> list[Step]:
    first, *others = chance.choice(sounds.exchanges).turns
    spoken = [Say(text=turn.says, when=When.ASKED) for turn in others]
    return [*_woken(chance, sounds), Say(text=first.says, when=When.NOW), *spoken]


def _asked(chance: random.Random, sounds: Sounds) -> list[Step]:
    question = chance.choice(
        ("What is the Wi-Fi password?", "Where are the toilets?", "Is this room free?", "Are you open now?")
    )
    return [*_woken(chance, sounds), Say(text=question, when=When.NOW)]


def _interrupted(chance: random.Random, sounds: Sounds) -> list[Step]:
    """An order; over the reply a wake word and another one."""
    return [
        *_order(chance, sounds),
        Quiet(seconds=chance.uniform(1.0, 2.2)),  # sooner than 1.5 s it is the same turn that goes on
        *_woken(chance, sounds, When.SPEAKING),
        Hear(file=chance.choice(sounds.orders)),
        Say(text="Cancel my order.", when=When.ASKED),
    ]


def _hesitated(chance: random.Random, sounds: Sounds) -> list[Step]:
    """The beginning of an order, a silence, and the whole of another one."""
    return [
        *_woken(chance, sounds),
        Hear(file=chance.choice(sounds.orders), share=chance.uniform(0.4, 0.7)),
        Quiet(seconds=chance.uniform(0.2, 1.2)),
        Hear(file=chance.choice(sounds.orders)),
    ]


def _typed(chance: random.Random, sounds: Sounds) -> list[Step]:
    """Two typed texts, the second over the reply to the first."""
    turns = [turn.says for exchange in chance.sample([*sounds.exchanges], 2) for turn in exchange.turns[:1]]
    return [Type(text=turns[0]), Quiet(seconds=chance.uniform(0.1, 3.0)), Type(text=turns[1])]


def _muted(chance: random.Random, sounds: Sounds) -> list[Step]:
    """Muted in the middle of an order; what is said then is heard by nobody."""
    return [
        *_woken(chance, sounds),
        Hear(file=chance.choice(sounds.orders), share=chance.uniform(0.4, 0.7)),
        Mute(muted=True),
        *_woken(chance, sounds, When.NOW),
        Hear(file=chance.choice(sounds.orders)),
        Mute(muted=False),
    ]


def _bystanders(chance: random.Random, sounds: Sounds) -> list[Step]:
    return [Hear(file=chance.choice(sounds.talk), when=When.FREE)]


def _talked_over(chance: random.Random, sounds: Sounds) -> list[Step]:
    """A wake word, and then other people talk."""
    return [*_woken(chance, sounds), Hear(file=chance.choice(sounds.talk))]


def _called_for_nothing(chance: random.Random, sounds: Sounds) -> list[Step]:
    return _woken(chance, sounds)


KINDS: Final[dict[str, Callable[[random.Random, Sounds], list[Step]]]] = {
    "ordered": _ordered,
    "noisy": _noisy,
    "exchange": _exchange,
    "asked": _asked,
    "interrupted": _interrupted,
    "hesitated": _hesitated,
    "typed": _typed,
    "muted": _muted,
    "bystanders": _bystanders,
    "talked_over": _talked_over,
    "called_for_nothing": _called_for_nothing,
}
