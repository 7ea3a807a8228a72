"""What the shipped skills say: every variant of every reply, filled in with several sets of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nearfield_edge.skills.loading import shipped_skills_folder
from nearfield_edge.skills.replies import load_replies, template_environment

_ROUNDS: Final = 60

_AT_A_TIME: Final = frozenset({"holder", "nobody"})
"""Replies that put an "at" before ``when``."""

_VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "day": ("today", "tomorrow", "on Monday", "on Saturday"),
    "directions": (
        "Take the lift to the second floor, and turn left at the kitchen.",
        "The toilets are at the end of the corridor, behind the stairs.",
        "Go past the reception desk, and it is the third door.",
    ),
    "drink": ("latte", "cappuccino", "iced mocha", "drip coffee", "americano"),
    "end": ("3 PM", "5:30 PM", "noon", "a quarter past four", "10:45 AM", "half past six", "7 PM"),
    "first": ({"room": "the library", "at": "4 PM"}, {"room": "the atrium", "at": "9:15 AM"}, None),
    "free": (["the atrium"], ["the library", "the blue room"], []),
    "free_at": ("half past two", "", "5 PM"),
    "from_time": ("9 AM", "half past eight", "10 AM"),
    "holder": ("Maria Lopez", "the design team", "somebody", "John Smith", "the people from accounting"),
    "holders": (["Ada from nine to ten"], ["Grace at noon", "the sales team from two to four"], []),
    "hours": (["from nine to ten"], ["until noon", "from three to five"]),
    "is_now": (True, False),
    "items": (["small", "medium", "large"], ["whole milk", "soy milk", "cream"], ["americano", "mocha"]),
    "later": ("nine in the evening", "half past three in the afternoon"),
    "longest": ("four hours", "ninety minutes", "an hour and a half"),
    "more": (0, 3),
    "most": (20, 12),
    "network": ("Guests", "Visitors upstairs", "Coffee house"),
    "order": (
        "one large latte with oat milk",
        "two espressos and a small cappuccino",
        "one medium roast coffee with cream and brown sugar",
        "a small mocha",
    ),
    "others": (["the atrium"], [], ["the library", "the blue room"]),
    "partly": ([], ["the boardroom until three"]),
    "password": ("sunflower", "orange kettle"),
    "person": ("Maria Lopez", "Mister Tanaka", "Ada from the second floor", "John", "Grace Hopper"),
    "place": ("the canteen", "the bicycle store", "the roof garden of the other building"),
    "room": ("the atrium", "the blue room", "the boardroom", "the library", "the large meeting room"),
    "sizes": (["small", "medium", "large"], ["twelve ounce", "sixteen ounce"]),
    "sooner": ("nine in the morning", "half past three in the night"),
    "spans": (["nine to five"], ["eight to noon", "one to six"]),
    "spelled": ("s u n f l o w e r", "o r a n g e"),
    "start": ("2 PM", "9:30 AM", "noon", "a quarter to eleven", "half past one", "8 AM"),
    "total": ("three pounds and ten pence", "six pounds forty", "twelve pounds"),
    "until": ("4 PM", "a quarter past eleven", "five", "", "half past three", "ten to six", "noon"),
    "when": ("at 2 PM", "tomorrow morning", "on Friday from three to four", "now", "on Monday at noon"),
}


def spoken_replies() -> tuple[str, ...]:
    """Different texts that the shipped skills can say, in a fixed order; some hundreds."""
    return tuple(dict.fromkeys(_rendered()))


def _rendered() -> Iterator[str]:
    environment = template_environment()
    for folder in sorted(path for path in shipped_skills_folder().iterdir() if path.is_dir()):
        if not (folder / "replies.yaml").is_file():
            continue
        replies = load_replies(folder / "replies.yaml", folder.name, environment)
        for turn in range(_ROUNDS):
            values = {name: each[turn % len(each)] for name, each in _VALUES.items()}
            for name in sorted(replies.names):
                told = {**values, "when": values["start"]} if name in _AT_A_TIME else values
                yield replies.render(name, told, key=f"turn {turn}")
