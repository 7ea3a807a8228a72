"""Twenty made-up skills of an office that fill a grammar: what an order must not be taken for.

They share the order's carrier phrases ("I'd like …", "can I have …", "get me …") and some of its words, as
skills of one house do. Lists are products of words, so that entries are alike in their parts, as names are.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nearfield_models.grammar import SentenceSource

ENTRIES: Final = 3_000

_FIRST = """anna boris carla david elena frank greta henry irene james karen louis maria nadia oscar paula
quentin rosa samuel teresa victor wendy yusuf zoe""".split()  # noqa: SIM905
_LAST = """adams baker carter dixon evans foster graham hughes jensen keller lawson miller norton parker
quinn roberts sanders turner vargas walker young abbott bishop chapman doyle ellis fisher gordon hayes
ingram jarvis kemp lowe marsh nolan osborne pearce reid sharp tate underwood webb""".split()  # noqa: SIM905
_COLOURS = "amber black blue brown crimson golden green grey pink purple red silver white yellow".split()  # noqa: SIM905
_PLACES = """bay beach bridge corner field forest garden harbour hill island lake meadow mountain river
road shore square station street tower valley village""".split()  # noqa: SIM905
_MOODS = """broken distant early empty endless gentle hidden lonely lost quiet restless sleepless strange
summer sweet tender wild winter""".split()  # noqa: SIM905
_THINGS = "dance day dream heart light love morning night rain road song story summer train".split()  # noqa: SIM905
_DISHES = "curry lasagne noodles omelette pie pizza risotto salad sandwich soup stew tart".split()  # noqa: SIM905
_TASTES = "bean beef cheese chicken egg fish lamb lentil mushroom onion pepper potato tomato tuna".split()  # noqa: SIM905
_NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_WANT = "(I'd like|I want|can I (have|get)|get me|give me|could I have)"

_SKILLS: Final[Mapping[str, tuple[str, tuple[Sequence[str], Sequence[str]], tuple[str, ...]]]] = {
    "people": ("person", (_FIRST, _LAST), ("(call|ring) {person}", f"{_WANT} the number of {{person}}")),
    "music": ("song", (_MOODS, _THINGS), ("play {song}", f"{_WANT} to hear {{song}}")),
    "lunch": ("dish", (_TASTES, _DISHES), (f"{_WANT} [a|the|some] {{dish}}", "order [a] {dish} for lunch")),
    "places": ("place", (_COLOURS, _PLACES), ("(how do I get|the way) to {place}", "where is {place}")),
    "lamps": ("lamp", (_COLOURS, ("lamp", "light", "spot", "strip")), ("turn (on|off) the {lamp}",)),
    "meeting_rooms": ("room", (_PLACES, ("room", "lounge", "hall")), ("book {room} [for {count} people]",)),
    "parcels": ("locker", (_COLOURS, ("locker", "box", "shelf")), ("(open|unlock) the {locker}",)),
    "taxis": ("stop", (_MOODS, _PLACES), (f"{_WANT} a (taxi|cab) to {{stop}}",)),
    "films": ("film", (_COLOURS, _THINGS), ("(show|start) {film}", f"{_WANT} to watch {{film}}")),
    "printers": ("printer", (_COLOURS, ("printer", "copier")), ("print {count} times on {printer}",)),
    "desks": ("desk", (("desk", "seat", "table"), _NUMBERS), (f"{_WANT} {{desk}}", "reserve {desk} for me")),
    "badges": ("badge", (("badge", "card", "pass"), _NUMBERS), ("(block|activate) {badge}",)),
    "doors": ("door", (("gate", "door", "entrance"), _NUMBERS), ("(open|close|lock) {door}",)),
    "blinds": ("blind", (("blind", "curtain", "window"), _NUMBERS), ("(raise|lower) {blind}",)),
    "fans": ("fan", (("fan", "heater", "vent"), _NUMBERS), ("set {fan} to {count}",)),
    "snacks": ("snack", (_TASTES, ("crisps", "chips", "bar")), (f"{_WANT} [{{count}}] {{snack}}",)),
    "timers": ("timer", (_TASTES, ("timer", "alarm", "reminder")), ("set the {timer} to {count} minutes",)),
    "radio": ("station", (("radio", "channel", "station"), _PLACES), ("play {station}",)),
    "plants": ("plant", (_COLOURS, ("fern", "rose", "lily", "orchid", "tulip")), ("water the {plant}",)),
    "news": ("paper", (("daily", "weekly", "morning", "evening"), _PLACES), ("read [me] [the] {paper}",)),
}  # fmt: skip


def many_skills(seed: int = 0) -> list[SentenceSource]:
    """The sentences of the twenty, with ``ENTRIES`` list entries in all.

    Args:
        seed: Of which entries are left out of the longest lists to come to that number.
    """
    entries = {
        skill: [" ".join(words) for words in itertools.product(*parts)]
        for skill, (_, parts, _) in _SKILLS.items()
    }
    generator = random.Random(seed)  # noqa: S311 - an example, not a secret
    while (surplus := sum(map(len, entries.values())) - ENTRIES) > 0:
        longest = max(entries.values(), key=len)
        for _ in range(min(surplus, 1 + len(longest) // 20)):
            longest.pop(generator.randrange(len(longest)))
    return [
        SentenceSource(skill=skill, templates=_templates(name, sentences, entries[skill]))
        for skill, (name, _, sentences) in _SKILLS.items()
    ]


def _templates(name: str, sentences: Sequence[str], entries: Sequence[str]) -> dict[str, Any]:
    return {
        "language": "en",
        "intents": {f"use_{name}": {"data": [{"sentences": list(sentences)}]}},
        "lists": {
            name: {"values": list(entries)},
            "count": {"range": {"from": 1, "to": 60}},
        },
    }
