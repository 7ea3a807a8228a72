"""What a question asks for: the kind of answer, the words that matter, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from nearfield_cloud.composing.words import NEGATIONS, Word, words_of

AnswerKind = Literal[
    "number", "date", "person", "place", "reason", "way", "yes or no", "definition", "list", "thing"
]
KINDS: Final[tuple[AnswerKind, ...]] = (
    "number", "date", "person", "place", "reason", "way", "yes or no", "definition", "list", "thing",
)  # fmt: skip
LONGEST_QUESTION: Final = 1_000
"""Characters that are looked at."""

_PATTERNS: Final[tuple[tuple[AnswerKind, re.Pattern[str]], ...]] = (
    (
        "number",
        re.compile(
            r"\bhow (many|much|long|old|far|often|tall|large|big|high|deep|fast|wide|late)\b"
            r"|\b(what|which) (percent|percentage|number|population|amount|age|share|price|size)\b"
            r"|\bwhat (is|was|are|were) the (number|population|percentage|price|size|cost|age)\b"
        ),
    ),
    (
        "date",
        re.compile(r"\bwhen\b|\b(what|which) (years?|dates?|century|decade|day|month|time|period|era)\b"),
    ),
    ("person", re.compile(r"\b(who|whom|whose)\b|\b(what|which) (person|individual|man|woman|people)\b")),
    (
        "place",
        re.compile(
            r"\bwhere\b|\b(what|which) (country|countries|city|cities|state|place|region|continent|location|"
            r"area|town|district|river|province|room|floor)\b"
        ),
    ),
    ("reason", re.compile(r"\bwhy\b|\bwhat (caused|led|reason)|\bfor what reason\b")),
    ("list", re.compile(r"\b(what|which) (two|three|four|five|are the|were the|things|kinds|types)\b")),
    ("way", re.compile(r"\bhow\b")),
    (
        "yes or no",
        re.compile(r"^(is|are|was|were|do|does|did|can|could|has|have|had|will|should|would|may)\b"),
    ),
    ("definition", re.compile(r"^what (is|are|was|were) (an? |the )?[\w\s-]{1,40}\?*$|\bmean\b")),
)
_ASKING: Final = frozenset({"what", "which", "who", "whom", "whose", "when", "where", "why", "how"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, analysed."""

    text: str
    words: tuple[Word, ...]
    content: tuple[Word, ...]
    """Those that say something, in their order."""
    stems: frozenset[str]
    """Of the content."""
    kind: AnswerKind
    focus: Word | None
    """What the answer is one of: ``year`` in "which year …"."""
    negated: bool


def analysed(question: str) -> Asked:
    """Analyse a question; what is beyond `LONGEST_QUESTION` characters is not looked at."""
    text = " ".join(question[:LONGEST_QUESTION].split())
    words = words_of(text)
    content = tuple(word for word in words if not word.little and word.lower not in _ASKING)
    lower = text.lower()
    return Asked(
        text=text,
        words=words,
        content=content,
        stems=frozenset(word.stem for word in content),
        kind=next((kind for kind, pattern in _PATTERNS if pattern.search(lower)), "thing"),
        focus=_focus(words),
        negated=any(word.lower in NEGATIONS for word in words),
    )


def _focus(words: Sequence[Word]) -> Word | None:
    for at, word in enumerate(words):
        if word.lower in ("what", "which"):
            return _run_end(words, at + 1)
        if word.lower == "how" and at + 2 < len(words) and words[at + 1].lower in ("many", "much"):
            return words[at + 2]
    return None


def _run_end(words: Sequence[Word], start: int) -> Word | None:
    """The last of the words in a row that say something."""
    found = None
    for word in words[start:]:
        if word.little:
            break
        found = word
    return found
