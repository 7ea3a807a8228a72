"""Cues that a sentence is about something else than a question asks, and where in it answers may stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from importlib import resources
from typing import Final

from nearfield_cloud.composing.asked import AnswerKind
from nearfield_cloud.composing.words import Word, listed, stem_of

_PREFIXES: Final = ("un", "in", "im", "il", "ir", "dis", "non", "anti", "mis", "de")
_SHORTEST_ROOT: Final = 3
_MONTHS: Final = listed(
    "january february march april may june july august september october november december"
)
_TIMES: Final = listed("century decade today yesterday tomorrow monday tuesday wednesday thursday friday "
                          "saturday sunday noon midnight morning evening")  # fmt: skip
_YEAR: Final = re.compile(r"(?:1[0-9]{3}|20[0-9]{2})s?|\d{1,2}:\d{2}")
CAUSES: Final = listed(
    "because since due cause caused causes result resulted reason therefore thus order led leads so owing"
)


def has_opposite(stem: str, stems: Set[str]) -> bool:
    """Whether the stems hold one that contradicts ``stem``, as "last" does "first"."""
    if not opposites().get(stem, frozenset()).isdisjoint(stems):
        return True
    if len(stem) > _SHORTEST_ROOT and any(prefix + stem in stems for prefix in _PREFIXES):
        return True
    return any(
        stem.startswith(prefix) and len(stem) > len(prefix) + _SHORTEST_ROOT and stem[len(prefix) :] in stems
        for prefix in _PREFIXES
    )


@lru_cache(maxsize=1)
def opposites() -> Mapping[str, frozenset[str]]:
    """By stem, the stems that contradict it."""
    found: dict[str, set[str]] = {}
    text = resources.files("nearfield_cloud.composing").joinpath("opposites.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        one, other = map(stem_of, line.split())
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {stem: frozenset(others) for stem, others in found.items()}


def possible_answers(kind: AnswerKind, words: Sequence[Word], asked: Set[str]) -> list[int]:
    """Where in a sentence words stand that could answer: of the kind, and not in the question already."""
    return [at for at, word in enumerate(words) if word.stem not in asked and _fits(kind, word)]


def _fits(kind: AnswerKind, word: Word) -> bool:
    match kind:
        case "number":
            return word.number
        case "date":
            return bool(_YEAR.fullmatch(word.lower)) or word.lower in _MONTHS or word.lower in _TIMES
        case "person" | "place":
            return word.capital and not word.number
        case "reason":
            return word.lower in CAUSES
        case _:
            return not word.little
